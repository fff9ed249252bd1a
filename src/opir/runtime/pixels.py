"""Where the network's input comes from: windows of a picture, padded to the stride, converted as they are needed.

Neither the padding nor the conversion to float32 makes a copy of the whole picture: a photograph of 24 megapixels
would take 288 MB each.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from opir.imaging import Photo, to_network
from opir.imaging.padding import padding_of
from opir.runtime.engine import Float32
from opir.runtime.tiling import Window


class Pixels(Protocol):
    """A picture as the network sees it."""

    @property
    def height(self) -> int:
        """Rows, padding included, a multiple of the stride [px]."""
        ...

    @property
    def width(self) -> int:
        """Columns, padding included, a multiple of the stride [px]."""
        ...

    def cut(self, window: Window) -> Float32:
        """Return a window as a contiguous batch of one, (1, 3, h, w), float32, encoded RGB, nominally in [0, 1]."""
        ...


class PaddedPixels(ABC):
    """A picture of any size, padded as :func:`opir.imaging.pad_to_multiple` does."""

    def __init__(self, height: int, width: int, stride: int) -> None:
        self._rows, self._columns = padded_index(height, stride), padded_index(width, stride)

    @property
    def height(self) -> int:
        """Rows, padding included [px]."""
        return len(self._rows)

    @property
    def width(self) -> int:
        """Columns, padding included [px]."""
        return len(self._columns)

    @abstractmethod
    def cut(self, window: Window) -> Float32:
        """Return a window; see :class:`Pixels`."""


class SeenPixels(ABC):
    """A picture that is seen through something, window by window; as large as the picture."""

    def __init__(self, pixels: Pixels) -> None:
        self._pixels = pixels

    @property
    def height(self) -> int:
        """Rows, padding included [px]."""
        return self._pixels.height

    @property
    def width(self) -> int:
        """Columns, padding included [px]."""
        return self._pixels.width

    @abstractmethod
    def cut(self, window: Window) -> Float32:
        """Return a window; see :class:`Pixels`."""


class ArrayPixels(PaddedPixels):
    """An array (3, H, W), float32."""

    def __init__(self, image: Float32, stride: int) -> None:
        super().__init__(image.shape[1], image.shape[2], stride)
        self._image = image

    def cut(self, window: Window) -> Float32:
        """Return a window; see :class:`Pixels`."""
        if window.bottom <= self._image.shape[1] and window.right <= self._image.shape[2]:
            return np.ascontiguousarray(self._image[(..., *window.slices)])[None]
        rows, columns = window.slices
        return np.ascontiguousarray(self._image[:, self._rows[rows, None], self._columns[columns]])[None]


class PhotoPixels(PaddedPixels):
    """The pixels of a photograph, converted window by window by :func:`opir.imaging.to_network`."""

    def __init__(self, photo: Photo, stride: int) -> None:
        super().__init__(photo.height, photo.width, stride)
        self._codes = photo.pixels

    def cut(self, window: Window) -> Float32:
        """Return a window; see :class:`Pixels`."""
        rows, columns = window.slices
        return to_network(Photo(pixels=self._codes[self._rows[rows, None], self._columns[columns]]))[None]


def padded_index(size: int, stride: int) -> NDArray[np.intp]:
    """Return which row (or column) of the picture each row of the padded picture shows."""
    missing = padding_of(size, stride)
    mirrored = missing < size  # where no mirror image exists, the last row is repeated
    return np.pad(np.arange(size), (0, missing), mode="reflect" if mirrored else "edge")

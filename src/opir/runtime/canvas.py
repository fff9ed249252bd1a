"""The restored photograph as it is put together from tiles, in the depth of the original."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from opir.imaging import Photo, from_network, to_network
from opir.runtime.blend import blend, trust
from opir.runtime.engine import Float32
from opir.runtime.settings import RestoreSettings
from opir.runtime.tiling import Window

GREY_LEVELS = 255.0


class Canvas:
    """Takes tiles of the network's result; holds the picture they make and its expected error.

    Nothing of the size of the picture is in floating point but the expected error, 4 bytes per pixel.
    """

    def __init__(self, photo: Photo, settings: RestoreSettings) -> None:
        self._photo = photo
        self._strength, self._limit = settings.strength, settings.max_uncertainty
        self._pixels = photo.pixels if self._strength == 0.0 else np.empty_like(photo.pixels)
        self._kept = 0.0
        self.uncertainty: Float32 = np.empty((photo.height, photo.width), np.float32)
        """(H, W), expected absolute error [grey levels of 255]."""

    @property
    def photo(self) -> Photo:
        """Return the picture."""
        return replace(self._photo, pixels=self._pixels)

    @property
    def share_withheld(self) -> float:
        """Return how much of the correction the limit on the expected error withheld, 0 to 1."""
        return 0.0 if self._limit is None else 1.0 - self._kept / self.uncertainty.size

    def deliver(self, window: Window, restored: Float32, expected_error: Float32) -> None:
        """Enter a window of the padded picture.

        Args:
            window: where.
            restored: (3, h, w), not clipped.
            expected_error: (h, w), in units of the image.
        """
        part = window.grown(0, self._photo.height, self._photo.width)
        restored = np.clip(restored[:, : part.height, : part.width], 0.0, 1.0)
        uncertainty = GREY_LEVELS * expected_error[: part.height, : part.width]
        self.uncertainty[part.slices] = uncertainty
        weight = None if self._limit is None else trust(uncertainty, self._limit)
        if weight is not None:
            self._kept += float(weight.sum(dtype=np.float64))
        if self._strength > 0.0:
            original = Photo(pixels=self._photo.pixels[part.slices])
            values = blend(to_network(original), restored, strength=self._strength, weight=weight)
            self._pixels[part.slices] = from_network(values, original).pixels

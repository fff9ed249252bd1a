"""A decoded picture: what is left of a file once it has been read, and all that is needed to write it again.

Conventions: rows first, channels last, encoded values exactly as in the file. Nothing here knows the network;
:mod:`opir.imaging.arrays` is the way to it and back.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from opir.errors import ShapeError

Samples: TypeAlias = NDArray[np.uint8]
"""The sample types that a picture may have; 16-bit and floating-point samples will widen this alias."""

SAMPLE_DTYPES: tuple[np.dtype[np.uint8], ...] = (np.dtype(np.uint8),)
"""The run-time twin of :data:`Samples`."""


@dataclass(frozen=True, kw_only=True)
class Metadata:
    """What travels with the pixels; every field is None when the file does not carry it."""

    icc_profile: bytes | None = None
    """The embedded colour profile, byte for byte."""
    exif: bytes | None = None
    """The EXIF block from its TIFF header on (``II*\\0`` or ``MM\\0*``, no ``Exif\\0\\0`` in front); its
    orientation is 1, because the pixels have been turned, and its thumbnail is unlinked, because it would
    show the picture before restoration."""
    xmp: bytes | None = None
    """The XMP packet, UTF-8; ``tiff:Orientation`` is 1 where it occurs."""
    dpi: tuple[float, float] | None = None
    """Horizontal and vertical resolution in dots per inch, of the turned picture."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Photo:
    """One upright picture.

    Raises:
        ShapeError: if the arrays have another shape or dtype, or hold no pixel.
    """

    pixels: Samples
    """(H, W, C) with C = 1 (gray) or 3 (RGB): encoded values in the file's own RGB profile (sRGB if it has
    none), 0 to 255, orientation applied."""
    alpha: Samples | None = None
    """(H, W), same dtype as ``pixels``, not premultiplied: 0 is transparent; None for an opaque picture."""
    metadata: Metadata = field(default_factory=Metadata)
    """What travels with the pixels."""
    source_format: str | None = None
    """"PNG", "JPEG", "WEBP", "TIFF", "BMP" or "PPM"; None for arrays."""
    source_is_lossy: bool = False
    """Whether the file was compressed with loss (JPEG, lossy WebP, JPEG inside TIFF)."""

    def __post_init__(self) -> None:
        pixels, alpha = self.pixels, self.alpha
        if pixels.dtype not in SAMPLE_DTYPES:
            raise ShapeError(f"pixels must be uint8, 0 to 255; got {pixels.dtype}")
        if pixels.ndim != 3 or pixels.shape[2] not in (1, 3) or pixels.size == 0:
            raise ShapeError(f"pixels must be (H, W, 1) or (H, W, 3) with H, W >= 1; got {pixels.shape}")
        if alpha is not None and (alpha.shape != pixels.shape[:2] or alpha.dtype != pixels.dtype):
            raise ShapeError(
                f"alpha must be {pixels.shape[:2]} {pixels.dtype} to match the pixels; got {alpha.shape} {alpha.dtype}"
            )

    @property
    def height(self) -> int:
        """Number of rows."""
        return int(self.pixels.shape[0])

    @property
    def width(self) -> int:
        """Number of columns."""
        return int(self.pixels.shape[1])

    @property
    def is_gray(self) -> bool:
        """Whether the picture has a single channel."""
        return bool(self.pixels.shape[2] == 1)

    @property
    def is_transparent(self) -> bool:
        """Whether any pixel is not fully opaque: an alpha channel of 255 only can be left out without loss."""
        return self.alpha is not None and bool(self.alpha.min() < np.iinfo(self.alpha.dtype).max)

"""A decoded picture: what is left of a file once it has been read, and all that is needed to write it again.

Conventions: rows first, channels last, encoded values exactly as in the file. Nothing here knows the network;
:mod:`opir.imaging.arrays` is the way to it and back.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from opir.errors import ShapeError

SampleType: TypeAlias = np.uint8 | np.uint16 | np.float32
"""Types of a picture's samples."""

Samples: TypeAlias = NDArray[SampleType]
"""Samples of a picture: 0 to 255, 0 to 65,535 or 0.0 to 1.0."""

SAMPLE_DTYPES: Final[tuple[np.dtype[SampleType], ...]] = (
    np.dtype(np.uint8),
    np.dtype(np.uint16),
    np.dtype(np.float32),
)
"""The run-time twin of :data:`Samples`."""

Subsampling: TypeAlias = Literal["4:4:4", "4:2:2", "4:2:0"]
"""How much coarser than its brightness the colours of a JPEG are stored."""


def largest_value(samples: Samples) -> float:
    """The value of white: 255, 65,535 or 1."""
    return {1: 255.0, 2: 65_535.0}.get(samples.dtype.itemsize, 1.0)


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
    xmp_extension: bytes | None = None
    """JPEG only: the segments that continue an XMP packet beyond 64 KiB, as they are (XMP, part 3, section 1.1.3.1)."""
    iptc: bytes | None = None
    """The IPTC records (IIM 4.2) as press agencies use them: data sets that start with 0x1C."""
    dpi: tuple[float, float] | None = None
    """Horizontal and vertical resolution in dots per inch, of the turned picture."""
    png_colours: bytes | None = None
    """PNG only: the chunks that say what its colours mean; see :mod:`opir.imaging.png_colours`."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Photo:
    """One upright picture.

    Raises:
        ShapeError: if the arrays have another shape or dtype, or hold no pixel.
    """

    pixels: Samples
    """(H, W, C) with C = 1 (gray) or 3 (RGB): encoded values in the file's own RGB profile (sRGB if it has
    none), uint8, uint16 or float32 in [0, 1], orientation applied."""
    alpha: Samples | None = None
    """(H, W), same dtype as ``pixels``, not premultiplied: 0 is transparent; None for an opaque picture."""
    metadata: Metadata = field(default_factory=Metadata)
    """What travels with the pixels."""
    source_format: str | None = None
    """One of :data:`opir.imaging.FORMATS` or :data:`opir.imaging.formats.READ_ONLY_FORMATS`; None for arrays."""
    source_is_lossy: bool = False
    """Whether the file was compressed with loss (JPEG, lossy WebP, AVIF, HEIC, JPEG inside TIFF)."""
    source_quality: int | None = None
    """JPEG only: the quality, 1 to 100, whose quantisation tables are the file's or nearest to them."""
    source_subsampling: Subsampling | None = None
    """JPEG only: how coarsely its colours are stored."""
    notes: tuple[str, ...] = ()
    """What reading had to change, in sentences: a conversion from printing inks, say."""

    def __post_init__(self) -> None:
        pixels, alpha = self.pixels, self.alpha
        if pixels.dtype not in SAMPLE_DTYPES:
            raise ShapeError(f"pixels must be uint8, uint16 or float32 in [0, 1]; got {pixels.dtype}")
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
    def size(self) -> tuple[int, int]:
        """Width and height [px]."""
        return self.width, self.height

    @property
    def is_gray(self) -> bool:
        """Whether the picture has a single channel."""
        return bool(self.pixels.shape[2] == 1)

    @property
    def is_transparent(self) -> bool:
        """Whether any pixel is not fully opaque: an alpha channel of nothing but its largest value can go."""
        return self.alpha is not None and bool(self.alpha.min() < largest_value(self.alpha))

    @property
    def bits(self) -> Literal[8, 16, 32]:
        """Bits per sample; 32 for floating-point samples."""
        return _BITS[self.pixels.dtype.itemsize]


_BITS: dict[int, Literal[8, 16, 32]] = {1: 8, 2: 16, 4: 32}

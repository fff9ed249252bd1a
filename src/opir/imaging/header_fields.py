"""What a file's header tells about it, whatever the format."""

from __future__ import annotations

from dataclasses import dataclass

from opir.imaging.formats import SourceName
from opir.imaging.orientation import UPRIGHT


@dataclass(frozen=True, kw_only=True)
class Header:
    """What the first bytes of a file tell about it."""

    format: SourceName
    """The file format."""
    size: tuple[int, int] | None = None
    """(width, height) in pixels as stored, before the orientation is applied."""
    bits: int | None = None
    """Bits per sample, the largest if they differ."""
    is_lossy: bool = False
    """Whether the pixels were compressed with loss."""
    is_animated: bool = False
    """Whether the header announces several frames."""
    orientation: int = UPRIGHT
    """TIFF only: the orientation tag; the other formats state it in their EXIF block."""

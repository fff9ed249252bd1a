"""Read the headers of a TIFF file: one per page, with all that decides how its samples are to be decoded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO, Final

from opir.errors import UnreadableImageError, UnsupportedImageError
from opir.imaging.exif import ORIENTATION
from opir.imaging.header_fields import Header
from opir.imaging.ifd import BrokenDirectoryError, Directory, TiffReader
from opir.imaging.orientation import valid_orientation

MAX_PAGES: Final = 10_000
"""Directories beyond which a file is not believed."""

MAX_PIECES: Final = 4_000_000
"""Strips and tiles of all pages beyond which a file is not believed: 300 megapixels in tiles of 16 x 16 have 1.2."""

GRAY_FROM_WHITE: Final = 0
"""Photometric interpretation of gray samples of which 0 is white."""

_WIDTH, _LENGTH, _BITS_PER_SAMPLE, _COMPRESSION, _PHOTOMETRIC, _STRIP_OFFSETS = 256, 257, 258, 259, 262, 273
_SAMPLES_PER_PIXEL, _PLANAR, _TILE_WIDTH, _TILE_LENGTH, _TILE_OFFSETS = 277, 284, 322, 323, 324
_SUBFILE_TYPE, _PREDICTOR, _EXTRA_SAMPLES, _SAMPLE_FORMAT, _DEPTH = 254, 317, 338, 339, 32997
_DNG_VERSION = 50706
_LOSSY_COMPRESSIONS = (6, 7, 34892, 50001, 50002)  # JPEG old and new, lossy DNG, WebP, JPEG XL
_RAW_PHOTOMETRICS = (32803, 34892)  # colour filter array, linear raw
_REDUCED, _MASK = 1, 4


@dataclass(frozen=True, kw_only=True)
class TiffPage(Header):
    """The header of one page."""

    index: int
    """Its number in the file's chain of directories, from 0."""
    offset: int
    """Where its directory lies."""
    n_samples: int
    """Samples per pixel."""
    is_float: bool
    """Whether they are floating-point numbers."""
    photometric: int
    """What they mean: 0 and 1 gray, 2 RGB, 5 inks, 6 YCbCr, 8 Lab."""
    compression: int
    """1 for none."""
    predictor: int
    """1 for none, 2 for differences, 3 for those of floating-point numbers."""
    is_planar: bool
    """Whether each channel is stored by itself."""
    alpha: int
    """0 for none, 1 for premultiplied, 2 for not premultiplied."""
    tile_pixels: int
    """Pixels of one tile, 0 for strips."""


def read_tiff(stream: BinaryIO) -> Header:
    """Read the header of the first page; that of a camera's raw file says so and no more.

    Raises:
        UnreadableImageError: if there is no sound directory.
        UnsupportedImageError: if the samples are of a kind that is not handled.
    """
    try:
        reader = TiffReader(stream)
        main = reader.directory(reader.first)
        if _is_raw(reader, main):
            return Header(format="RAW")
    except BrokenDirectoryError as error:
        raise _broken(error) from error
    return read_pages(stream)[0]


def read_pages(stream: BinaryIO) -> tuple[TiffPage, ...]:
    """Read the headers of all pages; small versions of a page and masks are no pages of their own.

    Raises:
        UnreadableImageError: if there is no sound directory, or one leads back to an earlier one.
        UnsupportedImageError: if the samples of a page are of a kind that is not handled.
    """
    pages: list[TiffPage] = []
    try:
        reader, seen = TiffReader(stream), set[int]()
        length, offset, n_pieces = stream.seek(0, 2), reader.first, 0
        while offset:
            if offset in seen or len(seen) >= MAX_PAGES:
                raise UnreadableImageError("the TIFF file is damaged: its directories have no end")
            directory = reader.directory(offset)
            n_pieces += sum(entry.count for entry in directory.entries if entry.tag in (_STRIP_OFFSETS, _TILE_OFFSETS))
            if n_pieces > MAX_PIECES:
                raise UnreadableImageError(f"the TIFF file is damaged: it claims {n_pieces} strips and tiles")
            kind = _first(reader, directory, _SUBFILE_TYPE)
            if not seen or not kind & (_REDUCED | _MASK):
                pages.append(_page(reader, directory, index=len(seen), offset=offset, length=length))
            seen.add(offset)
            offset = directory.next_directory
    except BrokenDirectoryError as error:
        raise _broken(error) from error
    return tuple(pages)


def _broken(error: BrokenDirectoryError) -> UnreadableImageError:
    return UnreadableImageError(f"the TIFF file is damaged or cut off: {error}")


def _is_raw(reader: TiffReader, main: Directory) -> bool:
    """Tell a camera's raw file, whose first directory often is a preview that must not be taken for the photo."""
    return (
        main.find(_DNG_VERSION) is not None
        or _first(reader, main, _PHOTOMETRIC) in _RAW_PHOTOMETRICS
        or bool(_first(reader, main, _SUBFILE_TYPE) & _REDUCED)
    )


def _page(reader: TiffReader, directory: Directory, *, index: int, offset: int, length: int) -> TiffPage:
    def first(tag: int, default: int = 0) -> int:
        return _first(reader, directory, tag, default)

    where = _values(reader, directory, _STRIP_OFFSETS) + _values(reader, directory, _TILE_OFFSETS)
    if max(where, default=0) >= length:
        raise UnreadableImageError("the TIFF file is cut off: it points to pixels behind its end")
    if first(_DEPTH, 1) > 1:
        raise UnsupportedImageError("the TIFF file holds a volume; save its layers as pages or single pictures")
    width, height = first(_WIDTH), first(_LENGTH)
    formats = set(_values(reader, directory, _SAMPLE_FORMAT)) or {1}
    bits = _values(reader, directory, _BITS_PER_SAMPLE) or (1,)
    page = TiffPage(
        format="TIFF",
        size=(width, height) if width and height else None,
        bits=max(bits),
        is_lossy=first(_COMPRESSION, 1) in _LOSSY_COMPRESSIONS,
        orientation=valid_orientation(first(ORIENTATION)),
        index=index,
        offset=offset,
        n_samples=first(_SAMPLES_PER_PIXEL, 1),
        is_float=formats == {3},
        photometric=first(_PHOTOMETRIC, 1),
        compression=first(_COMPRESSION, 1),
        predictor=first(_PREDICTOR, 1),
        is_planar=first(_PLANAR, 1) == 2,
        alpha=first(_EXTRA_SAMPLES),
        tile_pixels=first(_TILE_WIDTH) * first(_TILE_LENGTH),
    )
    _check_samples(page, formats, bits, _values(reader, directory, _EXTRA_SAMPLES))
    return page


def _check_samples(page: TiffPage, formats: set[int], bits: tuple[int, ...], extra: tuple[int, ...]) -> None:
    """Refuse what would be shown wrongly: signed or complex samples, masks, depths that are not handled."""
    if not page.is_float and formats - {1, 4}:  # unsigned, undefined
        raise UnsupportedImageError(
            "TIFF samples must be unsigned integers of up to 16 bits or floating-point numbers of up to 32; these are "
            "signed or complex: convert it first"
        )
    if page.is_float and (page.bits not in (16, 32) or len(set(bits)) > 1):
        raise UnsupportedImageError(f"has floating-point samples of {page.bits} bits; save it with 32 or 16 bits")
    if not page.is_float and page.bits is not None and page.bits > 8 and (page.bits != 16 or len(set(bits)) > 1):
        raise UnsupportedImageError(f"has {page.bits} bits per channel; save it with 8 or 16 bits")
    if len(extra) > 1 or any(kind not in (1, 2) for kind in extra):
        raise UnsupportedImageError(
            "the TIFF file holds an extra channel that is not transparency (a mask or a selection); "
            "remove it and save again"
        )


def _values(reader: TiffReader, directory: Directory, tag: int) -> tuple[int, ...]:
    return reader.integers(directory.find(tag))


def _first(reader: TiffReader, directory: Directory, tag: int, default: int = 0) -> int:
    return next(iter(_values(reader, directory, tag)), default)

"""The file formats that are read and written, and the check of an output path before any work is done."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, TypeAlias

from opir.errors import OutputError

FormatName: TypeAlias = Literal["PNG", "JPEG", "WEBP", "TIFF", "BMP", "PPM", "AVIF"]
"""Names of the formats that are read and written, as Pillow spells them."""

ReadOnlyName: TypeAlias = Literal["GIF", "HEIC", "JXL", "RAW"]
"""Names of the formats that are read but not written."""

SourceName: TypeAlias = FormatName | ReadOnlyName
"""Names of all formats that are read."""

Several: TypeAlias = Literal["animation", "pages"]
"""What several pictures in one file are."""


@dataclass(frozen=True, kw_only=True)
class FileFormat:
    """What one file format can hold."""

    name: FormatName
    """Name of the format, as Pillow spells it."""
    suffixes: tuple[str, ...]
    """Lower-case suffixes with their dot; the first one is the usual one."""
    media_type: str
    """Media type for HTTP."""
    keeps_alpha: bool
    """Whether a transparency channel can be stored."""
    max_side: int
    """Largest width or height in pixels."""
    max_bits: Literal[8, 16, 32] = 8
    """Largest number of bits per sample; 32 for floating-point samples. Deeper pictures are rounded."""
    several: Several | None = None
    """What several pictures in one file may be; None for one picture only."""


FORMATS: dict[FormatName, FileFormat] = {
    "PNG": FileFormat(
        name="PNG",
        suffixes=(".png", ".apng"),
        media_type="image/png",
        keeps_alpha=True,
        max_side=2**31 - 1,
        max_bits=16,
        several="animation",
    ),
    "JPEG": FileFormat(
        name="JPEG",
        suffixes=(".jpg", ".jpeg", ".jpe", ".jfif"),
        media_type="image/jpeg",
        keeps_alpha=False,
        max_side=65_500,  # libjpeg's limit; the format's own is 65,535
    ),
    "WEBP": FileFormat(
        name="WEBP",
        suffixes=(".webp",),
        media_type="image/webp",
        keeps_alpha=True,
        max_side=16_383,
        several="animation",
    ),
    "TIFF": FileFormat(
        name="TIFF",
        suffixes=(".tif", ".tiff"),
        media_type="image/tiff",
        keeps_alpha=True,
        max_side=2**31 - 1,
        max_bits=32,
        several="pages",
    ),
    "BMP": FileFormat(name="BMP", suffixes=(".bmp",), media_type="image/bmp", keeps_alpha=False, max_side=2**31 - 1),
    # The magic number inside, not the suffix, tells gray (P5) from colour (P6).
    "PPM": FileFormat(
        name="PPM",
        suffixes=(".ppm", ".pgm", ".pnm"),
        media_type="image/x-portable-anymap",
        keeps_alpha=False,
        max_side=2**31 - 1,
        max_bits=16,
    ),
    "AVIF": FileFormat(name="AVIF", suffixes=(".avif",), media_type="image/avif", keeps_alpha=True, max_side=32_768),
}
"""Every format that is written, by name."""

READ_ONLY_FORMATS: Final[dict[ReadOnlyName, tuple[str, ...]]] = {
    "GIF": (".gif",),
    "HEIC": (".heic", ".heif", ".hif"),
    "JXL": (".jxl",),
    "RAW": (".dng", ".cr2", ".cr3", ".nef", ".arw", ".orf", ".rw2", ".raf", ".pef", ".srw"),
}
"""The formats that are read but not written, with the suffixes of their files."""

_BY_SUFFIX: dict[str, FileFormat] = {suffix: kind for kind in FORMATS.values() for suffix in kind.suffixes}

READABLE_SUFFIXES: frozenset[str] = frozenset(_BY_SUFFIX) | {
    suffix for suffixes in READ_ONLY_FORMATS.values() for suffix in suffixes
}
"""Suffixes of files worth opening when a folder is walked; when a file is read its content decides."""


_INSTEAD: dict[ReadOnlyName, str] = {
    "GIF": "its 256 colours cannot hold the result; write .png or .webp, which hold animations too",
    "HEIC": "write .jpg, .avif or .png",
    "JXL": "write .png, .webp or .avif",
    "RAW": "write .tif or .png, which hold the 16 bits of the developed photo",
}


def format_named(name: str) -> FileFormat:
    """Look up a format by its name, in either case ("png", "JPEG").

    Raises:
        OutputError: if the name is unknown.
    """
    for kind in FORMATS.values():
        if kind.name == name.upper():
            return kind
    raise OutputError(f"the format must be one of {', '.join(FORMATS)}; got {name!r}")


def format_of_path(path: Path) -> FileFormat:
    """Look up the format that a path's suffix asks for.

    Raises:
        OutputError: if the suffix is missing or unknown.
    """
    kind = _BY_SUFFIX.get(path.suffix.lower())
    if kind is None:
        for name, suffixes in READ_ONLY_FORMATS.items():
            if path.suffix.lower() in suffixes:
                raise OutputError(f"{path}: {name} files are read but not written: {_INSTEAD[name]}")
        found = f"the suffix {path.suffix!r}" if path.suffix else "no suffix"
        raise OutputError(f"{path}: the output must end in one of {', '.join(_BY_SUFFIX)}; it has {found}")
    return kind


def check_content(kind: FileFormat, *, transparent: bool, size: tuple[int, int] | None) -> None:
    """Raise :class:`OutputError` if the format cannot hold the transparency or the (width, height)."""
    if transparent and not kind.keeps_alpha:
        raise OutputError(
            f"{kind.name} cannot store transparency and the picture is transparent in places: "
            "write PNG, WebP or TIFF instead"
        )
    if size is not None and max(size) > kind.max_side:
        raise OutputError(
            f"{kind.name} holds at most {kind.max_side} pixels a side and the picture has "
            f"{size[0]} × {size[1]}: write PNG or TIFF instead"
        )


def check_output_path(path: Path, *, transparent: bool = False, size: tuple[int, int] | None = None) -> FileFormat:
    """Check that a picture can be written to a path, before the work of restoring it is done.

    Args:
        path: where the picture is to be written; the suffix chooses the format.
        transparent: whether some pixel is not opaque (:attr:`opir.imaging.Photo.is_transparent`).
        size: (width, height) in pixels where it is known already.

    Returns:
        The format that the suffix stands for.

    Raises:
        OutputError: if the suffix is unknown, the format cannot hold the picture, the path is a folder, or
            its folder is missing or not writable.
    """
    kind = format_of_path(path)
    try:
        check_content(kind, transparent=transparent, size=size)
    except OutputError as error:
        raise OutputError(f"{path}: {error}") from None
    try:
        is_folder, has_folder = path.is_dir(), path.parent.is_dir()
    except (OSError, ValueError) as error:
        raise OutputError(f"{path}: not a usable path ({error})") from error
    if is_folder:
        raise OutputError(f"{path}: is a folder; name a file in it")
    if not has_folder:
        raise OutputError(f"{path}: the folder {path.parent} does not exist; create it first")
    if not os.access(path.parent, os.W_OK):
        raise OutputError(f"{path}: no permission to write in the folder {path.parent}")
    return kind

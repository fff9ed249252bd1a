"""The file formats that are read and written, and the check of an output path before any work is done."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from opir.errors import OutputError

FormatName: TypeAlias = Literal["PNG", "JPEG", "WEBP", "TIFF", "BMP", "PPM"]
"""Names of the formats, as Pillow spells them."""


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


FORMATS: dict[FormatName, FileFormat] = {
    "PNG": FileFormat(name="PNG", suffixes=(".png",), media_type="image/png", keeps_alpha=True, max_side=2**31 - 1),
    "JPEG": FileFormat(
        name="JPEG",
        suffixes=(".jpg", ".jpeg", ".jpe", ".jfif"),
        media_type="image/jpeg",
        keeps_alpha=False,
        max_side=65_500,  # libjpeg's limit; the format's own is 65,535
    ),
    "WEBP": FileFormat(name="WEBP", suffixes=(".webp",), media_type="image/webp", keeps_alpha=True, max_side=16_383),
    "TIFF": FileFormat(
        name="TIFF", suffixes=(".tif", ".tiff"), media_type="image/tiff", keeps_alpha=True, max_side=2**31 - 1
    ),
    "BMP": FileFormat(name="BMP", suffixes=(".bmp",), media_type="image/bmp", keeps_alpha=False, max_side=2**31 - 1),
    # The magic number inside, not the suffix, tells gray (P5) from colour (P6).
    "PPM": FileFormat(
        name="PPM",
        suffixes=(".ppm", ".pgm", ".pnm"),
        media_type="image/x-portable-anymap",
        keeps_alpha=False,
        max_side=2**31 - 1,
    ),
}
"""Every format by name."""

_BY_SUFFIX: dict[str, FileFormat] = {suffix: kind for kind in FORMATS.values() for suffix in kind.suffixes}

READABLE_SUFFIXES: frozenset[str] = frozenset(_BY_SUFFIX)
"""Suffixes of files worth opening when a folder is walked; when a file is read its content decides."""


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

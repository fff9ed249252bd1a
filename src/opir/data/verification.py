"""Headers of all files of a set: do they open, and do the two sizes of a pair agree."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from PIL import Image

from opir.data.pairs import ImageSet, cropped_border
from opir.data.problems import Problem
from opir.imaging.pillow_guard import strict_decoding

_ORIENTATION = 0x0112
_SIDEWAYS = (5, 6, 7, 8)

Size = tuple[int, int]
"""(width, height) in pixels, orientation applied."""


def header_size(path: Path) -> Size | str:
    """Size from the file's header, without decoding; or the reason why there is none."""
    try:
        with Image.open(path) as image:
            width, height = image.size
            # Pillow has already turned the size of a TIFF; of other formats only the EXIF block tells.
            tagged = image.format != "TIFF" and "exif" in image.info
            sideways = tagged and image.getexif().get(_ORIENTATION) in _SIDEWAYS
    except (OSError, SyntaxError, ValueError) as error:
        return str(error) or type(error).__name__
    return (height, width) if sideways else (width, height)


def header_sizes(paths: Iterable[Path]) -> dict[Path, Size | str]:
    """:func:`header_size` of many different files, by path."""
    files = list(paths)
    with strict_decoding(), ThreadPoolExecutor(max_workers=4) as pool:
        return dict(zip(files, pool.map(header_size, files), strict=True))


def verify_files(image_set: ImageSet) -> list[Problem]:
    """Files that cannot be opened and pairs whose sizes differ, in the order of the set."""
    sizes = header_sizes(image_set.files)
    problems = [
        Problem(kind="unreadable", path=path, detail=size) for path, size in sizes.items() if isinstance(size, str)
    ]
    for pair in image_set.pairs:
        degraded, clean = sizes[pair.degraded], sizes[pair.clean]
        if isinstance(degraded, str) or isinstance(clean, str):
            continue
        border = cropped_border(clean, pair, degraded)
        if (clean[0] - 2 * border, clean[1] - 2 * border) != degraded:
            detail = f"{degraded[0]}x{degraded[1]}, but {pair.clean.name} is {clean[0]}x{clean[1]}"
            problems.append(Problem(kind="sizes differ", path=pair.degraded, detail=detail))
    return problems

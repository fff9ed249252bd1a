"""What a picture shows, in a few bytes: an exact hash, a perceptual hash, a thumbnail to confirm it.

Two files are *identical* if their decoded pixels are, whatever the file format. They are *alike* if their
64-bit difference hashes (dHash: is each of 8x8 cells of the luma brighter than its left neighbour?) differ in
at most :data:`MAX_DISTANCE` bits and their 16x16 thumbnails correlate: resized, recompressed, slightly changed
copies. Flipped, turned or strongly cropped copies are not found.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import combinations, product
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from opir.imaging import Photo, eight_bit_colours

MAX_DISTANCE = 4
"""Differing bits of 64 up to which two pictures may be alike."""

MIN_CORRELATION = 0.98
"""Correlation of the two thumbnails from which on they are."""

_GRID = 8
_THUMBNAIL = 16
_N_BANDS = MAX_DISTANCE + 1


@dataclass(frozen=True, kw_only=True, eq=False)
class Fingerprint:
    """Content of one file."""

    path: Path
    """The file."""
    pixels_hash: str
    """BLAKE2b, 128 bits, of size and decoded pixels; a gray picture counts as RGB of three equal channels."""
    dhash: int
    """64 bits."""
    thumbnail: NDArray[np.float32]
    """(256,), luma with zero mean and unit norm; all zero for a flat picture."""


def fingerprint(photo: Photo, path: Path) -> Fingerprint:
    """Hash the content of a picture, encoded values (H, W, C), C = 1 or 3."""
    rgb = np.ascontiguousarray(as_rgb(photo))
    digest = blake2b(repr((rgb.shape, rgb.dtype.str)).encode(), digest_size=16)
    digest.update(rgb.data)
    luma = Image.fromarray(rgb).convert("L")
    return Fingerprint(
        path=path, pixels_hash=digest.hexdigest(), dhash=difference_hash(luma), thumbnail=_thumbnail(luma)
    )


def as_rgb(photo: Photo) -> NDArray[np.uint8]:
    """Encoded values (H, W, 3), rounded to 8 bits if there are more; a gray channel is repeated."""
    return eight_bit_colours(photo)


def difference_hash(luma: Image.Image) -> int:
    """Difference hash of a gray picture: 64 bits, row by row, 1 where a cell is brighter than its left neighbour."""
    cells = np.asarray(luma.resize((_GRID + 1, _GRID), Image.Resampling.BOX), dtype=np.int16)
    return int.from_bytes(np.packbits(np.diff(cells, axis=1) > 0).tobytes(), "big")


def _thumbnail(luma: Image.Image) -> NDArray[np.float32]:
    small = luma.resize((_THUMBNAIL, _THUMBNAIL), Image.Resampling.BOX)
    values = np.array(small, dtype=np.float32).ravel()
    values -= values.mean()
    norm = float(np.linalg.norm(values))
    return values if norm == 0 else (values / norm).astype(np.float32)


def are_alike(one: Fingerprint, other: Fingerprint) -> bool:
    """Whether two pictures show the same, up to resizing, recompression and small changes of tone."""
    return _are_near(one, other) and float(one.thumbnail @ other.thumbnail) >= MIN_CORRELATION


def identical_groups(fingerprints: Iterable[Fingerprint]) -> list[tuple[Fingerprint, ...]]:
    """Groups of two or more files with the same pixels, in the order of their first file."""
    groups: dict[str, list[Fingerprint]] = defaultdict(list)
    for item in fingerprints:
        groups[item.pixels_hash].append(item)
    return [tuple(group) for group in groups.values() if len(group) > 1]


def alike_pairs(fingerprints: Sequence[Fingerprint]) -> list[tuple[Fingerprint, Fingerprint]]:
    """Pairs of files that are alike but not identical."""
    near = {
        pair
        for band in range(_N_BANDS)
        for members in _buckets(fingerprints, band).values()
        for pair in combinations(members, 2)
        if _are_near(fingerprints[pair[0]], fingerprints[pair[1]])
    }
    pairs = [(fingerprints[i], fingerprints[j]) for i, j in sorted(near)]
    return [pair for pair in pairs if pair[0].pixels_hash != pair[1].pixels_hash and are_alike(*pair)]


def overlap(
    ours: Sequence[Fingerprint], theirs: Sequence[Fingerprint]
) -> tuple[list[tuple[Fingerprint, Fingerprint]], list[tuple[Fingerprint, Fingerprint]]]:
    """(identical, alike) pairs of one file of ``ours`` and one of ``theirs``.

    A file of ours that is identical to one of theirs is not reported as alike to others.
    """
    by_hash: dict[str, Fingerprint] = {}
    for item in theirs:
        by_hash.setdefault(item.pixels_hash, item)
    identical = [(item, by_hash[item.pixels_hash]) for item in ours if item.pixels_hash in by_hash]
    rest = [item for item in ours if item.pixels_hash not in by_hash]
    near = set()
    for band in range(_N_BANDS):
        left, right = _buckets(rest, band), _buckets(theirs, band)
        near |= {
            pair
            for bits in left.keys() & right.keys()
            for pair in product(left[bits], right[bits])
            if _are_near(rest[pair[0]], theirs[pair[1]])
        }
    pairs = [(rest[i], theirs[j]) for i, j in sorted(near)]
    return identical, [pair for pair in pairs if are_alike(*pair)]


def _are_near(one: Fingerprint, other: Fingerprint) -> bool:
    return (one.dhash ^ other.dhash).bit_count() <= MAX_DISTANCE


def _buckets(fingerprints: Sequence[Fingerprint], band: int) -> dict[int, list[int]]:
    """Indices by one of five bands of the hash.

    Two hashes that differ in at most four bits agree in at least one band: nothing is lost, and only pictures
    of one bucket are compared.
    """
    start, stop = (64 * edge // _N_BANDS for edge in (band, band + 1))
    mask = (1 << (stop - start)) - 1
    buckets: dict[int, list[int]] = defaultdict(list)
    for index, item in enumerate(fingerprints):
        buckets[item.dhash >> start & mask].append(index)
    return buckets

"""Which pictures count as the same, which as alike, and which never."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from opir.data.content import (
    MAX_DISTANCE,
    Fingerprint,
    alike_pairs,
    are_alike,
    difference_hash,
    fingerprint,
    identical_groups,
    overlap,
)
from opir.imaging import read_photo


def _scene(seed: int, size: tuple[int, int] = (96, 64)) -> Image.Image:
    """A smooth random picture: 6x5 random colours, enlarged."""
    colours = np.random.default_rng(seed).integers(0, 256, (5, 6, 3), dtype=np.uint8)
    return Image.fromarray(colours).resize(size, Image.Resampling.BICUBIC)


def _print(image: Image.Image, name: str = "a.png") -> Fingerprint:
    return fingerprint(read_photo(np.asarray(image)), Path(name))


def _recompressed(image: Image.Image, quality: int) -> Image.Image:
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=quality)
    return Image.open(stream)


def test_the_hash_of_a_ramp_is_all_ones_and_of_its_mirror_all_zeros() -> None:
    ramp = np.tile(np.arange(0, 252, 7, dtype=np.uint8), (8, 1))
    assert difference_hash(Image.fromarray(ramp)) == 2**64 - 1
    assert difference_hash(Image.fromarray(np.ascontiguousarray(ramp[:, ::-1]))) == 0


def test_the_first_bit_is_the_upper_left_cell() -> None:
    cells = np.full((8, 9), 100, dtype=np.uint8)
    cells[0, 1:] = 200
    assert difference_hash(Image.fromarray(cells)) == 1 << 63


def test_the_format_does_not_matter_but_every_pixel_does(tmp_path: Path) -> None:
    image = _scene(1)
    for name in ("a.png", "a.bmp", "a.tif"):
        image.save(tmp_path / name)
    hashes = {
        fingerprint(read_photo(tmp_path / name), tmp_path / name).pixels_hash for name in ("a.png", "a.bmp", "a.tif")
    }
    changed = np.array(image)
    changed[3, 4, 1] ^= 1
    assert len(hashes) == 1
    assert _print(Image.fromarray(changed)).pixels_hash not in hashes


def test_gray_equals_its_rgb_form_and_shape_matters() -> None:
    gray = _scene(2).convert("L")
    assert _print(gray).pixels_hash == _print(gray.convert("RGB")).pixels_hash
    flat = np.zeros((4, 6, 3), dtype=np.uint8)
    assert _print(Image.fromarray(flat)).pixels_hash != _print(Image.fromarray(flat.reshape(6, 4, 3))).pixels_hash


@pytest.mark.parametrize("seed", range(5))
def test_copies_are_alike_and_other_pictures_are_not(seed: int) -> None:
    image = _scene(seed)
    original = _print(image)
    assert are_alike(original, _print(_recompressed(image, 30)))
    assert are_alike(original, _print(image.resize((48, 32))))
    assert are_alike(original, _print(image.point(lambda value: value * 0.8)))
    assert not are_alike(original, _print(_scene(seed + 100)))
    assert not are_alike(original, _print(image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)))


def test_two_different_flat_pictures_are_not_alike() -> None:
    black, white = (_print(Image.new("RGB", (16, 16), value)) for value in ("black", "white"))
    assert black.dhash == white.dhash
    assert not are_alike(black, white)


def test_identical_files_are_grouped_and_not_reported_as_alike() -> None:
    one, two, other = _print(_scene(1), "1"), _print(_scene(1), "2"), _print(_scene(5), "3")
    assert [[item.path.name for item in group] for group in identical_groups([one, other, two])] == [["1", "2"]]
    assert alike_pairs([one, two, other]) == []


def test_overlap_tells_identical_from_alike() -> None:
    ours = [_print(_scene(seed), f"ours{seed}") for seed in range(4)]
    theirs = [
        _print(_scene(2), "same"),
        _print(_recompressed(_scene(3), 60), "copy"),
        _print(_scene(77), "other"),
    ]
    identical, alike = overlap(ours, theirs)
    assert [(one.path.name, other.path.name) for one, other in identical] == [("ours2", "same")]
    assert [(one.path.name, other.path.name) for one, other in alike] == [("ours3", "copy")]


def test_no_pair_within_the_distance_is_missed() -> None:
    rng = np.random.default_rng(0)
    thumbnail: NDArray[np.float32] = _print(_scene(1)).thumbnail
    template = replace(_print(_scene(1)), thumbnail=thumbnail)
    prints = []
    for index in range(60):
        base = int(rng.integers(0, 2**63))
        bits = rng.choice(64, size=MAX_DISTANCE + index % 2, replace=False)
        changed = base
        for bit in bits:
            changed ^= 1 << int(bit)
        prints += [
            replace(template, path=Path(f"{index}a"), dhash=base, pixels_hash=f"{index}a"),
            replace(template, path=Path(f"{index}b"), dhash=changed, pixels_hash=f"{index}b"),
        ]
    found = {(one.path.name, other.path.name) for one, other in alike_pairs(prints)}
    assert found == {(f"{index}a", f"{index}b") for index in range(0, 60, 2)}
    assert {(one.path.name, other.path.name) for one, other in overlap(prints[::2], prints[1::2])[1]} == found

"""Chance at the border: any change of any file, any metadata, any size and depth."""

from __future__ import annotations

import functools
import struct

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hostile.feeding import outcome_of
from hostile.seeds import SEEDS, exif, profile, saved
from opir.imaging import Metadata, Photo, encode_photo, read_photo

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")
# The same examples every time: chance belongs into the long run, not into whether a change can be merged.
fuzzed = settings(deadline=None, max_examples=50, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
fuzzed_for_long = settings(fuzzed, max_examples=4000, derandomize=False)

LOSSLESS = ("PNG", "TIFF", "WEBP", "BMP", "PPM")
ACCEPTED = {"decoded", "refused"}


@functools.cache
def built(index: int) -> bytes:
    return SEEDS[index].build()


def spoilt(data: bytes, changes: list[tuple[float, bytes, int]]) -> bytes:
    """Replace, at these shares of the length, so many bytes by others."""
    for share, new, n_old in changes:
        start = int(share * len(data))
        data = data[:start] + new + data[start + n_old :]
    return data


shares = st.floats(0, 1, allow_nan=False) | st.floats(0, 0.05)
changes = st.lists(st.tuples(shares, st.binary(max_size=12), st.integers(0, 40)), min_size=1, max_size=6)


@fuzzed
@given(index=st.integers(0, len(SEEDS) - 1), changes=changes)
def test_any_change_of_any_file(index: int, changes: list[tuple[float, bytes, int]]) -> None:
    result = outcome_of(spoilt(built(index), changes))
    assert result["outcome"] in ACCEPTED, result


@pytest.mark.slow
@fuzzed_for_long
@given(index=st.integers(0, len(SEEDS) - 1), changes=changes)
def test_many_changes_of_any_file(index: int, changes: list[tuple[float, bytes, int]]) -> None:
    result = outcome_of(spoilt(built(index), changes))
    assert result["outcome"] in ACCEPTED, result


@fuzzed
@given(head=st.sampled_from([built(i)[:24] for i in range(len(SEEDS))]), tail=st.binary(max_size=400))
def test_any_bytes_behind_a_sound_beginning(head: bytes, tail: bytes) -> None:
    result = outcome_of(head + tail)
    assert result["outcome"] in ACCEPTED, result


def blobs(sound: bytes) -> st.SearchStrategy[bytes]:
    """Nothing, anything, or something sound with a few bytes changed."""
    return st.one_of(st.binary(max_size=300), changes.map(functools.partial(spoilt, sound)))


@fuzzed
@given(block=blobs(exif()))
def test_no_exif_block_fails_a_jpeg(block: bytes) -> None:
    data = saved("RGB", "JPEG")
    segment = b"Exif\0\0" + block.removeprefix(b"Exif\0\0")
    photo = read_photo(data[:2] + b"\xff\xe1" + struct.pack(">H", 2 + len(segment)) + segment + data[2:])
    assert sorted((photo.width, photo.height)) == [36, 52]  # a sound orientation may turn it


@fuzzed
@given(
    exif_block=st.none() | blobs(exif().removeprefix(b"Exif\0\0")),
    icc_profile=st.none() | blobs(profile()),
    xmp=st.none() | blobs(b"<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF/></x:xmpmeta>"),
    dpi=st.none() | st.tuples(st.floats(1e-3, 1e6), st.floats(1e-3, 1e6)),
    format=st.sampled_from(["PNG", "JPEG", "WEBP", "TIFF", "BMP", "PPM"]),
)
def test_no_metadata_fail_the_writing_of_a_picture(
    exif_block: bytes | None,
    icc_profile: bytes | None,
    xmp: bytes | None,
    dpi: tuple[float, float] | None,
    format: str,
) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (9, 14, 3), np.uint8)
    metadata = Metadata(exif=exif_block, icc_profile=icc_profile, xmp=xmp, dpi=dpi)
    data = encode_photo(Photo(pixels=pixels, metadata=metadata), format)
    again = read_photo(data).pixels
    if format != "JPEG":
        upright = again if again.shape == pixels.shape else np.rot90(again)
        assert np.array_equal(np.sort(upright.ravel()), np.sort(pixels.ravel()))
    assert again.shape[2] == 3


@fuzzed
@given(
    height=st.integers(1, 40),
    width=st.integers(1, 40),
    channels=st.sampled_from([1, 3]),
    has_alpha=st.booleans(),
    dtype=st.sampled_from([np.uint8, np.uint16, np.float32]),
    format=st.sampled_from(LOSSLESS),
    seed=st.integers(0, 99),
)
def test_any_size_mode_and_depth_comes_back(
    height: int, width: int, channels: int, has_alpha: bool, dtype: type, format: str, seed: int
) -> None:
    random = np.random.default_rng(seed)

    def samples(*shape: int) -> np.ndarray:
        if dtype is np.float32:
            return random.random(shape, np.float32)
        return random.integers(0, np.iinfo(dtype).max + 1, shape, dtype)

    alpha = samples(height, width) if has_alpha and format not in ("BMP", "PPM") else None
    photo = Photo(pixels=samples(height, width, channels), alpha=alpha)
    again = read_photo(encode_photo(photo, format))
    assert (again.height, again.width) == (height, width)
    largest = {np.dtype(np.uint8): 255, np.dtype(np.uint16): 65_535, np.dtype(np.float32): 1.0}
    before = photo.pixels.astype(float) / largest[photo.pixels.dtype]
    after = again.pixels.astype(float) / largest[again.pixels.dtype]
    # A format that holds less than the picture may round it, to 8 bits at worst.
    exact = again.pixels.dtype == photo.pixels.dtype
    np.testing.assert_allclose(after, np.broadcast_to(before, after.shape), atol=0 if exact else 0.51 / 255)
    if alpha is not None:
        assert again.alpha is not None
        np.testing.assert_allclose(
            again.alpha.astype(float) / largest[again.alpha.dtype],
            alpha.astype(float) / largest[alpha.dtype],
            atol=0 if exact else 0.51 / 255,
        )

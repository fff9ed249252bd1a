from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from opir.errors import NumericalError, ShapeError
from opir.imaging import Metadata, Photo, eight_bits, from_network, read_photo, to_network
from opir.imaging.arrays import sixteen_bits

EVERY_LEVEL = np.arange(256, dtype=np.uint8)


@settings(deadline=None)
@given(
    hnp.arrays(np.uint8, st.tuples(st.integers(1, 8), st.integers(1, 8), st.sampled_from([1, 3, 4]))),
)
def test_there_and_back_is_the_identity(samples):
    photo = read_photo(samples)
    image = to_network(photo)
    assert image.shape == (3, *samples.shape[:2])
    assert image.dtype == np.float32
    assert image.min() >= 0
    assert image.max() <= 1
    back = from_network(image, photo)
    np.testing.assert_array_equal(back.pixels, photo.pixels)
    assert back.alpha is photo.alpha


@pytest.mark.parametrize("n_channels", [1, 3])
def test_every_level_survives_and_has_its_value(n_channels):
    photo = read_photo(np.repeat(EVERY_LEVEL[None, :, None], n_channels, axis=2))
    image = to_network(photo)
    np.testing.assert_array_equal(image, np.broadcast_to(EVERY_LEVEL.astype(np.float32) / 255, (3, 1, 256)))
    assert image.flags.c_contiguous
    np.testing.assert_array_equal(from_network(image, photo).pixels, photo.pixels)


@pytest.mark.parametrize("n_channels", [1, 3])
def test_every_one_of_65536_levels_survives(n_channels):
    ramp = np.arange(65_536, dtype=np.uint16).reshape(256, 256, 1).repeat(n_channels, axis=2)
    photo = read_photo(ramp)
    np.testing.assert_array_equal(from_network(to_network(photo), photo).pixels, ramp)


@settings(deadline=None)
@given(hnp.arrays(np.float32, (5, 4, 1), elements=st.floats(0, 1, width=32)))
def test_floating_point_samples_survive_bit_by_bit(samples):
    for photo in (read_photo(samples), read_photo(samples.repeat(3, axis=2))):
        np.testing.assert_array_equal(from_network(to_network(photo), photo).pixels, photo.pixels)


def test_fewer_bits_are_the_nearest_levels():
    samples = np.array([[0, 128, 129, 257, 32_768, 65_406, 65_407, 65_535]], np.uint16)
    photo = eight_bits(Photo(pixels=samples[..., None], alpha=samples))
    assert photo.alpha.tolist() == [[0, 0, 1, 1, 128, 254, 255, 255]]
    np.testing.assert_array_equal(photo.pixels[..., 0], photo.alpha)
    as_float = Photo(pixels=np.array([[[0.0], [0.5], [1.0]]], np.float32))
    assert sixteen_bits(as_float).pixels.ravel().tolist() == [0, 32_768, 65_535]
    assert eight_bits(as_float).pixels.ravel().tolist() == [0, 128, 255]


def test_channels_come_first_in_rgb_order():
    image = to_network(read_photo(np.array([[[255, 51, 0]]], np.uint8)))
    np.testing.assert_allclose(image[:, 0, 0], [1, 0.2, 0])


def test_results_are_clipped_and_rounded_to_the_nearest_level():
    values = np.array([-3, -0.001, 0.4 / 255, 0.6 / 255, 254.4 / 255, 1.001, 7], np.float32)
    photo = Photo(pixels=np.zeros((1, 7, 3), np.uint8))
    restored = from_network(np.broadcast_to(values, (3, 1, 7)), photo)
    assert restored.pixels[0, :, 0].tolist() == [0, 0, 0, 1, 254, 255, 255]


def test_gray_gets_the_mean_of_the_channels():
    photo = Photo(pixels=np.zeros((1, 1, 1), np.uint8))
    restored = from_network(np.array([30, 60, 120], np.float32).reshape(3, 1, 1) / 255, photo)
    assert restored.pixels.tolist() == [[[70]]]


def test_everything_but_the_pixels_is_kept():
    photo = Photo(
        pixels=np.zeros((2, 3, 3), np.uint8),
        alpha=np.full((2, 3), 9, np.uint8),
        metadata=Metadata(exif=b"II*\0", dpi=(72.0, 72.0)),
        source_format="PNG",
        source_is_lossy=True,
    )
    restored = from_network(np.ones((3, 2, 3), np.float32), photo)
    assert restored.pixels.min() == 255
    assert photo.pixels.max() == 0
    assert (restored.alpha, restored.metadata) == (photo.alpha, photo.metadata)
    assert (restored.source_format, restored.source_is_lossy) == ("PNG", True)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_nan_and_infinity_never_become_a_picture(bad):
    image = np.zeros((3, 2, 2), np.float32)
    image[1, 1, 1] = bad
    with pytest.raises(NumericalError):
        from_network(image, Photo(pixels=np.zeros((2, 2, 3), np.uint8)))


@pytest.mark.parametrize("shape", [(3, 2, 3), (1, 3, 2), (3, 3), (1, 3, 3, 2)])
def test_result_of_another_shape(shape):
    with pytest.raises(ShapeError, match=r"\(3, 3, 2\)"):
        from_network(np.zeros(shape, np.float32), Photo(pixels=np.zeros((3, 2, 3), np.uint8)))


def test_result_of_another_kind():
    with pytest.raises(ShapeError, match="uint8"):
        from_network(np.zeros((3, 3, 2), np.uint8), Photo(pixels=np.zeros((3, 2, 3), np.uint8)))


@pytest.mark.parametrize("shape", [(4, 5), (4, 5, 1), (4, 5, 3), (4, 5, 4)])
def test_arrays_become_photos(noise, shape):
    array = noise(*shape)
    photo = read_photo(array)
    n_colours = 3 if array.ndim == 3 and array.shape[2] > 1 else 1
    np.testing.assert_array_equal(photo.pixels, array.reshape(4, 5, -1)[..., :n_colours])
    assert photo.is_gray == (n_colours == 1)
    if shape[-1] == 4:
        np.testing.assert_array_equal(photo.alpha, array[..., 3])
    array[:] = 0
    assert photo.pixels.max() > 0


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((4, 5, 2), np.uint8),
        np.zeros((4, 5, 5), np.uint8),
        np.zeros(5, np.uint8),
        np.zeros((0, 5, 3), np.uint8),
        np.zeros((1, 4, 5, 3), np.uint8),
        np.full((4, 5, 3), 255, np.float32),
        np.full((4, 5, 3), -0.01, np.float32),
        np.full((4, 5, 3), np.nan, np.float32),
        np.zeros((4, 5, 3), np.float64),
        np.zeros((4, 5, 3), bool),
        np.zeros((4, 5, 3), np.int16),
    ],
)
def test_other_arrays_are_refused(array):
    with pytest.raises(ShapeError, match="got"):
        read_photo(array)

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opir.errors import ConfigurationError, ShapeError
from opir.imaging import crop_to, pad_to_multiple


def expected_index(position: int, size: int, padding: int) -> int:
    if position < size:
        return position
    return 2 * (size - 1) - position if padding < size else size - 1


@settings(deadline=None)
@given(
    height=st.integers(1, 40),
    width=st.integers(1, 40),
    stride=st.sampled_from([1, 2, 3, 8, 16]),
    n_channels=st.integers(1, 4),
)
def test_padding_is_a_mirror_or_a_repetition_and_cropping_undoes_it(height, width, stride, n_channels):
    image = np.random.default_rng(0).random((n_channels, height, width), np.float32)
    padded = pad_to_multiple(image, stride)
    full_height, full_width = -(-height // stride) * stride, -(-width // stride) * stride
    assert padded.shape == (n_channels, full_height, full_width)
    rows = [expected_index(row, height, full_height - height) for row in range(full_height)]
    columns = [expected_index(column, width, full_width - width) for column in range(full_width)]
    np.testing.assert_array_equal(padded, image[:, rows][:, :, columns])
    np.testing.assert_array_equal(crop_to(padded, height, width), image)


def test_values_by_hand():
    image = np.array([[[1, 2, 3, 4, 5]]])
    assert pad_to_multiple(image, 8)[0].tolist() == [[1, 2, 3, 4, 5, 4, 3, 2]] * 8
    assert pad_to_multiple(image[..., :3], 4)[0, 0].tolist() == [1, 2, 3, 2]
    assert pad_to_multiple(image[..., :3], 8)[0, 0].tolist() == [1, 2, 3, 3, 3, 3, 3, 3]
    assert pad_to_multiple(image[..., :4], 8)[0, 0].tolist() == [1, 2, 3, 4, 4, 4, 4, 4]
    assert pad_to_multiple(image[..., :1], 2)[0].tolist() == [[1, 1], [1, 1]]


def test_nothing_is_copied_when_nothing_is_missing():
    image = np.zeros((3, 16, 8), np.float32)
    assert pad_to_multiple(image, 8) is image
    assert np.shares_memory(crop_to(image, 5, 5), image)


def test_dtype_is_kept():
    assert pad_to_multiple(np.zeros((1, 5, 5), np.uint8), 4).dtype == np.uint8


@pytest.mark.parametrize("shape", [(5, 5), (1, 3, 5, 5), (3, 0, 5)])
def test_wrong_shapes(shape):
    with pytest.raises(ShapeError, match=r"\(C, H, W\)"):
        pad_to_multiple(np.zeros(shape), 8)


def test_wrong_stride():
    with pytest.raises(ConfigurationError):
        pad_to_multiple(np.zeros((1, 5, 5)), 0)


@pytest.mark.parametrize(("height", "width"), [(6, 5), (5, 6), (0, 5), (5, -1)])
def test_cropping_to_more_than_there_is(height, width):
    with pytest.raises(ShapeError, match="crop"):
        crop_to(np.zeros((1, 5, 5)), height, width)

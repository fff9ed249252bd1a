"""The inverse of a blur."""

from __future__ import annotations

import numpy as np
import pytest
from tests.deconvolution.pictures import blurred, line_kernel, rectangles

from opir.deconvolution.inverse_filter import FILTER_REACH_PX, Blur, filtered, inverse_filter
from opir.deconvolution.kernel import REACH_PX, SIDE, Float32


def blur(kernel: Float32, white: float, rising: float = -9.0) -> Blur:
    return Blur(kernel=kernel, log_regularisers=np.array([white, rising], np.float32))


def linear(encoded: Float32) -> Float32:
    return np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4).astype(np.float32)


def encoded(light: Float32) -> Float32:
    return np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055).astype(np.float32)


def around(plane: Float32) -> Float32:
    padded = np.pad(plane, FILTER_REACH_PX, mode="symmetric")
    return np.repeat(padded[None], 3, axis=0)


def identity() -> Float32:
    taps = np.zeros((2 * FILTER_REACH_PX + 1,) * 2, np.float32)
    taps[FILTER_REACH_PX, FILTER_REACH_PX] = 1
    return taps


def test_a_point_is_undone_by_nothing() -> None:
    kernel = np.zeros((SIDE, SIDE), np.float32)
    kernel[REACH_PX, REACH_PX] = 1
    assert np.allclose(inverse_filter(blur(kernel, -5.0)), identity(), atol=1e-6)


def test_much_regularisation_tends_to_the_identity() -> None:
    weak, strong = (np.abs(inverse_filter(blur(line_kernel(7), white)) - identity()).sum() for white in (-6.0, 12.0))
    assert strong < 1e-3 < weak


def test_taps_add_up_to_one() -> None:
    assert inverse_filter(blur(line_kernel(9), -4.0)).sum() == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize("along", ["columns", "rows"])
def test_a_known_blur_is_undone(along: str) -> None:
    sharp = rectangles()
    kernel = line_kernel(7, along=along)
    soft = encoded(blurred(linear(sharp), kernel).clip(0, 1))
    restored = filtered(around(soft), inverse_filter(blur(kernel, -5.0)))[0]
    inner = (slice(24, -24), slice(24, -24))
    before, after = (((plane - sharp)[inner] ** 2).mean() for plane in (soft, restored))
    assert after < before / 2


def test_a_part_is_filtered_like_the_whole() -> None:
    picture = around(rectangles(120, 130))
    taps = inverse_filter(blur(line_kernel(5), -4.0))
    whole = filtered(picture, taps)
    reach = 2 * FILTER_REACH_PX
    part = filtered(picture[:, 30 : 30 + 40 + reach, 50 : 50 + 33 + reach], taps)
    assert whole.shape == (3, 120, 130)
    assert np.allclose(part, whole[:, 30:70, 50:83], atol=2e-5)


def test_results_stay_within_the_range() -> None:
    picture = np.repeat(np.eye(200, dtype=np.float32)[None], 3, axis=0)
    result = filtered(picture, inverse_filter(blur(line_kernel(9), -8.0)))
    assert result.min() == 0
    assert result.max() <= 1

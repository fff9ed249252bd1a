from __future__ import annotations

import math

import numpy as np
import pytest

from opir.errors import ConfigurationError
from opir.evaluation.expected_noise import expected_input_psnr, expected_squared_error
from opir.evaluation.synthetic import NoiseStream, add_float_noise, add_named_noise

CODES = np.random.default_rng(0).integers(0, 256, (200, 300, 3), dtype=np.uint8)
SCATTER_DB = 10 / math.log(10) * math.sqrt(2 / CODES.size)


def decibels(squared: float) -> float:
    return 10 * math.log10(255**2 / squared)


@pytest.mark.parametrize("sigma", [15, 25, 50])
def test_every_generator_gives_the_noise_that_its_protocol_prescribes(sigma: float):
    """Within five standard deviations of the scatter, 0.07 dB; the clipping is worth 0.3 to 1 dB."""
    drawn = {
        "stream_truncated": NoiseStream().add(CODES, sigma).astype(float) - CODES,
        "per_name_rounded": add_named_noise(CODES, sigma, file_name="a.png").astype(float) - CODES,
        "per_picture_float": 255.0 * add_float_noise(CODES, sigma) - CODES,
    }
    for rule, noise in drawn.items():
        expected = expected_input_psnr(CODES, rule, sigma)
        assert decibels(np.mean(noise**2)) == pytest.approx(expected, abs=5 * SCATTER_DB)


def test_values_by_hand():
    black = expected_squared_error("stream_truncated", 1e-3)
    assert black[0] == pytest.approx(0, abs=1e-9)
    assert black[100] == pytest.approx(0.5)  # 100 - tiny becomes 99
    assert expected_squared_error("per_name_rounded", 1e-3)[100] == pytest.approx(0, abs=1e-9)
    rounded = expected_squared_error("per_name_rounded", 15)
    assert rounded[128] == pytest.approx(15**2 + 1 / 12, rel=1e-4)  # rounding adds a twelfth
    assert rounded[0] == pytest.approx(15**2 / 2 + 1 / 24, rel=1e-3)  # half of the noise is clipped away
    assert rounded[255] == pytest.approx(rounded[0])
    np.testing.assert_array_equal(expected_squared_error("per_picture_float", 15), 225)


def test_sigma_must_be_positive():
    with pytest.raises(ConfigurationError, match="positive sigma; got 0"):
        expected_squared_error("stream_truncated", 0)

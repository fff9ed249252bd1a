"""Where the expected error is too large the original stays, exactly; elsewhere nothing is lost."""

from __future__ import annotations

import numpy as np
import pytest

from fake_engine import FakeEngine
from opir.errors import ConfigurationError
from opir.runtime.blend import FULL_TRUST, blend, trust
from opir.runtime.restore import Restorer
from opir.runtime.settings import RestoreSettings


def test_weight_at_its_marks() -> None:
    limit = 8.0
    marks = np.array([[0.0, FULL_TRUST * limit, (1 + FULL_TRUST) / 2 * limit, limit, 100.0]], np.float32)
    np.testing.assert_allclose(trust(marks, limit), [[1, 1, 0.5, 0, 0]], atol=1e-6)


def test_weight_falls_without_jumps() -> None:
    weights = trust(np.linspace(0, 20, 20_001, dtype=np.float32)[None], 10.0)[0]
    steps = np.diff(weights)
    assert steps.max() <= 1e-6
    assert steps.min() > -0.002  # the steepest slope is 1.5 / 2.5 levels


@pytest.mark.parametrize(("limit", "expected"), [(1.7e308, [1, 1]), (4e-324, [0, 0])])
def test_limits_beyond_single_precision(limit: float, expected: list[float]) -> None:
    np.testing.assert_array_equal(trust(np.array([0.001, 255], np.float32), limit), expected)


def test_blend_is_exact_at_both_ends() -> None:
    generator = np.random.default_rng(0)
    original, restored = generator.random((2, 3, 8, 9), np.float32)
    weight = np.zeros((8, 9), np.float32)
    weight[:, :4] = 1
    mixed = blend(original, restored, strength=1.0, weight=weight)
    np.testing.assert_array_equal(mixed[..., :4], restored[..., :4])
    np.testing.assert_array_equal(mixed[..., 4:], original[..., 4:])
    half = blend(original, restored, strength=0.5, weight=weight)
    np.testing.assert_allclose(half[..., :4], (original + restored)[..., :4] / 2, atol=1e-6)


def test_pixels_above_the_limit_keep_their_values() -> None:
    pixels = np.random.default_rng(3).integers(0, 256, (40, 56, 3), np.uint8)
    restorer = Restorer.from_engine(FakeEngine())
    free = restorer.restore(pixels)
    limit = float(np.median(free.uncertainty))
    held = restorer.restore(pixels, settings=RestoreSettings(max_uncertainty=limit))
    above, below = free.uncertainty >= limit, free.uncertainty <= FULL_TRUST * limit
    np.testing.assert_array_equal(held.image[above], pixels[above])
    np.testing.assert_array_equal(held.image[below], free.image[below])
    assert above.mean() > 0.3
    assert (free.image[above] != pixels[above]).any()
    np.testing.assert_array_equal(held.uncertainty, free.uncertainty)
    assert held.report.max_uncertainty == limit
    assert 0.3 < held.report.share_withheld < 1
    assert free.report.share_withheld == 0


def test_settings_and_shorthand_do_not_mix() -> None:
    restorer = Restorer.from_engine(FakeEngine())
    pixels = np.zeros((8, 8, 3), np.uint8)
    with pytest.raises(ConfigurationError, match="into the settings"):
        restorer.restore(pixels, settings=RestoreSettings(), strength=0.5)
    one = restorer.restore(pixels, strength=0.5, task="rain")
    other = restorer.restore(pixels, settings=RestoreSettings(strength=0.5, task=("rain",)))
    np.testing.assert_array_equal(one.image, other.image)
    assert one.report.settings_sha256 == other.report.settings_sha256 == other.settings.sha256

"""Each measure grows with what it measures, and has the right value where there is one."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import gaussian_filter

from opir.analysis.blockiness import blockiness
from opir.analysis.blur import edge_sigma
from opir.analysis.exposure import stops_below_middle_grey
from opir.analysis.haze import mean_dark_channel
from opir.analysis.noise import noise_sigma

Scene = Callable[..., np.ndarray]
Encode = Callable[[np.ndarray, int], bytes]


def in_8_bits(image: np.ndarray) -> np.ndarray:
    return (np.rint(image.clip(0, 1) * 255) / 255).astype(np.float32)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_noise_is_measured_in_grey_levels(scene: Scene, seed: int) -> None:
    image, random = scene(seed), np.random.default_rng(seed)
    for sigma in (3.0, 10.0, 25.0):
        noisy = in_8_bits(image + random.normal(0, sigma / 255, image.shape))
        assert noise_sigma([noisy]) == pytest.approx(sigma, rel=0.12)
    assert noise_sigma([in_8_bits(image)]) < 1.0


def test_noise_that_is_clipped_is_left_out(scene: Scene) -> None:
    image = scene()
    image[:, :200] = 0.0
    noisy = in_8_bits(image + np.random.default_rng(0).normal(0, 10 / 255, image.shape))
    assert noise_sigma([noisy]) == pytest.approx(10, rel=0.15)
    assert noise_sigma([np.ones((3, 50, 50), np.float32)]) is None
    assert noise_sigma([np.full((3, 3, 3), 0.5, np.float32)]) is None


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_blur_is_measured_in_pixels(scene: Scene, seed: int) -> None:
    image = scene(seed)
    for sigma in (1.0, 2.0, 4.0):
        blurred = in_8_bits(gaussian_filter(image, (0, sigma, sigma)))
        assert edge_sigma([blurred], noise=0.0) == pytest.approx(sigma, rel=0.25)
    assert edge_sigma([in_8_bits(image)], noise=0.0) < 0.7
    assert edge_sigma([np.full((3, 90, 90), 0.5, np.float32)], noise=0.0) is None


def test_blur_is_not_read_from_noise(scene: Scene) -> None:
    blurred = gaussian_filter(scene(), (0, 3, 3))
    noisy = in_8_bits(blurred + np.random.default_rng(0).normal(0, 20 / 255, blurred.shape))
    found = edge_sigma([noisy], noise=20.0)
    assert found is None or found > 1.0


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("shift", [(0, 0), (3, 5)])
def test_blocks_grow_as_quality_falls(scene: Scene, as_jpeg: Encode, seed: int, shift: tuple[int, int]) -> None:
    values = []
    for quality in (90, 60, 30, 10):
        with Image.open(io.BytesIO(as_jpeg(scene(seed), quality))) as decoded:
            codes = np.asarray(decoded, np.float32).transpose(2, 0, 1)[:, shift[0] :, shift[1] :]
        values.append(blockiness([codes / 255]))
    assert values == sorted(values)
    assert values[-1] > 3 * values[0]
    assert blockiness([in_8_bits(scene(seed))]) < 0.6
    assert blockiness([np.zeros((3, 31, 90), np.float32)]) is None


def test_a_stop_is_a_stop() -> None:
    def grey(linear: float) -> np.ndarray:
        return np.full((3, 40, 40), 1.055 * linear ** (1 / 2.4) - 0.055, np.float32)

    assert stops_below_middle_grey(grey(0.18)) == pytest.approx(0.0, abs=0.01)
    assert stops_below_middle_grey(grey(0.045)) == pytest.approx(2.0, abs=0.02)
    assert stops_below_middle_grey(grey(0.36)) == pytest.approx(-1.0, abs=0.01)
    assert 8 < stops_below_middle_grey(np.zeros((3, 5, 5), np.float32)) < 10


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_haze_lifts_the_dark_channel(scene: Scene, seed: int) -> None:
    image = scene(seed)
    values = [mean_dark_channel(image * t + 0.9 * (1 - t)) for t in (1.0, 0.7, 0.4, 0.1)]
    assert values == sorted(values)
    # The minimum of a picture under constant haze is known: t min + A (1 - t).
    assert values[2] == pytest.approx(0.4 * values[0] + 255 * 0.9 * 0.6, rel=1e-4)

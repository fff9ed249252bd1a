"""The change that haze asks for, made smooth."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage
from tests.fake_engine import fake_spec

from opir.runtime import smooth_change as smooth_change_module
from opir.runtime.engine import Float32
from opir.runtime.pixels import ArrayPixels
from opir.runtime.smooth_change import LEAST_SIDE_PX, LEAST_VARIANCE, SIDES_PER_RADIUS, SmoothChange, smoothness
from opir.runtime.tiling import Window
from opir.tasks import TASKS


def picture(height: int, width: int, *, seed: int = 0) -> Float32:
    """Blotches of all sizes."""
    noise = np.random.default_rng(seed).normal(size=(3, height, width))
    blurred = sum(ndimage.gaussian_filter(noise, (0, sigma, sigma)) * sigma for sigma in (1, 4, 16))
    return (0.5 + 0.08 * np.asarray(blurred)).clip(0, 1).astype(np.float32)


def smooth_change(hazy: Float32, restored: Float32) -> Float32:
    height, width = hazy.shape[1:]
    change = SmoothChange(ArrayPixels(hazy, 1), restored)
    return change.at(Window(top=0, left=0, bottom=height, right=width), hazy)


def test_follows_the_definition_of_the_guided_filter() -> None:
    """Written out with the box means of scipy, for a picture that is not reduced."""
    hazy, restored = picture(90, 70), picture(90, 70, seed=1)
    size = 2 * (70 // SIDES_PER_RADIUS) + 1

    def mean(values: np.ndarray) -> np.ndarray:
        return ndimage.uniform_filter(values, (1, size, size), mode="mirror")

    guide, target = hazy.astype(np.float64), restored.astype(np.float64) - hazy
    variance = mean(guide**2) - mean(guide) ** 2
    slope = (mean(guide * target) - mean(guide) * mean(target)) / (variance + LEAST_VARIANCE)
    offset = mean(target) - slope * mean(guide)
    np.testing.assert_allclose(smooth_change(hazy, restored), mean(slope) * guide + mean(offset), atol=1e-5)


@pytest.mark.parametrize("size", [(40, 60), (2 * LEAST_SIDE_PX, 700), (3 * LEAST_SIDE_PX + 77, 3 * LEAST_SIDE_PX + 5)])
def test_haze_that_changes_slowly_is_removed_as_it_is(size: tuple[int, int]) -> None:
    clean = picture(*size)
    transmission = np.linspace(0.5, 0.7, size[1], dtype=np.float32)
    hazy = clean * transmission + np.float32(0.8) * (1 - transmission)
    assert np.abs(hazy + smooth_change(hazy, clean) - clean).max() < 0.03
    assert np.abs(hazy - clean).max() > 0.2


def test_edges_of_the_picture_stay_sharp() -> None:
    clean = np.full((3, 96, 128), 0.2, np.float32)
    clean[:, :, 64:] = 0.8
    hazy = 0.5 * clean + np.float32(0.4)
    restored = hazy + smooth_change(hazy, clean)
    np.testing.assert_allclose(restored, clean, atol=2e-3)


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (7, 2), (8, 2000)])
def test_any_size(size: tuple[int, int]) -> None:
    hazy = picture(*size)
    np.testing.assert_allclose(smooth_change(hazy, hazy - np.float32(0.2)), -0.2, atol=1e-5)
    assert np.isfinite(smooth_change(hazy, picture(*size, seed=1))).all()


def test_a_panorama_is_reduced_further(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("opir.runtime.smooth_change.MOST_CELLS", 10_000)
    sizes = []
    fit = smooth_change_module._affine_fit
    monkeypatch.setattr(
        smooth_change_module, "_affine_fit", lambda guide, *rest: (sizes.append(guide.size // 3), fit(guide, *rest))[1]
    )
    clean = picture(100, 900)
    hazy = 0.5 * clean + np.float32(0.4)
    assert np.abs(hazy + smooth_change(hazy, clean) - clean).max() < 0.03
    assert sizes == [34 * 300]


def test_windows_are_parts_of_the_whole() -> None:
    hazy, restored = picture(530, 600), picture(530, 600, seed=1)
    change = SmoothChange(ArrayPixels(hazy, 1), restored)
    window = Window(top=101, left=203, bottom=333, right=599)
    part = change.at(window, hazy[(..., *window.slices)])
    np.testing.assert_allclose(part, smooth_change(hazy, restored)[(..., *window.slices)], atol=1e-6)


def test_a_reduced_fit_is_near_the_full_one(monkeypatch: pytest.MonkeyPatch) -> None:
    clean = picture(600, 640)
    transmission = 0.3 + 0.5 * picture(600, 640, seed=2)[:1] ** 2
    smooth = ndimage.gaussian_filter(transmission, (0, 20, 20))
    hazy = clean * smooth + np.float32(0.9) * (1 - smooth)
    reduced = smooth_change(hazy, clean)
    monkeypatch.setattr("opir.runtime.smooth_change.LEAST_SIDE_PX", 600)
    assert np.abs(reduced - smooth_change(hazy, clean)).mean() < 0.01


def test_only_haze_alone_is_wholly_smooth() -> None:
    spec = replace(fake_spec(), trained_tasks=TASKS)

    def of(**weights: float) -> float:
        return smoothness(spec, np.array([weights.get(task, 0.0) for task in TASKS], np.float32))

    assert of(haze=1.0) == 1
    assert of(haze=1.0, jpeg=1.0) == 1
    assert of(haze=1.0, rain=1.0) == 0
    assert of(haze=1.0, snow=0.5, noise=0.2) == pytest.approx(0.4)

"""A picture seen through the inverse of its blur."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import pytest
from tests.deconvolution.pictures import line_kernel, rectangles
from tests.fake_engine import FakeEngine, fake_spec

from opir.deconvolution.inverse_filter import Blur
from opir.deconvolution.kernel import Float32
from opir.deconvolution.orientations import N_MIRRORED
from opir.runtime.deconvolved_pixels import DeconvolvedPixels, find_blur
from opir.runtime.dehazed_picture import DehazedPicture
from opir.runtime.haze_light import HazeLight
from opir.runtime.passes import restore_array, restore_pixels
from opir.runtime.pixels import ArrayPixels, Pixels
from opir.runtime.tiling import Window
from opir.tasks import TASKS

BLUR = Blur(kernel=line_kernel(5), log_regularisers=np.array([-4.0, -5.0], np.float32))


@dataclass
class KernelFake(FakeEngine):
    """An engine that finds the same kernel everywhere, or one for each window and its mirror images after the other."""

    finds_kernels: bool = True
    kernels: list[Float32] = field(default_factory=list)
    n_asked: int = 0
    kernel_now: Float32 = field(init=False)

    def kernel(self, maps: Float32, statistics: Float32) -> tuple[Float32, Float32]:
        if self.n_asked % N_MIRRORED == 0:
            self.kernel_now = self.kernels.pop(0) if self.kernels else BLUR.kernel
        self.n_asked += 1
        return self.kernel_now[None], BLUR.log_regularisers[None]


def picture(height: int = 128, width: int = 136) -> Float32:
    return np.repeat(rectangles(height, width)[None], 3, axis=0)


def told(blur: float, **others: float) -> Float32:
    return np.array([{"blur": blur, **others}.get(task, 0.0) for task in TASKS], np.float32)


@pytest.mark.parametrize("window", [(0, 0, 128, 136), (0, 0, 8, 16), (64, 72, 128, 136), (40, 48, 88, 56)])
def test_windows_are_those_of_the_whole(window: tuple[int, int, int, int]) -> None:
    pixels = DeconvolvedPixels(ArrayPixels(picture(), 8), BLUR)
    whole = pixels.cut(Window(top=0, left=0, bottom=128, right=136))
    place = Window(top=window[0], left=window[1], bottom=window[2], right=window[3])
    assert (pixels.height, pixels.width) == (128, 136)
    assert pixels.cut(place).dtype == np.float32
    assert np.allclose(pixels.cut(place)[0], whole[0][(..., *place.slices)], atol=2e-5)
    assert not np.allclose(whole[0], picture(), atol=0.01)


def test_a_blur_is_looked_for_where_there_may_be_one() -> None:
    pixels = ArrayPixels(picture(), 8)
    assert find_blur(KernelFake(finds_kernels=False), pixels, told(1.0)) is None
    assert find_blur(FakeEngine(), pixels, told(1.0)) is None
    assert find_blur(KernelFake(), ArrayPixels(picture(88, 136), 8), told(1.0)) is None
    found = find_blur(KernelFake(), pixels, told(0.5))
    assert found is not None
    np.testing.assert_allclose(found.kernel, BLUR.kernel, atol=1e-5)


@pytest.mark.parametrize(
    ("weights", "asked"),
    [
        (told(0.24), False),
        (told(0.25), True),
        (told(0.25, rain=1.0, jpeg=1.0), True),
        (told(0.49, noise=0.5), False),
        (told(0.49, haze=0.5), False),
        (told(0.89, noise=0.5), False),
        (told(0.91, noise=1.0, haze=1.0), True),
        (told(0.0, jpeg=1.0), False),
    ],
)
def test_less_is_enough_where_neither_noise_nor_haze_hides_the_traces(weights: Float32, asked: bool) -> None:
    assert (find_blur(KernelFake(), ArrayPixels(picture(), 8), weights) is not None) == asked


def test_large_pictures_are_judged_by_three_windows_that_must_agree() -> None:
    pixels = ArrayPixels(picture(1032, 1032), 8)
    engine = KernelFake()
    assert find_blur(engine, pixels, told(1.0)) is not None
    assert engine.n_asked == 3 * N_MIRRORED
    engine = KernelFake(kernels=[line_kernel(15), line_kernel(15), line_kernel(15, along="rows")])
    assert find_blur(engine, pixels, told(1.0)) is None


@pytest.mark.parametrize("tile", [0, 64])
def test_the_stages_see_the_sharper_picture(tile: int) -> None:
    image = picture()
    result = restore_array(KernelFake(), image, tile=tile, task_weights=told(1.0))
    pixels = DeconvolvedPixels(ArrayPixels(image, 8), BLUR)
    sharper = pixels.cut(Window(top=0, left=0, bottom=128, right=136))[0]
    expected = restore_array(FakeEngine(), sharper, tile=0, task_weights=told(1.0))
    # the context is that of the picture as it was given
    assert np.allclose(result.restored, expected.restored, atol=0.05)
    assert np.abs(result.restored - expected.restored).mean() < np.abs(result.restored - image).mean() / 3


def test_tiles_of_any_size_give_the_same() -> None:
    image = picture()
    whole = restore_array(KernelFake(), image, tile=0, task_weights=told(1.0))
    tiled = restore_array(KernelFake(), image, tile=64, task_weights=told(1.0))
    assert np.allclose(whole.restored, tiled.restored, atol=1e-4)


def test_the_blur_that_was_undone_is_told() -> None:
    def blur_of(weight: float) -> Blur | None:
        pixels = ArrayPixels(picture(), 8)
        return restore_pixels(KernelFake(), pixels, lambda *_: None, tile=0, task_weights=told(weight)).blur

    assert blur_of(0.0) is None
    assert blur_of(1.0) is not None


@pytest.mark.parametrize("finds_kernels", [False, True])
def test_a_picture_whose_blur_was_undone_is_not_for_the_expert(*, finds_kernels: bool) -> None:
    spec = replace(fake_spec(trained=TASKS), expert_tasks=("noise",))
    engine = KernelFake(spec, finds_kernels=finds_kernels)
    result = restore_array(
        engine, picture(), tile=0, task_weights=told(0.3)
    )  # enough to look, not enough to be blurred
    assert result.expert is not finds_kernels


@pytest.mark.parametrize(("finds_kernels", "share"), [(True, 0.0), (False, 0.7)])
def test_what_was_deconvolved_in_haze_stays_sharp(
    monkeypatch: pytest.MonkeyPatch, finds_kernels: bool, share: float
) -> None:
    shares: list[float] = []

    class Recorded(DehazedPicture):
        def __init__(self, pixels: Pixels, *, smoothness: float, light: HazeLight) -> None:
            super().__init__(pixels, smoothness=smoothness, light=light)
            shares.append(smoothness)

    monkeypatch.setattr("opir.runtime.passes.DehazedPicture", Recorded)
    restore_array(KernelFake(finds_kernels=finds_kernels), picture(), tile=0, task_weights=told(0.3, haze=0.3))
    assert shares == [pytest.approx(share)]

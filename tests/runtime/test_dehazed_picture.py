"""A picture whose haze was removed, from its tiles to what is shown."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.fake_engine import FakeEngine

from opir.runtime.dehazed_picture import DehazedPicture, may_be_hazy
from opir.runtime.dehazed_tones import CLEAN_BLACK, LEAST_HIGHLIGHT, Tones
from opir.runtime.engine import Float32
from opir.runtime.passes import restore_array
from opir.runtime.pixels import ArrayPixels
from opir.runtime.restore import Restorer
from opir.runtime.tiling import Window
from opir.tasks import TASKS


def told(haze: float) -> Float32:
    return np.array([haze if task == "haze" else 0.0 for task in TASKS], np.float32)


def test_only_pictures_without_their_haze_are_held() -> None:
    spec = FakeEngine().spec
    assert [may_be_hazy(spec, told(weight)) for weight in (0.0, 0.24, 0.25, 1.0)] == [False, False, True, True]


def ramp(height: int, width: int, darkest: float, brightest: float) -> Float32:
    row = np.linspace(darkest, brightest, width, dtype=np.float32)
    return np.broadcast_to(row, (3, height, width)).copy()


HEIGHT, WIDTH = 300, 400
WHOLE = [Window(top=0, left=0, bottom=HEIGHT, right=WIDTH)]
TILES = [
    Window(top=top, left=left, bottom=min(top + 128, HEIGHT), right=min(left + 150, WIDTH))
    for top in range(0, HEIGHT, 128)
    for left in range(0, WIDTH, 150)
]


def handed_over(restored: Float32, tiles: list[Window], *, smoothness: float = 0.0) -> tuple[Float32, Float32, Tones]:
    picture = DehazedPicture(ArrayPixels(ramp(HEIGHT, WIDTH, 0.5, 1.0), 1), smoothness=smoothness)
    uniform = np.full((HEIGHT, WIDTH), 0.1, np.float32)
    for window in tiles:
        picture.deliver(window, restored[(..., *window.slices)], uniform[window.slices])
    shown, scale = np.full_like(restored, np.nan), np.full_like(uniform, np.nan)

    def deliver(window: Window, values: Float32, there: Float32) -> None:
        shown[(..., *window.slices)] = values
        scale[window.slices] = there

    return shown, scale, picture.hand_over(deliver)


def test_a_dark_result_is_raised_and_its_scale_with_it() -> None:
    restored = ramp(HEIGHT, WIDTH, 0.0, 0.4)
    shown, scale, tones = handed_over(restored, WHOLE)
    assert tones.black == 0
    assert tones.exponent == pytest.approx(np.log(0.5) / np.log(0.38), abs=0.005)
    np.testing.assert_allclose(shown, restored**tones.exponent, atol=2e-3)
    assert np.percentile(shown, 95) == pytest.approx(LEAST_HIGHLIGHT, abs=0.003)
    middle = 200
    slope = (shown[0, 0, middle + 1] - shown[0, 0, middle - 1]) / (2 * 0.4 / 399)
    assert scale[0, middle] == pytest.approx(0.1 * slope, rel=0.02)


def test_the_rest_of_a_veil_is_taken_away() -> None:
    shown, _, tones = handed_over(ramp(HEIGHT, WIDTH, 0.1, 0.9), WHOLE)
    assert tones.black == pytest.approx(0.1 + 0.02 * 0.8 - CLEAN_BLACK, abs=0.003)
    assert np.percentile(shown, 2) == pytest.approx(CLEAN_BLACK * tones.highlight / (0.86 - tones.black), abs=0.01)
    assert np.percentile(shown, 95) == pytest.approx(0.86, abs=0.003)


def test_a_result_that_needs_nothing_is_handed_over_as_it_is() -> None:
    restored = ramp(HEIGHT, WIDTH, 0.0, 0.9)
    shown, scale, tones = handed_over(restored, WHOLE)
    assert tones.change_nothing
    np.testing.assert_allclose(shown, restored, atol=1e-5)
    assert np.all(scale == np.float32(0.1))


def test_tiles_make_the_same_picture() -> None:
    restored = ramp(HEIGHT, WIDTH, 0.1, 0.4)
    for smoothness in (0.0, 1.0):
        tiled, whole = (handed_over(restored, tiles, smoothness=smoothness)[:2] for tiles in (TILES, WHOLE))
        assert np.array_equal(tiled[0], whole[0])
        assert np.array_equal(tiled[1], whole[1])


def test_a_patch_that_the_haze_does_not_show_is_made_smooth() -> None:
    restored = ramp(HEIGHT, WIDTH, 0.0, 0.9)
    patched = restored.copy()
    patched[:, 100:140, 200:240] += 0.1
    errors = [
        np.abs(handed_over(patched, WHOLE, smoothness=smoothness)[0] - restored) for smoothness in (0.0, 0.5, 1.0)
    ]
    assert errors[0].max() == pytest.approx(0.1, abs=1e-3)
    assert errors[1].max() < 0.1
    assert errors[2].max() < 0.09
    borders = [float(np.abs(np.diff(error[0, 120])).max()) for error in errors]
    assert borders[1] == pytest.approx(borders[0] / 2, rel=0.1)
    assert borders[2] < borders[0] / 20


def test_a_change_that_is_affine_in_the_picture_is_smooth_already() -> None:
    restored = ramp(HEIGHT, WIDTH, 0.0, 0.9)
    shown, _, _ = handed_over(restored, WHOLE, smoothness=1.0)
    np.testing.assert_allclose(shown, restored, atol=2e-3)


class DarkeningEngine(FakeEngine):
    """Takes a third of the light away at every stage."""

    def stage(
        self,
        current: Float32,
        observed: Float32,
        scale: Float32,
        task_weights: Float32,
        context: Float32,
        stage_index: int,
        *,
        expert: bool = False,
    ) -> tuple[Float32, Float32]:
        return current * np.float32(2 / 3), np.full_like(scale, 0.1)


def test_a_restoration_is_raised_where_haze_was_removed_and_only_there() -> None:
    image = ramp(64, 96, 0.0, 0.9)
    dark = restore_array(DarkeningEngine(), image, tile=0, task_weights=told(0.0))
    np.testing.assert_allclose(dark.restored, image * 4 / 9, atol=1e-6)
    shown = restore_array(DarkeningEngine(), image, tile=0, task_weights=told(1.0))
    assert np.percentile(shown.restored, 95) == pytest.approx(LEAST_HIGHLIGHT, abs=0.005)
    report = Restorer.from_engine(DarkeningEngine()).restore(_eight_bits(image), task="haze").report
    assert (report.veil, report.exposure) == (0.0, pytest.approx(np.log(0.5) / np.log(0.95 * 0.9 * 4 / 9), abs=0.01))
    assert Restorer.from_engine(DarkeningEngine()).restore(_eight_bits(image), task="rain").report.exposure == 1.0


class PatchingEngine(FakeEngine):
    """Brightens a square that nothing in the picture shows."""

    def stage(
        self,
        current: Float32,
        observed: Float32,
        scale: Float32,
        task_weights: Float32,
        context: Float32,
        stage_index: int,
        *,
        expert: bool = False,
    ) -> tuple[Float32, Float32]:
        patched = observed.copy()
        patched[..., 100:140, 200:240] += np.float32(0.1)
        return patched, np.full_like(scale, 0.1)


def test_a_restoration_is_smooth_where_haze_alone_was_removed() -> None:
    image = ramp(HEIGHT, WIDTH, 0.0, 0.8)
    borders = []
    for named in (("haze",), ("haze", "rain")):
        weights = np.array([float(task in named) for task in TASKS], np.float32)
        shown = restore_array(PatchingEngine(), image, tile=0, task_weights=weights).restored
        borders.append(float(np.abs(np.diff((shown - image)[0, 120])).max()))
    assert borders[1] == pytest.approx(0.1, rel=0.05)
    assert borders[0] < 0.01


def _eight_bits(image: Float32) -> NDArray[np.uint8]:
    return np.rint(255 * image).astype(np.uint8).transpose(1, 2, 0)

"""Black point and exposure of a picture once its haze is gone."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.fake_engine import FakeEngine

from opir.runtime.dehazed_tones import (
    CLEAN_BLACK,
    DARK_IN_TRUTH,
    LEAST_HIGHLIGHT,
    MOST_VEIL,
    NO_CHANGE,
    DehazedPicture,
    Tones,
    choose_tones,
    may_be_hazy,
)
from opir.runtime.engine import Float32
from opir.runtime.passes import restore_array
from opir.runtime.pixels import ArrayPixels
from opir.runtime.restore import Restorer
from opir.runtime.tiling import Window
from opir.tasks import TASKS


def tones_of(black: float = 0.0, highlight: float = 0.8, before: float = 0.9) -> Tones:
    return choose_tones(black=black, highlight=highlight, highlight_before=before)


def test_a_veil_goes_and_highlights_keep_their_luma() -> None:
    tones = tones_of(black=0.13, highlight=0.8)
    assert tones.black == pytest.approx(0.1)
    values = tones.applied(np.array([0.0, 0.1, 0.45, 0.8, 1.0], np.float32))
    np.testing.assert_allclose(values, [0, 0, 0.4, 0.8, 1], atol=1e-6)


def test_the_curve_brings_highlights_to_where_they_belong() -> None:
    assert 0.35 ** tones_of(highlight=0.35).exponent == pytest.approx(LEAST_HIGHLIGHT)
    assert 0.36 ** tones_of(highlight=0.36, before=0.4).exponent == pytest.approx(0.4)  # no brighter than they were
    both = tones_of(black=CLEAN_BLACK + 0.05, highlight=0.35)
    assert float(both.applied(np.float32(0.35))) == pytest.approx(LEAST_HIGHLIGHT)


@pytest.mark.parametrize(("highlight", "before"), [(LEAST_HIGHLIGHT, 0.9), (0.7, 0.9), (0.3, 0.3), (0.4, 0.2)])
def test_what_is_bright_and_black_enough_stays(highlight: float, before: float) -> None:
    assert tones_of(CLEAN_BLACK, highlight, before) == NO_CHANGE
    assert NO_CHANGE.change_nothing


def test_what_is_dark_in_truth_stays_dark() -> None:
    dark, bright = DARK_IN_TRUTH
    assert tones_of(highlight=dark) == NO_CHANGE
    assert tones_of(highlight=0.1).change_nothing
    exponents = [tones_of(highlight=float(h)).exponent for h in np.linspace(dark, bright, 8)]
    assert exponents == sorted(exponents, reverse=True)
    assert bright ** exponents[-1] == pytest.approx(LEAST_HIGHLIGHT)


def test_a_sky_is_no_veil() -> None:
    assert tones_of(black=0.7, highlight=0.9).black == MOST_VEIL


def test_a_picture_without_contrast_stays() -> None:
    assert tones_of(black=0.12, highlight=0.15).change_nothing
    assert tones_of(black=0.0, highlight=0.0).change_nothing


def test_the_slope_is_that_of_the_curve() -> None:
    tones = Tones(black=0.1, highlight=0.8, exponent=0.7)
    values = np.linspace(0.15, 0.75, 20, dtype=np.float32)
    step = np.float32(1e-3)
    measured = (tones.applied(values + step) - tones.applied(values - step)) / (2 * step)
    np.testing.assert_allclose(tones.slope(values), measured, rtol=5e-3)
    assert np.isfinite(tones.slope(np.zeros(1, np.float32))).all()


def told(haze: float) -> Float32:
    return np.array([haze if task == "haze" else 0.0 for task in TASKS], np.float32)


def test_only_pictures_without_their_haze_have_new_tones() -> None:
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


def handed_over(restored: Float32, tiles: list[Window]) -> tuple[Float32, Float32, Tones]:
    picture = DehazedPicture(ArrayPixels(ramp(HEIGHT, WIDTH, 0.5, 1.0), 1))
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
    for one, other in zip(handed_over(restored, TILES)[:2], handed_over(restored, WHOLE)[:2], strict=True):
        assert np.array_equal(one, other)


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


def _eight_bits(image: Float32) -> NDArray[np.uint8]:
    return np.rint(255 * image).astype(np.uint8).transpose(1, 2, 0)

"""How bright a picture is shown once its haze is gone."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.fake_engine import FakeEngine

from opir.runtime.engine import Float32
from opir.runtime.exposure import (
    LEAST_EXPONENT,
    LEAST_HIGHLIGHT,
    ExposedPicture,
    exposure_exponent,
    may_be_underexposed,
)
from opir.runtime.passes import restore_array
from opir.runtime.pixels import ArrayPixels
from opir.runtime.restore import Restorer
from opir.runtime.tiling import Window
from opir.tasks import TASKS


def test_the_curve_brings_highlights_to_where_they_belong() -> None:
    exponent = exposure_exponent(0.8, 0.35)
    assert 0.35**exponent == pytest.approx(LEAST_HIGHLIGHT)
    assert 0.3 ** exposure_exponent(0.4, 0.3) == pytest.approx(0.4)  # no brighter than they were


@pytest.mark.parametrize(("before", "after"), [(0.9, LEAST_HIGHLIGHT), (0.9, 0.7), (0.3, 0.3), (0.2, 0.4), (0.5, 0.0)])
def test_what_is_bright_enough_stays(before: float, after: float) -> None:
    assert exposure_exponent(before, after) == 1.0


def test_the_curve_is_never_too_strong() -> None:
    assert exposure_exponent(0.9, 0.01) == LEAST_EXPONENT


def told(haze: float) -> Float32:
    return np.array([haze if task == "haze" else 0.0 for task in TASKS], np.float32)


def test_only_pictures_without_their_haze_may_be_underexposed() -> None:
    spec = FakeEngine().spec
    assert [may_be_underexposed(spec, told(weight)) for weight in (0.0, 0.49, 0.5, 1.0)] == [False, False, True, True]


def ramp(height: int, width: int, brightest: float) -> Float32:
    row = np.linspace(0, brightest, width, dtype=np.float32)
    return np.broadcast_to(row, (3, height, width)).copy()


def exposed(brightest: float, tiles: list[Window]) -> tuple[Float32, Float32, float]:
    height, width = 300, 400
    picture = ExposedPicture(ArrayPixels(ramp(height, width, 1.0) * 0.5 + 0.5, 1))
    restored = ramp(height, width, brightest)
    for window in tiles:
        picture.deliver(
            window, restored[(..., *window.slices)], np.full(restored.shape[1:], 0.1, np.float32)[window.slices]
        )
    shown, scale = np.full_like(restored, np.nan), np.full(restored.shape[1:], np.nan, np.float32)

    def deliver(window: Window, values: Float32, there: Float32) -> None:
        shown[(..., *window.slices)] = values
        scale[window.slices] = there

    picture.hand_over(deliver)
    return shown, scale, picture.exponent


class DarkeningEngine(FakeEngine):
    """Takes half of the light away at every stage."""

    def stage(
        self,
        current: Float32,
        observed: Float32,
        scale: Float32,
        task_weights: Float32,
        context: Float32,
        stage_index: int,
    ) -> tuple[Float32, Float32]:
        return current * np.float32(0.5), np.full_like(scale, 0.1)


def test_a_restoration_is_raised_where_haze_was_removed_and_only_there() -> None:
    image = ramp(64, 96, 0.9)
    dark = restore_array(DarkeningEngine(), image, tile=0, task_weights=told(0.0))
    np.testing.assert_allclose(dark.restored, image / 4, atol=1e-6)
    shown = restore_array(DarkeningEngine(), image, tile=0, task_weights=told(1.0))
    assert np.percentile(shown.restored, 95) == pytest.approx(LEAST_EXPONENT_SHOWN, abs=0.005)
    report = Restorer.from_engine(DarkeningEngine()).restore(_eight_bits(image), task="haze").report
    assert report.exposure == LEAST_EXPONENT
    assert Restorer.from_engine(DarkeningEngine()).restore(_eight_bits(image), task="rain").report.exposure == 1.0


LEAST_EXPONENT_SHOWN = (0.95 * 0.9 / 4) ** LEAST_EXPONENT
"""Where the strongest curve brings the highlights of that picture."""


def _eight_bits(image: Float32) -> NDArray[np.uint8]:
    return np.rint(255 * image).astype(np.uint8).transpose(1, 2, 0)


WHOLE = [Window(top=0, left=0, bottom=300, right=400)]


def test_a_dark_result_is_raised_and_its_scale_with_it() -> None:
    shown, scale, exponent = exposed(0.3, WHOLE)
    assert exponent == pytest.approx(np.log(0.5) / np.log(0.285), abs=0.005)
    np.testing.assert_allclose(shown, ramp(300, 400, 0.3) ** exponent, atol=2e-3)
    assert np.percentile(shown, 95) == pytest.approx(LEAST_HIGHLIGHT, abs=0.003)
    assert shown.min() == 0.0
    middle = 200
    slope = (shown[0, 0, middle + 1] - shown[0, 0, middle - 1]) / (2 * 0.3 / 399)
    assert scale[0, middle] == pytest.approx(0.1 * slope, rel=0.02)


def test_a_bright_result_is_handed_over_as_it_is() -> None:
    shown, scale, exponent = exposed(0.9, WHOLE)
    assert exponent == 1.0
    np.testing.assert_allclose(shown, ramp(300, 400, 0.9), atol=1e-5)
    assert np.all(scale == np.float32(0.1))


def test_tiles_make_the_same_picture() -> None:
    tiles = [
        Window(top=top, left=left, bottom=min(top + 128, 300), right=min(left + 150, 400))
        for top in range(0, 300, 128)
        for left in range(0, 400, 150)
    ]
    for one, other in zip(exposed(0.3, tiles), exposed(0.3, WHOLE), strict=True):
        assert np.array_equal(one, other)

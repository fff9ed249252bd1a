"""The light of a hazy picture: found in its brightest parts, undone, and its colour given back."""

from __future__ import annotations

import numpy as np
import pytest
from tests.fake_engine import FakeEngine

from opir.runtime.dehazed_picture import DehazedPicture
from opir.runtime.engine import Float32
from opir.runtime.haze_light import DAYLIGHT, LEAST_LEVEL, DaylightPixels, HazeLight, find_light, light_of
from opir.runtime.passes import restore_array
from opir.runtime.pixels import ArrayPixels
from opir.runtime.restore import Restorer
from opir.runtime.tiling import Window
from opir.srgb import to_encoded, to_linear
from opir.tasks import TASKS

HAZE = np.array([float(task == "haze") for task in TASKS], np.float32)


def veiled(colour: tuple[float, float, float], *, height: int = 300, width: int = 80) -> Float32:
    """A dense veil of a linear colour: black behind it in the highest tenth, itself in the lowest."""
    share = np.random.default_rng(0).uniform(0.6, 0.9, (1, height, width)).astype(np.float32)
    share[:, : height // 10], share[:, -height // 10 :] = 0.5, 1.0
    return to_encoded(share * np.array(colour, np.float32)[:, None, None])


def light_behind(veil: tuple[float, float, float], darkest: float = 0.5) -> HazeLight:
    return light_of(darkest * np.array(veil), np.array(veil))


@pytest.mark.parametrize("veil", [(0.7, 0.7, 0.7), (0.5, 0.45, 0.44), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0)])
def test_a_white_and_bright_veil_is_daylight(veil: tuple[float, float, float]) -> None:
    assert light_behind(veil).is_daylight


def test_a_dim_or_coloured_veil_tells_its_light() -> None:
    dim = light_behind((0.224, 0.224, 0.224))
    assert dim.level == pytest.approx(0.5, abs=1e-3)
    assert dim.tint == (1, 1, 1)
    yellow = light_behind((0.8, 0.8, 0.4))
    assert yellow.level == 1
    assert yellow.tint == pytest.approx((1, 1, 0.5))
    half = light_behind((0.8, 0.8, 0.64))  # a cast in the middle between none and one that goes altogether
    assert half.tint == pytest.approx((1, 1, 0.8**0.5))


def test_in_thin_haze_what_is_bright_is_the_scene() -> None:
    assert light_behind((0.3, 0.3, 0.15), darkest=0.29).is_daylight
    between = light_behind((0.3, 0.3, 0.15), darkest=0.375)
    assert between.tint == pytest.approx((1, 1, 0.5**0.5))
    assert between.level == pytest.approx((0.3 / LEAST_LEVEL) ** 0.5)


def test_a_cast_counts_as_far_as_bright_and_dark_parts_have_it() -> None:
    sky = light_of(np.array([0.3, 0.3, 0.3]), np.array([0.3, 0.4, 0.6]))
    assert sky.tint == (1, 1, 1)
    both = light_of(np.array([0.3, 0.24, 0.18]), np.array([0.6, 0.54, 0.3]))
    assert both.tint == pytest.approx((1, 0.9, 0.6))


def test_the_extreme_twentieths_are_looked_at() -> None:
    light = find_light(ArrayPixels(veiled((0.3, 0.3, 0.15)), 1))
    assert light.level == pytest.approx(0.3 / LEAST_LEVEL, rel=1e-3)
    assert light.tint == pytest.approx((1, 1, 0.5), rel=1e-3)
    black = veiled((0.3, 0.3, 0.15))
    black[:, :30] = 0  # nothing veils what is black there
    assert find_light(ArrayPixels(black, 1)).is_daylight


def test_in_daylight_the_veil_is_white_and_as_bright_as_training_has_it() -> None:
    pixels = ArrayPixels(veiled((0.3, 0.3, 0.15)), 1)
    seen = DaylightPixels(pixels, find_light(pixels))
    window = Window(top=280, left=0, bottom=300, right=80)
    assert (seen.height, seen.width) == (300, 80)
    np.testing.assert_allclose(to_linear(seen.cut(window)), LEAST_LEVEL, rtol=1e-3)


def test_giving_back_undoes_the_colour_and_leaves_the_exposure() -> None:
    light = HazeLight(level=0.5, tint=(1.0, 0.9, 0.6))
    image = np.random.default_rng(1).random((3, 8, 8)).astype(np.float32) * np.float32(0.4)
    back = to_linear(light.given_back(light.undone(image)))
    np.testing.assert_allclose(back, 2 * to_linear(image), rtol=1e-3, atol=1e-5)
    assert DAYLIGHT.error_factor == 1
    assert 0.8 < light.error_factor < 1


def test_the_result_gets_the_colour_back_and_its_error_too() -> None:
    light = HazeLight(tint=(1.0, 1.0, 0.5))
    restored = np.broadcast_to(np.linspace(0.0, 0.9, 80, dtype=np.float32), (3, 40, 80)).copy()
    picture = DehazedPicture(ArrayPixels(restored, 1), smoothness=0.0, light=light)
    picture.deliver(Window(top=0, left=0, bottom=40, right=80), restored, np.full((40, 80), 0.1, np.float32))
    shown: list[tuple[Float32, Float32]] = []
    picture.hand_over(lambda _, values, expected: shown.append((values, expected)))
    ((values, expected),) = shown
    np.testing.assert_allclose(values[:2], restored[:2], atol=1e-5)
    np.testing.assert_allclose(to_linear(values[2]), to_linear(restored[2]) / 2, atol=1e-5)
    np.testing.assert_allclose(expected, 0.1 * light.error_factor, rtol=1e-5)


class SeeingEngine(FakeEngine):
    """Changes nothing, and remembers the brightest value and the context that its stages were shown."""

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
        self.seen = observed.max(axis=(0, 2, 3))
        self.context = context
        return current, np.full_like(scale, 0.1)


def test_stages_see_hazy_pictures_in_daylight_and_no_others() -> None:
    image = veiled((0.3, 0.3, 0.15), height=304)
    engine = SeeingEngine()
    plain = restore_array(engine, image, tile=0, task_weights=np.zeros_like(HAZE))
    assert np.allclose(engine.seen, image.max(axis=(1, 2)))
    assert np.array_equal(plain.restored, image)
    context = engine.context
    hazy = restore_array(engine, image, tile=0, task_weights=HAZE)
    np.testing.assert_allclose(to_linear(engine.seen), LEAST_LEVEL, rtol=1e-3)
    assert not np.allclose(engine.context, context)
    assert np.array_equal(hazy.found, plain.found)  # what is found is said of the picture as it is
    red, _, blue = to_linear(hazy.restored[:, -1, 0])
    assert blue == pytest.approx(red / 2, rel=1e-3)


def test_the_report_tells_the_light() -> None:
    codes = np.rint(255 * veiled((0.3, 0.3, 0.15), height=304)).astype(np.uint8).transpose(1, 2, 0)
    reports = [Restorer.from_engine(SeeingEngine()).restore(codes, task=task).report for task in ("haze", "rain")]
    assert reports[0].light == pytest.approx((0.3 / LEAST_LEVEL, 0.3 / LEAST_LEVEL, 0.15 / LEAST_LEVEL), rel=0.02)
    assert reports[1].light == (1, 1, 1)


def test_tiles_see_the_same_light() -> None:
    image = veiled((0.3, 0.3, 0.15), height=304)
    whole, tiled = (restore_array(FakeEngine(), image, tile=tile, task_weights=HAZE) for tile in (0, 64))
    np.testing.assert_allclose(whole.restored, tiled.restored, atol=2e-4)

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opir.errors import ConfigurationError, NumericalError, ShapeError
from opir.imaging import colour_uncertainty, draw_heat_map, draw_legend, heat_map_maximum
from opir.imaging.colormap import COLOURS


def luminance(colours: np.ndarray) -> np.ndarray:
    return colours.astype(float) @ [0.2126, 0.7152, 0.0722]


def test_more_error_is_lighter():
    errors = np.linspace(0, 20, 100, dtype=np.float32)[None]
    colours = colour_uncertainty(errors, maximum=20.0)
    assert colours.shape == (1, 100, 3)
    assert colours.dtype == np.uint8
    assert (np.diff(luminance(colours[0])) > 0).all()
    assert colours[0, 0].tolist() == COLOURS[0].tolist()
    assert colours[0, -1].tolist() == COLOURS[-1].tolist()


def test_a_common_scale_makes_pictures_comparable():
    small, large = np.full((2, 2), 3.0), np.array([[3.0, 30.0]])
    assert (
        colour_uncertainty(small, maximum=40.0)[0, 0].tolist() == colour_uncertainty(large, maximum=40.0)[0, 0].tolist()
    )


@pytest.mark.parametrize(
    ("error", "maximum"),
    [(0.0, 1), (0.4, 1), (1.0, 1), (1.1, 2), (3.0, 5), (5.0, 5), (7.0, 10), (12.0, 20), (99.0, 100)],
)
def test_the_scale_ends_at_a_round_number(error, maximum):
    assert heat_map_maximum(np.full((3, 4), error)) == pytest.approx(maximum)


@given(st.floats(1.0, 1e4))
def test_the_scale_covers_the_map_without_wasting_it(error):
    maximum = heat_map_maximum(np.full((2, 2), error))
    assert error <= maximum * (1 + 1e-5)
    assert maximum <= 2.5 * error * (1 + 1e-5)


def test_outliers_do_not_darken_the_rest():
    errors = np.full((100, 100), 4.0)
    errors[0, 0] = 200.0
    assert heat_map_maximum(errors) == 5.0


@pytest.mark.parametrize("shape", [(1, 1), (3, 500), (300, 2), (200, 241)])
def test_the_picture_stands_above_its_legend(shape):
    errors = np.random.default_rng(0).random(shape) * 9
    drawn = draw_heat_map(errors)
    height, width = shape
    assert drawn.shape[0] > height + 30
    assert drawn.shape[1] == max(width, 240)
    np.testing.assert_array_equal(drawn[:height, :width], colour_uncertainty(errors))
    np.testing.assert_array_equal(drawn[height:], draw_legend(heat_map_maximum(errors), width=drawn.shape[1]))


def test_the_legend_shows_all_colours_and_readable_numbers():
    legend = draw_legend(20.0, width=640)
    shown = {tuple(colour) for colour in legend.reshape(-1, 3).tolist()}
    assert {tuple(colour) for colour in COLOURS.tolist()} <= shown
    ink = (legend < 100).all(axis=2)
    ink &= ~np.isin(luminance(legend).round(3), luminance(COLOURS).round(3))
    assert ink[legend.shape[0] // 2 :].sum() > 200  # numbers and caption
    assert not np.array_equal(legend, draw_legend(10.0, width=640))  # other numbers


@pytest.mark.parametrize("maximum", [0.0, -1.0, np.nan, np.inf])
def test_impossible_maximum(maximum):
    with pytest.raises(ConfigurationError):
        draw_heat_map(np.zeros((4, 4)), maximum=maximum)
    with pytest.raises(ConfigurationError):
        draw_legend(maximum)


def test_legend_too_narrow_to_read():
    with pytest.raises(ConfigurationError, match="240"):
        draw_legend(10.0, width=239)


@pytest.mark.parametrize("draw", [draw_heat_map, colour_uncertainty, heat_map_maximum])
def test_maps_that_are_none(draw):
    for wrong in (np.zeros((3, 4, 4)), np.zeros((0, 4)), np.zeros((4, 4), np.uint8), np.full((4, 4), -1.0)):
        with pytest.raises(ShapeError):
            draw(wrong)
    with pytest.raises(NumericalError):
        draw(np.array([[0.0, np.nan]]))

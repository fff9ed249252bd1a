"""Black point and exposure of a picture once its haze is gone."""

from __future__ import annotations

import numpy as np
import pytest

from opir.runtime.dehazed_tones import (
    CLEAN_BLACK,
    DARK_IN_TRUTH,
    LEAST_HIGHLIGHT,
    MOST_VEIL,
    NO_CHANGE,
    Tones,
    choose_tones,
)


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

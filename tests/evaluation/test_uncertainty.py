from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from opir.errors import NumericalError, ShapeError
from opir.evaluation.uncertainty import (
    COVERAGE_LEVELS,
    N_FRACTIONS,
    correlation_between_pictures,
    laplace_coverage,
    mean_score,
    pearson,
    ranks,
    score_uncertainty,
    sparsification_curve,
)

ERROR = np.array([[4.0, 1.0], [3.0, 2.0]])


def test_sparsification_by_hand():
    """Of 4, 3, 2, 1 are left: mean 2.5, then 2, 1.5, 1; the other way round 2.5, 3, 3.5, 4."""
    np.testing.assert_allclose(sparsification_curve(ERROR, ERROR, n_fractions=4), [1, 0.8, 0.6, 0.4])
    np.testing.assert_allclose(sparsification_curve(-ERROR, ERROR, n_fractions=4), [1, 1.2, 1.4, 1.6])


def test_pixels_of_equal_priority_are_left_out_in_no_order():
    np.testing.assert_allclose(sparsification_curve(np.ones((2, 2)), ERROR, n_fractions=4), 1)
    priority = np.array([[1.0, 0.0], [1.0, 0.0]])  # 3.5 on average, then 1.5
    np.testing.assert_allclose(sparsification_curve(priority, ERROR, n_fractions=4), [1, 6.5 / 7.5, 0.6, 0.6])


def test_no_error_at_all_and_a_single_pixel():
    np.testing.assert_array_equal(sparsification_curve(ERROR, np.zeros((2, 2))), np.ones(N_FRACTIONS))
    np.testing.assert_array_equal(sparsification_curve(np.ones((1, 1)), np.ones((1, 1))), np.ones(N_FRACTIONS))


def test_area_of_the_sparsification_error():
    """A picture of equal errors but for one half; perfect, constant and reversed predictions."""
    reference = np.zeros((1, 20, 20))
    result = np.zeros((1, 20, 20))
    result[:, 10:] = 10 / 255
    true = 255 * result[0]
    perfect, constant, reverse = (
        score_uncertainty(map_, result, reference) for map_ in (true, 0 * true + 5, 10 - true)
    )
    assert perfect.ause == pytest.approx(0)
    # the oracle is (1 - 2 f) / (1 - f) up to f = 1/2, whose integral is 1 - ln 2; the curve ends at f = 0.98
    assert constant.aurg == pytest.approx(0)
    assert constant.ause == pytest.approx(0.98 - (1 - math.log(2)), abs=2e-3)
    assert perfect.aurg == pytest.approx(constant.ause)
    assert reverse.aurg < -0.3
    assert reverse.pearson == pytest.approx(-1)
    assert constant.pearson is None
    assert (constant.error, constant.expected_error) == pytest.approx((5, 5))


def test_correlations_agree_with_scipy():
    generator = np.random.default_rng(0)
    one = generator.integers(0, 9, (8, 9)).astype(float)  # with ties
    other = one + generator.normal(0, 3, one.shape)
    assert pearson(one, other) == pytest.approx(stats.pearsonr(one.ravel(), other.ravel()).statistic)
    np.testing.assert_array_equal(ranks(one), stats.rankdata(one.ravel()))
    expected = stats.spearmanr(one.ravel(), other.ravel()).statistic
    assert pearson(ranks(one), ranks(other)) == pytest.approx(expected)
    assert pearson(one, np.ones_like(one)) is None


def test_coverage_of_the_laplace_interval():
    """Half of the values lie within b ln 2; exactly there the count changes."""
    scale = np.full((1, 1), 3.0)
    limit = 3 * math.log(2)
    errors = np.array([limit - 1e-9, limit + 1e-9, 0, 9])[:, None, None]
    assert laplace_coverage(scale, errors, 0.5) == 0.5
    drawn = np.abs(np.random.default_rng(0).laplace(0, 3.0, (4, 100, 100)))
    for level in COVERAGE_LEVELS:
        expected = stats.laplace(scale=3.0).interval(level)[1]
        assert laplace_coverage(np.full((100, 100), 3.0), drawn, level) == np.mean(drawn <= expected)
        assert laplace_coverage(np.full((100, 100), 3.0), drawn, level) == pytest.approx(level, abs=0.01)


def test_an_honest_prediction_is_recognised():
    generator = np.random.default_rng(0)
    scale = generator.uniform(1, 20, (64, 64))
    reference = np.full((3, 64, 64), 0.5)
    honest = score_uncertainty(scale, reference + generator.laplace(0, scale, (3, 64, 64)) / 255, reference)
    assert honest.coverage_error < 0.01
    assert honest.expected_error == pytest.approx(honest.error, rel=0.03)
    assert honest.spearman is not None
    assert honest.spearman > 0.6
    boastful = score_uncertainty(scale / 3, reference + generator.laplace(0, scale, (3, 64, 64)) / 255, reference)
    assert boastful.coverage[3] < 0.6
    assert boastful.ause == pytest.approx(honest.ause, abs=0.02)


def test_means_over_pictures():
    reference = np.zeros((1, 2, 2))
    one = score_uncertainty(np.ones((2, 2)), ERROR[None] / 255, reference)
    two = score_uncertainty(3 * ERROR, ERROR[None] / 255, reference)
    mean = mean_score([one, two])
    assert mean.expected_error == pytest.approx((1 + 7.5) / 2)
    assert mean.pearson == two.pearson == pytest.approx(1)
    assert mean.sparsification[0] == 1
    np.testing.assert_allclose(mean.coverage, np.mean([one.coverage, two.coverage], axis=0))
    assert correlation_between_pictures([one, two]) is None
    three = score_uncertainty(np.zeros((2, 2)), np.zeros((1, 2, 2)), reference)
    expected = stats.pearsonr([1, 7.5, 0], [2.5, 2.5, 0]).statistic
    assert correlation_between_pictures([one, two, three]) == pytest.approx(expected)


def test_refusals():
    picture = np.zeros((3, 4, 4))
    with pytest.raises(ShapeError, match="same size"):
        score_uncertainty(np.zeros((4, 5)), picture, picture)
    for wrong in (np.nan, -1.0):
        with pytest.raises(NumericalError, match="finite and not negative"):
            score_uncertainty(np.full((4, 4), wrong), picture, picture)
    with pytest.raises(ShapeError, match="at least one"):
        mean_score([])

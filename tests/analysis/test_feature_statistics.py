"""Whether a picture is like those of the training: calibrated on pictures that were held out, tied to the weights."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fake_engine import fake_spec
from opir.analysis.feature_statistics import FILE_NAME, load_statistics
from opir.analysis.fit_statistics import fit_statistics, shrunk_covariance
from opir.errors import DatasetError, WeightsError

MIX = np.array([[1.0, 0.5, 0, 0], [0, 2.0, 0, 0.1], [0, 0, 0.1, 0], [0.3, 0, 0, 1.0]])


def roots(n: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, 4)) @ MIX + [3, -1, 0, 5]


def samples(n: int, seed: int = 0) -> np.ndarray:
    """Features whose cube roots are normal."""
    return (roots(n, seed) ** 3).astype(np.float32)


def test_one_in_a_hundred_like_the_training_is_outside_and_all_unlike_it() -> None:
    statistics = fit_statistics(samples(2000), fake_spec())
    outside = [statistics.familiarity(row).is_outside for row in samples(2000, seed=1)]
    assert 0.003 < np.mean(outside) < 0.02
    shares = [statistics.familiarity(row).share_nearer for row in samples(500, seed=2)]
    assert np.mean(shares) == pytest.approx(0.5, abs=0.05)
    assert statistics.familiarity(
        np.array([3, -1, 0.8, 5], np.float32) ** 3
    ).is_outside  # eight deviations along one axis
    assert statistics.familiarity((statistics.mean**3).astype(np.float32)).share_nearer == 0.0


def test_distance_is_that_of_mahalanobis() -> None:
    statistics = fit_statistics(samples(4000), fake_spec())
    row = np.array([4, 1, 0.1, 3], np.float32)
    offset = row - [3, -1, 0, 5]
    expected = np.sqrt(offset @ np.linalg.inv(MIX.T @ MIX) @ offset)
    assert statistics.familiarity(row**3).distance == pytest.approx(expected, rel=0.08)


def test_a_file_says_the_same(tmp_path: Path) -> None:
    statistics = fit_statistics(samples(200), fake_spec())
    statistics.save(tmp_path)
    loaded = load_statistics(tmp_path, fake_spec())
    assert loaded is not None
    row = samples(1, seed=9)[0]
    assert loaded.familiarity(row).distance == pytest.approx(statistics.familiarity(row).distance, rel=1e-6)
    assert loaded.n_samples == 200


def test_absent_or_of_other_weights_is_none(tmp_path: Path) -> None:
    assert load_statistics(tmp_path, fake_spec()) is None
    fit_statistics(samples(200), fake_spec()).save(tmp_path)
    assert load_statistics(tmp_path, replace(fake_spec(), sha256={"fake": "1" * 64})) is None


@pytest.mark.parametrize("damage", ["half", "shorter", "singular", "text", "list"])
def test_damaged_is_said(tmp_path: Path, damage: str) -> None:
    path = fit_statistics(samples(200), fake_spec()).save(tmp_path)
    entries = json.loads(path.read_text())
    changes = {
        "shorter": entries | {"mean": entries["mean"][:3]},
        "singular": entries | {"covariance": [0.0] * 10},
        "text": entries | {"distances": "far"},
        "list": [entries],
    }
    path.write_text(json.dumps(changes[damage]) if damage in changes else path.read_text()[:50])
    with pytest.raises(WeightsError, match=FILE_NAME):
        load_statistics(tmp_path, fake_spec())


def test_few_pictures_are_refused() -> None:
    with pytest.raises(DatasetError, match="need 8 training pictures or more; got 7"):
        fit_statistics(samples(7), fake_spec())


def test_few_samples_still_give_a_covariance_that_can_be_inverted() -> None:
    few = np.random.default_rng(0).normal(size=(10, 30))
    few[:, 3] = 7.0  # never varies
    assert np.linalg.eigvalsh(shrunk_covariance(few)).min() > 0
    many = roots(20_000)
    np.testing.assert_allclose(shrunk_covariance(many), np.cov(many.T, bias=True), rtol=0.02, atol=0.003)

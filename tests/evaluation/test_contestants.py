"""Models told the task and classical methods; blind models are in test_benchmark.py."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from fake_engine import FakeEngine, fake_spec
from opir.baselines.catalogue import BASELINES
from opir.data import ImageSet
from opir.errors import ConfigurationError, MissingExtraError, NumericalError, ShapeError
from opir.evaluation.benchmark import evaluate
from opir.evaluation.contestants import BaselineContestant, ModelContestant, check_told
from opir.evaluation.plan import Case, Label, plan_cases
from opir.evaluation.protocols import PROTOCOLS
from opir.evaluation.synthetic import Synthetic
from opir.runtime.restore import Restorer


@pytest.fixture
def weather(write_set) -> ImageSet:
    """Two rows, labelled haze and haze+rain."""
    pictures = {
        f"CDD-11_test/{kind}/1.png": np.full((24, 24, 3), level)
        for kind, level in (("haze", 150), ("haze_rain", 170), ("clear", 100))
    }
    return write_set(pictures)


def cases_of(image_set: ImageSet) -> list[Case]:
    return list(plan_cases(image_set, PROTOCOLS["ours"]).cases())


def test_labels_carry_the_tasks(weather: ImageSet):
    assert [label.tasks for label in plan_cases(weather, PROTOCOLS["cdd11"]).labels] == [("haze",), ("haze", "rain")]
    damages = [Synthetic(kind="noise", level=0), Synthetic(kind="noise", level=25), Synthetic(kind="jpeg", level=10)]
    assert [damage.tasks for damage in damages] == [(), ("noise",), ("jpeg",)]


def test_told_by_name_is_told_to_every_picture(weather: ImageSet):
    restorer = Restorer.from_engine(FakeEngine())
    told = ModelContestant(restorer, told=("noise", "haze"))
    for case in cases_of(weather):
        expected = restorer.restore_array(case.degraded, task=("noise", "haze"))
        np.testing.assert_array_equal(told.restore(case).image, expected.image)
    identity = told.identity
    assert (identity.name, identity.told) == ("fake, told noise+haze", "noise+haze")
    assert ModelContestant(restorer).identity.told is None


def test_told_as_given_follows_the_label(weather: ImageSet):
    restorer = Restorer.from_engine(FakeEngine())
    told = ModelContestant(restorer, told="given")
    assert (told.identity.name, told.identity.told) == ("fake, told", "given")
    results = [told.restore(case).image for case in cases_of(weather)]
    for case, result, tasks in zip(cases_of(weather), results, [("haze",), ("haze", "rain")], strict=True):
        np.testing.assert_array_equal(result, restorer.restore_array(case.degraded, task=tasks).image)
        assert np.abs(result - restorer.restore_array(case.degraded).image).max() > 1e-4


def test_what_a_model_cannot_be_told_is_refused_before_the_work(random_pairs: ImageSet):
    spec = fake_spec()
    labels = plan_cases(random_pairs, PROTOCOLS["ours"]).labels
    with pytest.raises(ConfigurationError, match="those of row 'as given' are labelled with none"):
        check_told("given", labels, spec)
    with pytest.raises(ConfigurationError, match=r"not trained on the task 'jpeg' .*it knows noise, rain, haze"):
        check_told(("noise", "jpeg"), labels, spec)
    snow = Label(row="snow", name="a", path=labels[0].path, tasks=("snow",))
    with pytest.raises(ConfigurationError, match=r"'snow' \(snow\)"):
        check_told("given", [snow], spec)
    check_told(("haze",), labels, spec)


def test_a_baseline_is_scored_like_any_other(random_pairs: ImageSet):
    protocol, median = PROTOCOLS["ours"], BaselineContestant(BASELINES["nlm"])
    scores = evaluate(plan_cases(random_pairs, protocol).cases(), [median], protocol)
    assert scores[-1].results[0].values[0] > scores[-1].input[0] + 3  # the noisiest of the three
    assert all(score.results[0].uncertainty is None for score in scores)
    assert all((score.results[0].seconds or 0) > 0 for score in scores)
    identity = median.identity
    assert (identity.name, identity.kind) == ("nlm", "baseline")
    assert identity.source.startswith("non-local means (A. Buades")
    assert identity.engine == BASELINES["nlm"].software
    assert "0.6 sigma" in (identity.parameters or "")


def test_a_picture_that_a_baseline_cannot_do_is_named(write_set):
    image_set = write_set({f"{kind}/a.png": np.full((12, 40, 3), 7) for kind in ("input", "target")})
    with pytest.raises(ShapeError, match=r"input/a\.png \(as given\): .*at least 16 px"):
        evaluate(cases_of(image_set), [BaselineContestant(BASELINES["gamma"])], PROTOCOLS["ours"])


def test_values_that_are_not_finite_are_told_with_the_file(random_pairs: ImageSet):
    case = cases_of(random_pairs)[0]
    case.degraded[0, 3, 3] = np.nan
    for contestant in (BaselineContestant(BASELINES["gamma"]), ModelContestant(Restorer.from_engine(FakeEngine()))):
        with pytest.raises(NumericalError, match=r"input/a\.png \(as given\): .*holds NaN"):
            contestant.restore(case)


def test_a_missing_library_is_an_error_before_the_work(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "cv2", None)
    with pytest.raises(MissingExtraError, match=r"need cv2, .*pip install 'opir\[benchmark\]'"):
        BaselineContestant(BASELINES["median"])

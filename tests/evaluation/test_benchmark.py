from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from fake_engine import FakeEngine, fake_spec
from opir.data import ImageSet
from opir.errors import NumericalError
from opir.evaluation.benchmark import evaluate, quality, summarise
from opir.evaluation.contestants import Identity, ModelContestant, Restored
from opir.evaluation.plan import Case, plan_cases
from opir.evaluation.protocols import PROTOCOLS
from opir.runtime.passes import restore_array
from opir.runtime.restore import Restorer


@dataclass
class Blend:
    """Knows the reference, and goes a share of the way from the input to it."""

    share: float
    expected_error: float | None = None

    @property
    def identity(self) -> Identity:
        return Identity(name=f"blend {self.share}", kind="folder", source="nowhere")

    def restore(self, case: Case) -> Restored:
        image = case.degraded + np.float32(self.share) * (case.clean - case.degraded)
        size = case.clean.shape[1:]
        known = None if self.expected_error is None else np.full(size, self.expected_error, np.float32)
        return Restored(image=image, expected_error=known, seconds=1.0)


def test_the_input_is_scored_beside_every_contestant(random_pairs: ImageSet):
    protocol = PROTOCOLS["ours"]
    scores = evaluate(plan_cases(random_pairs, protocol).cases(), [Blend(0.5), Blend(-1.0), Blend(1.0)], protocol)
    assert [score.label.name for score in scores] == ["a", "b", "c"]
    for score in scores:
        halved, doubled, perfect = (result.values for result in score.results)
        assert halved[0] == pytest.approx(score.input[0] + 20 * np.log10(2), abs=1e-3)
        assert doubled[0] < score.input[0] - 4  # less than 6.02 dB, since values are clipped
        assert perfect[0] == 100
        assert halved[-1] == pytest.approx(score.input[-1] / 2, abs=1e-3)
    assert [quality(score, protocol) for score in scores] == [score.results[0].values[0] for score in scores]


def test_rows_and_means(random_pairs: ImageSet, write_set):
    protocol = PROTOCOLS["ours"]
    scores = evaluate(plan_cases(random_pairs, protocol).cases(), [Blend(0.5), Blend(-1)], protocol)
    (row,) = summarise(scores, protocol)
    assert (row.row, row.n_pictures) == ("as given", 3)
    assert row.input[0] == pytest.approx(np.mean([score.input[0] for score in scores]))
    assert [result.n_worse for result in row.results] == [0, 3]
    assert row.results[1].values[4] == pytest.approx(np.mean([score.results[1].values[4] for score in scores]))
    assert row.results[0].uncertainty is None


def test_a_result_that_equals_its_input_is_not_worse(random_pairs: ImageSet):
    """8-bit scores of a float32 input and of its copy differ in the last digits."""
    for name in ("ours", "basicsr"):
        protocol = PROTOCOLS[name]
        scores = evaluate(plan_cases(random_pairs, protocol).cases(), [Blend(0.0), Blend(1e-9)], protocol)
        (row,) = summarise(scores, protocol)
        assert [result.n_worse for result in row.results] == [0, 0]


def test_several_rows_have_a_mean_over_all_pictures(write_set):
    names = ["haze/1.png", "haze/2.png", "clear/1.png", "clear/2.png", "low/1.png"]
    levels = (10, 20, 0, 0, 40)
    pictures = {name: np.full((16, 16, 3), level) for name, level in zip(names, levels, strict=True)}
    image_set = write_set({f"CDD-11_test/{name}": picture for name, picture in pictures.items()})
    protocol = PROTOCOLS["cdd11"]
    rows = summarise(evaluate(plan_cases(image_set, protocol).cases(), [], protocol), protocol)
    assert {row.row: row.n_pictures for row in rows} == {"haze": 2, "low_light": 1, "all": 3}
    psnr = {level: 20 * np.log10(255 / level) for level in levels if level}
    assert rows[-1].input[0] == pytest.approx(np.mean(list(psnr.values())), abs=1e-4)


def test_uncertainty_is_scored_where_it_is_predicted(random_pairs: ImageSet):
    protocol = PROTOCOLS["ours"]
    contestants = [Blend(0.5, expected_error=7.0), Blend(0.5)]
    scores = evaluate(plan_cases(random_pairs, protocol).cases(), contestants, protocol)
    (row,) = summarise(scores, protocol)
    known, unknown = row.results
    assert known.uncertainty is not None
    assert known.uncertainty.expected_error == pytest.approx(7)
    assert known.uncertainty.error == pytest.approx(known.values[-1], abs=1e-4)  # the mean absolute error
    assert known.between_pictures is None  # a constant prediction tells nothing
    assert unknown.uncertainty is None


def test_a_model_is_scored_before_rounding(random_pairs: ImageSet):
    engine = FakeEngine(spec=fake_spec(uncertainty_scale=3.0))
    contestant = ModelContestant(Restorer.from_engine(engine))
    case = next(plan_cases(random_pairs, PROTOCOLS["aio"]).cases())
    result = contestant.restore(case)
    expected = restore_array(FakeEngine(spec=fake_spec(uncertainty_scale=1.0)), case.degraded, tile=0)
    np.testing.assert_allclose(result.image, expected.restored, atol=1e-6)
    assert result.expected_error is not None
    np.testing.assert_allclose(result.expected_error, 3 * 255 * expected.expected_error, rtol=1e-5)
    assert (result.image * 255 % 1 > 0.01).any()
    assert contestant.identity.source == "fake 1.2.3"
    assert contestant.identity.weights_sha256 == engine.spec.fingerprint
    assert contestant.identity.engine == "fake, cpu, float32"


def test_tiles_follow_the_restorer_and_are_640_px_unless_told(write_set):
    image_set = write_set({f"{kind}/a.png": np.full((16, 700, 3), 50) for kind in ("input", "target")})
    case = next(plan_cases(image_set, PROTOCOLS["ours"]).cases())
    areas = {}
    for tile in ("auto", 0, 80):
        engine = FakeEngine()
        ModelContestant(Restorer.from_engine(engine, tile=tile)).restore(case)
        areas[tile] = max(engine.areas)
    assert areas[80] < areas["auto"] < areas[0] == 16 * 704


def test_the_network_sees_noise_that_is_not_clipped(write_set):
    from opir.evaluation.synthetic import Synthetic

    image_set = write_set({"a.png": np.full((16, 16, 3), 255)})
    protocol = PROTOCOLS["float-noise"]
    plan = plan_cases(image_set, protocol, synthetic=[Synthetic(kind="noise", level=25)])
    (case,) = plan.cases()
    assert case.degraded.max() > 1.1
    (score,) = evaluate([case], [ModelContestant(Restorer.from_engine(FakeEngine()))], protocol)
    noise = 25 * np.random.RandomState(0).standard_normal((16, 16, 3))
    assert score.input[0] == pytest.approx(10 * np.log10(255**2 / np.mean(noise**2)), abs=1e-3)


def test_values_that_are_not_finite_are_told_with_the_file(random_pairs: ImageSet):
    protocol = PROTOCOLS["ours"]
    broken = ModelContestant(Restorer.from_engine(FakeEngine(spoiled_stage=1)))
    with pytest.raises(NumericalError, match=r"input/a\.png \(as given\): stage 2 gave values"):
        evaluate(plan_cases(random_pairs, protocol).cases(), [broken], protocol)
    with pytest.raises(NumericalError, match=r"input/a\.png .* result of blend nan"):
        evaluate(plan_cases(random_pairs, protocol).cases(), [Blend(float("nan"))], protocol)


def test_an_observer_sees_every_case(random_pairs: ImageSet):
    protocol, seen = PROTOCOLS["ours"], []
    evaluate(
        plan_cases(random_pairs, protocol).cases(),
        [Blend(1.0)],
        protocol,
        on_scored=lambda case, results, score: seen.append((case.label == score.label, len(results))),
    )
    assert seen == [(True, 1)] * 3

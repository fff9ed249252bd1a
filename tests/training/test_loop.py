"""Training: exact resume, the same run whatever the number of workers, and numbers that are not finite."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import torch

import opir.training.step
from conftest_data import small_banks
from conftest_model import SMALL
from conftest_training import MIXTURE, assert_same_runs, numbers_of, small_recipe
from opir.errors import ConfigurationError, NumericalError
from opir.model import load_network, save_network
from opir.model.log_odds import LogOddsChange, change_log_odds
from opir.training.loop import train
from opir.training.recipe import Phase


@pytest.fixture
def banks():
    return small_banks()


def stop_after(n_steps):
    answers = iter([True] * (n_steps - 1) + [False])
    return lambda: next(answers)


def run(recipe, banks, folder, **options):
    return train(recipe, banks, folder, **({"n_workers": 0, "report_every": 2, "device": "cpu"} | options))


@pytest.mark.parametrize("sampling", ["stream", "resident"])
@pytest.mark.parametrize("n_first", [2, 3])
def test_resuming_is_bitwise_the_same_as_never_stopping(banks, tmp_path, sampling, n_first):
    """Within a phase, at the border between two, and in the middle of a report."""
    recipe = small_recipe(sampling=sampling)
    run(recipe, banks, tmp_path / "straight")
    run(recipe, banks, tmp_path / "broken", keep_going=stop_after(n_first))
    assert torch.load(tmp_path / "broken" / "state.pt", weights_only=True)["step"] == n_first
    run(recipe, banks, tmp_path / "broken")
    assert_same_runs(tmp_path / "straight", tmp_path / "broken")


def test_random_numbers_of_torch_resume_too(banks, tmp_path, monkeypatch):
    """Nothing draws from torch's own generator now; a layer that does must not break the exact resume."""
    losses = opir.training.step.restoration_losses

    def drawn(*arguments, **named):
        terms = losses(*arguments, **named)
        return replace(terms, total=terms.total * torch.rand(()))

    run(small_recipe(), banks, tmp_path / "plain")
    monkeypatch.setattr(opir.training.step, "restoration_losses", drawn)
    run(small_recipe(), banks, tmp_path / "straight")
    assert numbers_of(tmp_path / "straight") != numbers_of(tmp_path / "plain")
    run(small_recipe(), banks, tmp_path / "broken", keep_going=stop_after(3))
    torch.rand(7)
    run(small_recipe(), banks, tmp_path / "broken")
    assert_same_runs(tmp_path / "straight", tmp_path / "broken")


def test_the_number_of_workers_does_not_matter(banks, tmp_path):
    run(small_recipe(), banks, tmp_path / "0")
    run(small_recipe(), banks, tmp_path / "2", n_workers=2)
    assert_same_runs(tmp_path / "0", tmp_path / "2")


def test_training_learns_and_reports(banks, tmp_path):
    reports = []
    recipe = small_recipe(
        ingredients={"noise": MIXTURE["noise"]}, phases=(Phase(crop_size=32, batch_size=4),), n_steps=60,
        n_warmup=10, learning_rate=1e-3,
    )  # fmt: skip
    run(recipe, banks, tmp_path, report_every=15, report=reports.append)
    assert [report.step for report in reports] == [15, 30, 45, 60]
    assert reports[-1].losses["total"] < reports[0].losses["total"]
    assert reports[0].losses.keys() >= {"total", "restoration", "tasks"}
    assert all(report.psnr_by_task == {"noise": pytest.approx(report.psnr)} for report in reports)
    assert reports[-1].learning_rate < recipe.learning_rate / 10


def test_psnr_is_told_apart_by_task(banks, tmp_path):
    reports = []
    run(small_recipe(n_steps=12), banks, tmp_path, report_every=12, report=reports.append)
    by_task = reports[0].psnr_by_task
    assert by_task.keys() == {"noise", "clean"}
    assert by_task["noise"] < reports[0].psnr < by_task["clean"]


def test_a_run_starts_from_given_weights_of_the_same_sizes(banks, tmp_path):
    run(small_recipe(), banks, tmp_path / "a")
    still = small_recipe(n_steps=2, learning_rate=1e-12)
    network = run(still, banks, tmp_path / "b", start_from=tmp_path / "a")
    torch.testing.assert_close(network.head.weight, load_network(tmp_path / "a").head.weight)
    other = replace(still, model=replace(SMALL, n_context=4))
    with pytest.raises(ConfigurationError, match="must be that of the weights to start from, n_context="):
        run(other, banks, tmp_path / "c", start_from=tmp_path / "a")


def test_changed_log_odds_are_kept_and_training_does_not_see_them(banks, tmp_path):
    run(small_recipe(), banks, tmp_path / "a")
    network = load_network(tmp_path / "a")
    change_log_odds(network, [LogOddsChange(task="noise", slope=9.0, shift=-20.0)])
    (tmp_path / "changed").mkdir()
    save_network(network, tmp_path / "changed" / "model.safetensors")
    recipe = small_recipe(n_steps=3)
    plain = run(recipe, banks, tmp_path / "b", start_from=tmp_path / "a").state_dict()
    changed = run(recipe, banks, tmp_path / "c", start_from=tmp_path / "changed").state_dict()
    assert torch.equal(changed.pop("estimator.log_odds"), network.estimator.log_odds)
    assert not torch.equal(plain.pop("estimator.log_odds"), network.estimator.log_odds)
    for name, value in plain.items():
        assert torch.equal(value, changed[name]), name


def test_parts_that_begin_anew_do_not_keep_the_given_weights(banks, tmp_path):
    run(small_recipe(), banks, tmp_path / "a")
    anew = small_recipe(n_steps=2, learning_rate=1e-12, frozen=("estimator",), fresh=("predictor", "head"))
    network, given = run(anew, banks, tmp_path / "b", start_from=tmp_path / "a"), load_network(tmp_path / "a")
    assert torch.equal(network.estimator.entry.weight, given.estimator.entry.weight)
    assert not torch.allclose(network.predictor.entry.weight, given.predictor.entry.weight, atol=1e-3)
    with pytest.raises(ConfigurationError, match="needs weights to start from"):
        run(anew, banks, tmp_path / "c")


class Poison:
    """Losses of which those of some calls are not a number; calls are counted from 1."""

    def __init__(self, monkeypatch, calls):
        self.n_calls = 0
        self.losses = opir.training.step.restoration_losses
        self.calls = calls
        monkeypatch.setattr(opir.training.step, "restoration_losses", self)

    def __call__(self, *arguments, **named):
        self.n_calls += 1
        terms = self.losses(*arguments, **named)
        return replace(terms, total=terms.total * torch.nan) if self.n_calls in self.calls else terms


def test_a_step_that_fails_in_bfloat16_is_repeated_in_float32(banks, tmp_path, monkeypatch):
    run(small_recipe(), banks, tmp_path / "float32")
    run(small_recipe(precision="bfloat16"), banks, tmp_path / "bfloat16")
    Poison(monkeypatch, calls=range(1, 100, 2))  # every first attempt
    run(small_recipe(precision="bfloat16"), banks, tmp_path / "repeated")
    weights = [load_network(tmp_path / name).head.weight for name in ("float32", "repeated", "bfloat16")]
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[1], weights[2])
    events = [line["event"] for line in numbers_of(tmp_path / "repeated") if "event" in line]
    assert events == ["repeated in float32"] * 6


def test_a_step_that_fails_in_float32_too_stops_the_run_and_keeps_the_checkpoint(banks, tmp_path, monkeypatch):
    recipe = small_recipe(precision="bfloat16", checkpoint_minutes=1e-9)
    with monkeypatch.context() as poisoned:
        Poison(poisoned, calls=(4, 5))
        with pytest.raises(
            NumericalError, match=r"step 4: .* loss nan .* in float32; .*state\.pt holds step 3: .*rate"
        ):
            run(recipe, banks, tmp_path)
    assert numbers_of(tmp_path)[-1]["event"] == "not finite"
    assert torch.load(tmp_path / "state.pt", weights_only=True)["step"] == 3
    network = run(replace(recipe, learning_rate=1e-4), banks, tmp_path)
    assert all(parameter.isfinite().all() for parameter in network.parameters())
    assert [line["step"] for line in numbers_of(tmp_path)] == [2, 4, 6]


def test_a_finished_run_is_left_alone(banks, tmp_path):
    recipe = small_recipe(n_steps=2)
    one = run(recipe, banks, tmp_path)
    before = (tmp_path / "state.pt").read_bytes()
    two = run(recipe, banks, tmp_path)
    assert torch.equal(one.head.weight, two.head.weight)
    assert (tmp_path / "state.pt").read_bytes() == before
    assert [start["step"] for start in json.loads((tmp_path / "environment.json").read_text())] == [0, 2]

"""Training: reproducible samples, exact resume, losses that mean what they say."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest
import torch

from conftest_data import NOISE, small_banks
from opir.errors import ConfigurationError, WeightsError
from opir.model import load_network
from opir.training.loop import train
from opir.training.losses import balanced, charbonnier, fourier_l1, laplace_likelihood
from opir.training.recipes import RECIPES, Recipe, override, recipe
from opir.training.schedule import cosine_with_warmup


@pytest.fixture
def banks():
    return small_banks()


def small_recipe(**changes):
    settings = {
        "name": "trial", "preset": "tiny", "ingredients": NOISE, "n_steps": 6, "batch_size": 2, "crop_size": 32,
        "n_warmup": 2, "precision": "float32",
    }  # fmt: skip
    return Recipe(**(settings | changes))


def test_resuming_is_bitwise_the_same_as_never_stopping(banks, tmp_path):
    chosen = small_recipe()
    straight = train(chosen, banks, tmp_path / "straight", n_workers=0)
    calls = iter([True, True, False])
    train(chosen, banks, tmp_path / "broken", n_workers=0, keep_going=lambda: next(calls))
    assert not torch.equal(
        load_network(tmp_path / "broken").head.weight, load_network(tmp_path / "straight").head.weight
    )
    resumed = train(chosen, banks, tmp_path / "broken", n_workers=0)
    for (name, one), two in zip(straight.state_dict().items(), resumed.state_dict().values(), strict=True):
        assert torch.equal(one, two), name


def test_the_number_of_workers_does_not_matter(banks, tmp_path):
    chosen = small_recipe(n_steps=3)
    none = train(chosen, banks, tmp_path / "0", n_workers=0)
    two = train(chosen, banks, tmp_path / "2", n_workers=2)
    assert torch.equal(none.head.weight, two.head.weight)


def test_training_learns_and_leaves_a_record(banks, tmp_path):
    reports = []
    chosen = small_recipe(n_steps=60, n_warmup=10, learning_rate=5e-4)
    train(chosen, banks, tmp_path, n_workers=0, report_every=15, report=reports.append)
    assert [report.step for report in reports] == [15, 30, 45, 60]
    assert reports[-1].losses["total"] < reports[0].losses["total"]
    lines = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [15, 30, 45, 60]
    assert json.loads((tmp_path / "recipe.json").read_text())["n_steps"] == 60
    assert not list(tmp_path.glob("*.partial"))


def test_a_run_starts_from_given_weights(banks, tmp_path):
    train(small_recipe(), banks, tmp_path / "a", n_workers=0)
    still = small_recipe(n_steps=1, learning_rate=1e-12)
    network = train(still, banks, tmp_path / "b", n_workers=0, start_from=tmp_path / "a")
    torch.testing.assert_close(network.head.weight, load_network(tmp_path / "a").head.weight)


def test_a_damaged_checkpoint_is_named(banks, tmp_path):
    (tmp_path / "state.pt").write_bytes(b"PK\x03\x04 not a checkpoint")
    with pytest.raises(WeightsError, match=r"state\.pt cannot be resumed"):
        train(small_recipe(), banks, tmp_path, n_workers=0)


def test_charbonnier_and_fourier_closed_forms():
    zero = torch.zeros(1, 3, 8, 8)
    assert charbonnier(zero, zero, epsilon=1e-3).tolist() == pytest.approx([1e-3])
    assert charbonnier(zero + 0.3, zero, epsilon=0.4).tolist() == pytest.approx([0.5])
    impulse = zero.clone()
    impulse[0, :, 0, 0] = 8.0  # the orthonormal spectrum of an impulse of height 8 on 8 x 8 is 1 everywhere
    assert fourier_l1(impulse, zero).item() == pytest.approx(0.5)


def test_balancing_takes_weight_from_pictures_with_large_errors():
    errors = torch.tensor([0.0, 0.02, 0.18], requires_grad=True)
    balanced(errors, balance=0.02).backward()
    torch.testing.assert_close(3 * errors.grad, torch.tensor([1.0, 0.25, 0.01]))


def test_the_likelihood_is_smallest_at_the_true_error_and_moves_only_the_scale():
    restored = torch.full((1, 3, 4, 4), 0.5, requires_grad=True)
    clean = restored.detach() + 0.1
    values = [laplace_likelihood(torch.full((1, 1, 4, 4), b), restored, clean).item() for b in (0.05, 0.1, 0.2)]
    assert values[1] < values[0]
    assert values[1] < values[2]
    scale = torch.full((1, 1, 4, 4), 0.05, requires_grad=True)
    laplace_likelihood(scale, restored, clean).backward()
    assert restored.grad is None
    assert (scale.grad < 0).all()


def test_the_schedule_rises_and_falls():
    rates = [cosine_with_warmup(step, peak=1.0, n_steps=100, n_warmup=10) for step in range(101)]
    assert rates[0] == pytest.approx(0.1)
    assert max(rates) == rates[10] == pytest.approx(1.0)
    assert rates[55] == pytest.approx(0.505)
    assert rates[100] == pytest.approx(0.01)
    assert all(later < earlier for earlier, later in pairwise(rates[10:]))


def test_recipes_are_complete_and_overridable():
    for name in RECIPES:
        assert recipe(name).name == name
        assert sum(ingredient.weight for ingredient in recipe(name).ingredients.values()) == pytest.approx(1)
    changed = override(recipe("four_tasks"), ["n_steps=7", "learning_rate=1e-3", "precision=float32"])
    assert (changed.n_steps, changed.learning_rate, changed.precision) == (7, 1e-3, "float32")


@pytest.mark.parametrize("change", ["n_step=7", "n_steps", "n_steps=many", "batch_size=0", "precision=int4"])
def test_bad_changes_are_refused(change):
    with pytest.raises(ConfigurationError, match=r"got|must"):
        override(recipe("four_tasks"), [change])


def test_an_unknown_recipe_suggests_the_nearest():
    with pytest.raises(ConfigurationError, match="did you mean 'four_tasks'"):
        recipe("for_tasks")

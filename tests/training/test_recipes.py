"""Recipes: complete, valid, and split into phases without a gap."""

from __future__ import annotations

import math

import pytest
import torch

from conftest_data import NOISE
from opir.data.mixture import check_mixture
from opir.data.training_folder import CLEAN, OTHER, PAIRS
from opir.errors import ConfigurationError
from opir.model import PRESETS, RestorationNetwork, preset
from opir.tasks import TASKS
from opir.training.losses import LossWeights, restoration_losses
from opir.training.recipe import Phase, Recipe
from opir.training.recipes import RECIPES, recipe

BANKS = {CLEAN, OTHER + PAIRS, *(task + PAIRS for task in TASKS)}


@pytest.mark.parametrize("name", RECIPES)
def test_every_named_recipe_can_be_trained(name):
    chosen = recipe(name)
    assert chosen.name == name
    assert chosen.phase_bounds()[-1][1] == chosen.n_steps
    if name == "finetune":
        assert chosen.ingredients == {}
    else:
        check_mixture(BANKS, chosen.ingredients)
        assert all(ingredient.weight > 0 for ingredient in chosen.ingredients.values())


def test_recipes_train_the_tasks_of_their_names():
    def tasks(name):
        return {task for entry in recipe(name).ingredients.values() for task in entry.tasks}

    assert tasks("three_tasks") == {"rain", "haze"}
    assert tasks("five_tasks") == {"rain", "haze", "blur", "low_light"}
    for task in TASKS:
        assert tasks(f"one_task_{task}") == {task}
    assert {f"one_task_{task}" for task in TASKS} < set(RECIPES)


def test_pairs_of_low_light_do_not_teach_that_there_is_no_noise():
    assert recipe("all_tasks").ingredients["low_light_pairs"].may_hide == ("noise", "jpeg")


def test_neither_softness_nor_darkness_tells_the_estimator_of_cameras_noise():
    ingredients = recipe("estimator").ingredients
    noise = [ingredients[name] for name in ("sensor_noise", "correlated_noise", "camera_files", "developed_files")]
    assert {entry.enlarged for entry in noise} == {ingredients["jpeg"].enlarged}
    assert all(entry.darkened > ingredients["motion_blur"].darkened > 1 for entry in noise)
    assert not any("low_light" in (*entry.tasks, *entry.operators) for entry in noise)


def test_the_papers_form_differs_from_three_tasks_in_nothing_but_the_network():
    paper, ours = recipe("paper"), recipe("three_tasks")
    assert paper.model == PRESETS["paper"]
    assert paper.loss.uncertainty == 0
    back = paper.with_model(ours.model)
    assert back.loss == ours.loss
    assert (back.ingredients, back.phases, back.n_steps) == (ours.ingredients, ours.phases, ours.n_steps)


def test_the_papers_form_has_finite_losses_and_gradients():
    chosen = recipe("paper")
    torch.manual_seed(0)
    network = RestorationNetwork(chosen.model)
    output = network(torch.rand(2, 3, 32, 32))
    labels = torch.zeros(2, len(TASKS))
    losses = restoration_losses(output, torch.rand(2, 3, 32, 32), labels, labels + 1, chosen.loss)
    losses.total.backward()
    assert all(value.isfinite() for value in vars(losses).values())
    gradient = network.head.weight.grad
    assert gradient.isfinite().all()
    assert gradient.abs().max() > 0


def test_a_chosen_uncertainty_survives_another_network_that_learns_a_scale():
    chosen = Recipe(name="trial", ingredients=NOISE, loss=LossWeights(uncertainty=0.01))
    assert chosen.with_model(preset("tiny")).loss.uncertainty == 0.01


@pytest.mark.parametrize("n_steps", [1, 2, 3, 7, 100, 20_001])
@pytest.mark.parametrize("shares", [(1.0,), (0.7, 0.3), (1 / 3, 1 / 3, 1 / 3), (0.1,) * 10])
def test_phases_cover_the_steps(n_steps, shares):
    chosen = Recipe(name="trial", n_steps=n_steps, phases=tuple(Phase(share=share) for share in shares))
    bounds = chosen.phase_bounds()
    assert [step for first, stop in bounds for step in range(first, stop)] == list(range(n_steps))
    for (first, stop), share in zip(bounds, shares, strict=True):
        assert math.isclose(stop - first, share * n_steps, abs_tol=1)


def test_a_step_belongs_to_its_phase():
    small, large = Phase(share=0.75, crop_size=32), Phase(share=0.25, crop_size=64)
    chosen = Recipe(name="trial", n_steps=8, phases=(small, large))
    assert [chosen.phase_at(step).crop_size for step in range(8)] == [32] * 6 + [64] * 2
    assert chosen.largest_crop == 64
    for step in (-1, 8):
        with pytest.raises(ConfigurationError, match="0 to 7"):
            chosen.phase_at(step)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"n_steps": 0}, "n_steps must be positive; got 0"),
        ({"learning_rate": -1.0}, "learning_rate must be positive"),
        ({"average_decay": 1.0}, "average_decay must lie in"),
        ({"precision": "int4"}, "precision must be one of .*got 'int4'"),
        ({"sampling": "magic"}, "sampling must be one of"),
        ({"phases": ()}, "add up to 1; got 0"),
        ({"phases": (Phase(share=0.5), Phase(share=0.4))}, "add up to 1; got 0.9"),
        ({"accumulate": 4}, "multiple of accumulate"),
        ({"model": PRESETS["paper"]}, "uncertainty must be 0"),
    ],
)
def test_impossible_recipes_are_refused(settings, message):
    with pytest.raises(ConfigurationError, match=message):
        Recipe(name="trial", **settings)


@pytest.mark.parametrize("settings", [{"crop_size": 30}, {"batch_size": 0}, {"told_share": 1.5}, {"share": 0.0}])
def test_impossible_phases_are_refused(settings):
    (name,) = settings
    with pytest.raises(ConfigurationError, match=name):
        Phase(**settings)


def test_an_unknown_recipe_suggests_the_nearest():
    with pytest.raises(ConfigurationError, match="did you mean 'four_tasks'"):
        recipe("for_tasks")

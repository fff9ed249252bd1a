"""Parts of a network that training leaves alone."""

from __future__ import annotations

import copy
from dataclasses import replace

import pytest
import torch

from conftest_data import small_banks
from conftest_model import SMALL, randomise
from conftest_training import small_recipe
from opir.errors import ConfigurationError
from opir.model import RestorationNetwork
from opir.model.task_owned import owned_entries
from opir.tasks import TASKS
from opir.training.distributed import Processes
from opir.training.frozen import freeze, train_tasks_alone
from opir.training.optimiser import build_optimiser
from opir.training.recipe import Phase
from opir.training.sample_source import step_batches
from opir.training.step import training_step

ALONE = Processes(device=torch.device("cpu"))


def changed_by_a_step(recipe) -> set[str]:
    """Names of the parameters that one step changes."""
    torch.manual_seed(0)
    network = randomise(RestorationNetwork(SMALL)).train()
    before = stepped(network, recipe)
    return {name for name, parameter in network.named_parameters() if not torch.equal(parameter, before[name])}


def stepped(network: RestorationNetwork, recipe) -> dict[str, torch.Tensor]:
    """Take one step; the weights of before."""
    freeze(network, recipe.frozen)
    train_tasks_alone(network, recipe.only_tasks)
    before = copy.deepcopy(dict(network.named_parameters()))
    (batch,) = next(step_batches(small_banks(), recipe, ALONE, first=0, n_workers=0))
    n_stages = recipe.phases[0].n_stages
    result = training_step(network, build_optimiser(network, recipe), [batch], recipe, ALONE, n_stages=n_stages)
    assert result.finite
    return before


def test_frozen_parts_keep_their_weights_and_the_others_do_not():
    names = dict(RestorationNetwork(SMALL).named_parameters())
    changed = changed_by_a_step(small_recipe(frozen=("estimator.entry", "predictor", "head.bias")))
    frozen = {name for name in names if name.startswith(("estimator.entry.", "predictor.", "head.bias"))}
    assert changed == set(names) - frozen


def test_without_stages_the_estimator_alone_learns():
    phases = (Phase(crop_size=32, batch_size=8, n_stages=0),)
    changed = changed_by_a_step(replace(small_recipe(), phases=phases))
    names = set(dict(RestorationNetwork(SMALL).named_parameters()))
    # What has no gradient shrinks by the decay of AdamW at most where it has one: nowhere else.
    wanted = {name for name in names if name.startswith("estimator.") and not name.startswith("estimator.context")}
    assert changed == wanted


def test_thawing_by_freezing_other_parts():
    network = RestorationNetwork(SMALL)
    freeze(network, ("head",))
    freeze(network, ("estimator",))
    assert all(parameter.requires_grad for parameter in network.head.parameters())


@pytest.mark.parametrize("part", ["estimater", "head.weigh", "predictor.entry.", ""])
def test_an_unknown_part_is_named(part):
    with pytest.raises(ConfigurationError, match="estimator, predictor, task_parameters, head"):
        freeze(RestorationNetwork(SMALL), (part,))


def test_something_must_be_left_to_train():
    with pytest.raises(ConfigurationError, match="something to train"):
        freeze(RestorationNetwork(SMALL), ("estimator", "predictor", "head", "task_parameters"))


@pytest.mark.parametrize("optimiser", ["adamw", "muon"])
def test_a_task_alone_changes_what_it_owns_and_no_picture_without_it(optimiser):
    torch.manual_seed(0)
    network = randomise(RestorationNetwork(replace(SMALL, task_rank=2, block_modulation=True))).train()
    image, weights = torch.rand(1, 3, 24, 24), torch.full((1, len(TASKS)), 0.5)
    without = weights.clone()
    without[:, TASKS.index("noise")] = 0
    with torch.no_grad():
        restored, restored_without = network(image, weights).restored, network(image, without).restored
    recipe = small_recipe(only_tasks=("noise",), frozen=("estimator",), optimiser=optimiser, weight_decay=0.1)
    before = stepped(network, recipe)
    owned = owned_entries(network, ("noise",))
    for name, parameter in network.named_parameters():
        changed = parameter != before[name]
        assert changed.any() == (name in owned), name
        assert not (changed & ~owned.get(name, torch.zeros_like(changed))).any(), name
    with torch.no_grad():
        assert torch.equal(network(image, without).restored, restored_without)
        assert not torch.equal(network(image, weights).restored, restored)


def test_tasks_without_weights_to_train_are_an_error():
    network = RestorationNetwork(SMALL)
    freeze(network, ("predictor", "task_parameters"))
    with pytest.raises(ConfigurationError, match="only_tasks=haze"):
        train_tasks_alone(network, ("haze",))

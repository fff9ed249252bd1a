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
from opir.training.distributed import Processes
from opir.training.frozen import freeze
from opir.training.optimiser import build_optimiser
from opir.training.recipe import Phase
from opir.training.sample_source import step_batches
from opir.training.step import training_step

ALONE = Processes(device=torch.device("cpu"))


def changed_by_a_step(recipe) -> set[str]:
    """Names of the parameters that one step changes."""
    torch.manual_seed(0)
    network = randomise(RestorationNetwork(SMALL)).train()
    freeze(network, recipe.frozen)
    before = copy.deepcopy(dict(network.named_parameters()))
    (batch,) = next(step_batches(small_banks(), recipe, ALONE, first=0, n_workers=0))
    n_stages = recipe.phases[0].n_stages
    result = training_step(network, build_optimiser(network, recipe), [batch], recipe, ALONE, n_stages=n_stages)
    assert result.finite
    return {name for name, parameter in network.named_parameters() if not torch.equal(parameter, before[name])}


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

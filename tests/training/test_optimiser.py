from __future__ import annotations

import copy
from dataclasses import replace

import torch

from conftest_training import small_recipe
from opir.model.network import RestorationNetwork
from opir.training.frozen import freeze
from opir.training.muon import Muon
from opir.training.optimiser import build_optimiser


def network_and_optimiser(**changes):
    recipe = small_recipe(**changes)
    torch.manual_seed(0)
    network = RestorationNetwork(recipe.model)
    return network, build_optimiser(network, recipe)


def parameters_of(optimiser):
    return [id(parameter) for group in optimiser.param_groups for parameter in group["params"]]


def test_every_parameter_belongs_to_exactly_one_optimiser():
    for name in ("muon", "adamw"):
        network, optimiser = network_and_optimiser(optimiser=name)
        assert sorted(parameters_of(optimiser)) == sorted(map(id, network.parameters()))


def test_muon_has_the_kernels_of_the_trunk_alone():
    network, optimiser = network_and_optimiser()
    (muon,) = [member for member in optimiser.members if isinstance(member, Muon)]
    wanted = {id(p) for name, p in network.named_parameters() if name.startswith("predictor.") and p.ndim == 4}
    assert set(parameters_of(muon)) == wanted
    assert muon.param_groups[0]["rate_factor"] == small_recipe().muon_rate


def test_muon_has_the_kernels_of_the_estimator_where_the_trunk_is_frozen():
    recipe = small_recipe()
    network = RestorationNetwork(recipe.model)
    freeze(network, ("predictor", "head", "task_parameters"))
    (muon,) = [member for member in build_optimiser(network, recipe).members if isinstance(member, Muon)]
    wanted = {id(p) for name, p in network.named_parameters() if name.startswith("estimator.") and p.ndim == 4}
    assert set(parameters_of(muon)) == wanted


def test_muon_has_the_changes_that_tasks_make_to_kernels():
    network, optimiser = network_and_optimiser(model=replace(small_recipe().model, task_rank=2))
    (muon,) = [member for member in optimiser.members if isinstance(member, Muon)]
    convolution = network.predictor.encoder[0][0].first
    assert {id(convolution.expand), id(convolution.reduce)} <= set(parameters_of(muon))


def test_without_muon_all_rates_are_the_schedules():
    _, optimiser = network_and_optimiser(optimiser="adamw")
    assert [group["rate_factor"] for group in optimiser.param_groups] == [1.0]


def test_state_travels_through_a_dictionary():
    network, optimiser = network_and_optimiser()
    image = torch.rand(1, 3, 16, 16, generator=torch.Generator().manual_seed(0))

    def step(network, optimiser):
        optimiser.zero_grad()
        (network(image).restored - 0.3).square().mean().backward()
        optimiser.step()

    step(network, optimiser)
    step(network, optimiser)
    other, resumed = network_and_optimiser()
    other.load_state_dict(network.state_dict())
    resumed.load_state_dict(copy.deepcopy(optimiser.state_dict()))
    step(network, optimiser)
    step(other, resumed)
    for mine, theirs in zip(network.parameters(), other.parameters(), strict=True):
        assert torch.equal(mine, theirs)

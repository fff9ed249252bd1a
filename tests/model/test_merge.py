"""Two networks become one, all of it or in part."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from conftest_model import SMALL, randomise
from opir.errors import ConfigurationError
from opir.model import RestorationNetwork
from opir.model.merge import merged
from opir.tasks import TASKS


def network(seed: int) -> RestorationNetwork:
    torch.manual_seed(seed)
    return randomise(RestorationNetwork(SMALL))


def test_the_mean_of_all_weights():
    one, other = network(0), network(1)
    before = one.head.weight.detach().clone()
    both = merged(one, other, share=0.25)
    for name, parameter in both.named_parameters():
        expected = 0.75 * one.get_parameter(name) + 0.25 * other.get_parameter(name)
        torch.testing.assert_close(parameter, expected)
    assert torch.equal(one.head.weight, before)


def test_a_part_alone():
    one, other = network(0), network(1)
    both = merged(one, other, share=1.0, parts=("estimator",))
    for name, parameter in both.named_parameters():
        source = other if name.startswith("estimator.") else one
        assert torch.equal(parameter, source.get_parameter(name)), name


def test_what_a_task_owns_alone():
    config = replace(SMALL, task_rank=2, block_modulation=True)
    torch.manual_seed(0)
    one = randomise(RestorationNetwork(config))
    other = randomise(RestorationNetwork(config), seed=1)
    both = merged(one, other, share=1.0, tasks=("haze",))
    image, weights = torch.rand(2, 3, 24, 24), torch.zeros(2, len(TASKS))
    weights[:, TASKS.index("rain")] = 0.7
    assert torch.equal(both(image, weights).restored, one(image, weights).restored)
    weights[:, TASKS.index("haze")] = 1
    assert not torch.equal(both(image, weights).restored, one(image, weights).restored)


def test_tasks_that_were_changed_apart_come_together():
    config = replace(SMALL, task_rank=2, block_modulation=True)
    torch.manual_seed(0)
    start = randomise(RestorationNetwork(config))
    moved = randomise(RestorationNetwork(config), seed=1)
    haze, jpeg = (merged(start, moved, share=1.0, tasks=(task,)) for task in ("haze", "jpeg"))
    apart = merged(haze, jpeg, share=1.0, tasks=("jpeg",))
    together = merged(start, moved, share=1.0, tasks=("haze", "jpeg"))
    for name, parameter in together.named_parameters():
        assert torch.equal(apart.get_parameter(name), parameter), name


def test_tasks_that_own_nothing_in_a_part_are_named():
    with pytest.raises(ConfigurationError, match="haze own nothing in estimator"):
        merged(network(0), network(1), share=1.0, parts=("estimator",), tasks=("haze",))


def test_what_does_not_fit_is_named():
    with pytest.raises(ConfigurationError, match="estimator, predictor, task_parameters, head"):
        merged(network(0), network(1), share=1.0, parts=("estimater",))
    with pytest.raises(ConfigurationError, match="between 0 and 1"):
        merged(network(0), network(1), share=1.5)
    with pytest.raises(ConfigurationError, match="one configuration"):
        merged(network(0), RestorationNetwork(replace(SMALL, n_context=SMALL.n_context + 4)), share=0.5)

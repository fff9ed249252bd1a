"""Two networks become one, all of it or in part."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from conftest_model import SMALL, randomise
from opir.errors import ConfigurationError
from opir.model import RestorationNetwork
from opir.model.merge import merged


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


def test_what_does_not_fit_is_named():
    with pytest.raises(ConfigurationError, match="estimator, predictor, task_parameters, head"):
        merged(network(0), network(1), share=1.0, parts=("estimater",))
    with pytest.raises(ConfigurationError, match="between 0 and 1"):
        merged(network(0), network(1), share=1.5)
    with pytest.raises(ConfigurationError, match="one configuration"):
        merged(network(0), RestorationNetwork(replace(SMALL, n_context=SMALL.n_context + 4)), share=0.5)

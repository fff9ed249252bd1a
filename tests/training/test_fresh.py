"""Parts that begin anew are random, the others stay as they are."""

from __future__ import annotations

import pytest
import torch

from opir.errors import ConfigurationError
from opir.training.fresh import begin_anew
from small_network import small_network


def test_only_the_named_parts_begin_anew() -> None:
    before, network = small_network(), small_network()
    torch.manual_seed(1)
    begin_anew(network, ("predictor", "head.weight"))
    assert not torch.equal(network.predictor.entry.weight, before.predictor.entry.weight)
    assert not network.head.weight.any()  # where a new network starts
    assert torch.equal(network.head.bias, before.head.bias)
    for name, parameter in network.estimator.named_parameters():
        assert torch.equal(parameter, before.estimator.get_parameter(name))


def test_nothing_named_changes_nothing() -> None:
    before, network = small_network(), small_network()
    begin_anew(network, ())
    assert all(torch.equal(one, other) for one, other in zip(network.parameters(), before.parameters(), strict=True))


def test_unknown_parts_are_named() -> None:
    with pytest.raises(ConfigurationError, match="trunk"):
        begin_anew(small_network(), ("trunk",))

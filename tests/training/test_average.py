"""The moving average of the weights."""

from __future__ import annotations

import pytest
import torch

from conftest_model import SMALL
from opir.model import RestorationNetwork
from opir.training.average import WeightAverage


def test_the_average_forgets_faster_while_it_is_young():
    network = RestorationNetwork(SMALL)
    weight = network.head.weight
    average = WeightAverage(network, decay=0.5)
    known = 0.0
    torch.nn.init.zeros_(average.network.head.weight)
    for step, value, decay in ((0, 1.0, 0.1), (1, 2.0, 2 / 11), (100, 3.0, 0.5)):
        torch.nn.init.constant_(weight, value)
        average.update(network, step)
        known = decay * known + (1 - decay) * value
        assert average.network.head.weight.mean().item() == pytest.approx(known, rel=1e-5)
    assert not average.network.head.weight.requires_grad

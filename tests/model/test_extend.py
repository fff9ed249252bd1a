from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from conftest_model import SMALL, randomise
from opir.errors import ConfigurationError
from opir.model import RestorationNetwork
from opir.model.extend import extended, may_extend


def test_weights_go_on_in_a_network_with_changes_as_the_same_function():
    network = randomise(RestorationNetwork(replace(SMALL, block_modulation=True)))
    larger = extended(network, replace(network.config, task_rank=3))
    image = torch.rand(2, 3, 24, 16)
    torch.testing.assert_close(larger.eval()(image).restored, network(image).restored)
    assert extended(network, network.config) is network


def test_blocks_that_are_added_change_nothing_until_they_learn():
    network = randomise(RestorationNetwork(replace(SMALL, block_modulation=True, task_rank=2)))
    few = network.config
    more = replace(
        few,
        encoder_blocks=tuple(n + 1 for n in few.encoder_blocks),
        decoder_blocks=tuple(n + 2 for n in few.decoder_blocks),
    )
    larger = extended(network, more)
    image = torch.rand(2, 3, 24, 16)
    torch.testing.assert_close(larger.eval()(image).restored, network(image).restored)
    larger(image).restored.sum().backward()
    gradient = larger.predictor.encoder[0][-1].second.weight.grad
    assert gradient.abs().max() > 0
    assert not may_extend(more, few)


def test_weights_of_another_size_are_not_extended():
    network = RestorationNetwork(SMALL)
    for other in (replace(SMALL, n_context=4), replace(SMALL, n_context=4, task_rank=2)):
        assert not may_extend(SMALL, other)
        with pytest.raises(ConfigurationError, match="can only gain blocks or a task_rank"):
            extended(network, other)
    assert not may_extend(replace(SMALL, task_rank=2), replace(SMALL, task_rank=4))
    fewer_levels = replace(SMALL, widths=SMALL.widths[:1], encoder_blocks=(1,), decoder_blocks=(), downscale=8)
    assert not may_extend(SMALL, fewer_levels)
    assert not may_extend(fewer_levels, SMALL)

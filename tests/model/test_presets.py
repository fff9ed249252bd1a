from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from opir.errors import ConfigurationError
from opir.model import NetworkConfig, RestorationNetwork, measure_cost, preset


@pytest.mark.parametrize(
    ("name", "most_parameters", "most_macs"), [("tiny", 0.5e6, 1e9), ("base", 3e6, 6e9), ("large", 12e6, 20e9)]
)
def test_presets_keep_their_budgets(name, most_parameters, most_macs):
    cost = measure_cost(preset(name))
    assert cost.n_parameters <= most_parameters
    assert cost.n_macs <= most_macs


def test_multiply_adds_agree_with_an_independent_count():
    from torch.utils.flop_counter import FlopCounterMode

    config = preset("tiny")
    network = RestorationNetwork(config).eval()
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        network(torch.rand(1, 3, 64, 64))
    cost = measure_cost(config, height=64, width=64)
    assert cost.n_macs - cost.n_operator_macs == pytest.approx(counter.get_total_flops() / 2, rel=0.01)


def test_multiply_adds_grow_with_the_area_but_for_the_kernels_made_once():
    def n_macs(task_rank, height):
        return measure_cost(replace(preset("tiny"), task_rank=task_rank), height=height, width=64).n_macs

    assert n_macs(0, 128) == pytest.approx(2 * n_macs(0, 64), rel=0.01)
    assert n_macs(1, 128) - n_macs(0, 128) == n_macs(1, 64) - n_macs(0, 64) > 0


def test_an_unknown_preset_suggests_the_nearest():
    with pytest.raises(ConfigurationError, match="did you mean 'base'"):
        preset("bas")


@pytest.mark.parametrize(
    "settings",
    [{"widths": (8, 8)}, {"kernel_size": 2}, {"dilations": ()}, {"downscale": 3}, {"n_stages": 3}],
)
def test_impossible_configurations_are_refused(settings):
    with pytest.raises(ConfigurationError, match="got NetworkConfig"):
        NetworkConfig(**settings)

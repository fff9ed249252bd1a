"""A network for kernels that grows."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor

from opir.deconvolution.kernel import SIDE
from opir.deconvolution.traces import N_STATISTICS
from opir.errors import ConfigurationError
from opir.model.kernel_growth import grown
from opir.model.kernel_network import N_MAPS, KernelNetwork
from opir.model.kernel_weights import load_kernel_network, save_kernel_network


@pytest.fixture
def trained() -> KernelNetwork:
    torch.manual_seed(3)
    network = KernelNetwork(8, 2)
    for parameter in network.parameters():  # some begin at zero
        torch.nn.init.normal_(parameter, std=0.1)
    return network


@pytest.fixture
def traces() -> tuple[Tensor, Tensor]:
    torch.manual_seed(4)
    return torch.randn(2, N_MAPS, SIDE, SIDE), torch.randn(2, N_STATISTICS)


@pytest.mark.parametrize(("width", "n_blocks"), [(8, 2), (12, 2), (8, 9), (13, 7)])
def test_it_says_the_same_at_first(
    trained: KernelNetwork, traces: tuple[Tensor, Tensor], width: int, n_blocks: int
) -> None:
    larger = grown(trained, width, n_blocks)
    assert (larger.width, larger.n_blocks) == (width, n_blocks)
    for before, after in zip(trained(*traces), larger(*traces), strict=True):
        assert torch.allclose(before, after, rtol=1e-4, atol=1e-7)
        assert before.std() > 1e-4


def test_every_new_weight_can_learn_in_two_steps(trained: KernelNetwork, traces: tuple[Tensor, Tensor]) -> None:
    larger = grown(trained, 10, 3)
    begun = {name: weight.clone() for name, weight in larger.named_parameters()}
    optimiser = torch.optim.SGD(larger.parameters(), lr=0.1)
    for _ in range(2):  # what reads the new channels first, then what makes them
        found, log_regularisers = larger(*traces)
        optimiser.zero_grad()
        (found.square().sum() + log_regularisers.square().sum()).backward()
        optimiser.step()
    still = [name for name, weight in larger.named_parameters() if (weight == begun[name]).all()]
    assert still in ([], ["exit.bias"])  # the bias of all logits cancels in the softmax


def test_it_does_not_shrink(trained: KernelNetwork) -> None:
    with pytest.raises(ConfigurationError, match="at least the 8 channels and 2 blocks"):
        grown(trained, 7, 3)
    with pytest.raises(ConfigurationError, match="got 8 and 1"):
        grown(trained, 8, 1)


def test_a_file_tells_its_size(trained: KernelNetwork, tmp_path: Path) -> None:
    save_kernel_network(trained, tmp_path / "kernel.safetensors")
    again = load_kernel_network(tmp_path / "kernel.safetensors")
    assert (again.width, again.n_blocks) == (8, 2)

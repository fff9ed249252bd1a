"""The network that finds kernels, and its weights."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from opir.deconvolution.kernel import SIDE
from opir.deconvolution.traces import N_STATISTICS
from opir.errors import WeightsError
from opir.model.kernel_network import N_MAPS, KernelNetwork
from opir.model.kernel_weights import load_kernel_network, save_kernel_network


def test_kernels_are_positive_and_add_up_to_one() -> None:
    found, log_regularisers = KernelNetwork()(torch.randn(2, N_MAPS, SIDE, SIDE), torch.randn(2, N_STATISTICS))
    assert found.shape == (2, SIDE, SIDE)
    assert (found >= 0).all()
    assert torch.allclose(found.sum(dim=(1, 2)), torch.ones(2))
    assert log_regularisers.shape == (2, 2)
    assert ((log_regularisers > -9) & (log_regularisers < 1)).all()


def test_gradients_reach_every_weight() -> None:
    network = KernelNetwork()
    for block in network.blocks:  # begin at zero
        torch.nn.init.normal_(block[2].weight, std=0.1)
    torch.nn.init.normal_(network.regularisers[2].weight)
    found, log_regularisers = network(torch.randn(2, N_MAPS, SIDE, SIDE), torch.randn(2, N_STATISTICS))
    (found.square().sum() + log_regularisers.sum()).backward()
    without = [name for name, weight in network.named_parameters() if weight.grad is None or not weight.grad.any()]
    # the bias of all logits cancels in the softmax
    assert without in ([], ["exit.bias"])


def test_weights_come_back(tmp_path: Path) -> None:
    network = KernelNetwork()
    save_kernel_network(network, tmp_path / "kernel.safetensors")
    again = load_kernel_network(tmp_path / "kernel.safetensors")
    for (name, one), (_, other) in zip(network.state_dict().items(), again.state_dict().items(), strict=True):
        assert torch.equal(one, other), name
    assert [path.name for path in tmp_path.iterdir()] == ["kernel.safetensors"]


def test_other_files_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "kernel.safetensors"
    with pytest.raises(WeightsError, match="expected a safetensors file"):
        load_kernel_network(file)
    file.write_bytes(b"nothing of the kind")
    with pytest.raises(WeightsError, match="expected a safetensors file"):
        load_kernel_network(file)
    from safetensors.torch import save_file

    save_file({"entry.weight": torch.zeros(1)}, file)
    with pytest.raises(WeightsError, match="does not hold a network for kernels"):
        load_kernel_network(file)

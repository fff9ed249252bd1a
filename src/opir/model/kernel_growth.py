"""A trained network that finds kernels in one with room for more."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from opir.errors import ConfigurationError
from opir.model.kernel_network import KernelNetwork


@torch.no_grad()
def grown(network: KernelNetwork, width: int, n_blocks: int) -> KernelNetwork:
    """The same function with more channels and blocks: what is new changes nothing until it is trained.

    New channels are computed, by random weights, and read with weights of zero, which learn from the first step on
    (T. Chen, I. Goodfellow and J. Shlens, Net2Net, ICLR 2016, with zeros in the place of copies); a new block adds
    nothing.

    Raises:
        ConfigurationError: if it would have to shrink.
    """
    if (network.width, network.n_blocks) == (width, n_blocks):
        return network
    if network.width > width or network.n_blocks > n_blocks:
        raise ConfigurationError(
            f"expected at least the {network.width} channels and {network.n_blocks} blocks of the weights to start "
            f"from; got {width} and {n_blocks}"
        )
    larger = KernelNetwork(width, n_blocks)
    _place(larger.entry, network.entry)
    for k, (block, mean) in enumerate(zip(larger.blocks, larger.means, strict=True)):
        assert isinstance(block, nn.Sequential)
        first, last = block[0], block[-1]
        _silence(last)
        _silence(mean)
        if k < network.n_blocks:
            before = network.blocks[k]
            assert isinstance(before, nn.Sequential)
            _place(first, before[0])
            _place(last, before[-1])
            _place(mean, network.means[k])
    _place(larger.exit, network.exit)
    wide, narrow = larger.regularisers[0], network.regularisers[0]
    assert isinstance(wide, nn.Linear)
    assert isinstance(narrow, nn.Linear)
    wide.weight.zero_()
    wide.weight[:, : network.width] = narrow.weight[:, : network.width]
    wide.weight[:, width:] = narrow.weight[:, network.width :]  # the statistics come behind the features
    _required(wide.bias).copy_(_required(narrow.bias))
    larger.regularisers[2].load_state_dict(network.regularisers[2].state_dict())
    larger.prior.copy_(network.prior)
    return larger


def _place(wide: nn.Module, narrow: nn.Module) -> None:
    """Copy a layer into the first channels of a wider one; they read nothing of what is new."""
    assert isinstance(wide, nn.Conv2d | nn.Linear)
    assert isinstance(narrow, nn.Conv2d | nn.Linear)
    n_out, n_in = narrow.weight.shape[:2]
    wide.weight[:n_out] = 0
    wide.weight[:n_out, :n_in] = narrow.weight
    _required(wide.bias)[:n_out] = _required(narrow.bias)


def _silence(layer: nn.Module) -> None:
    assert isinstance(layer, nn.Conv2d | nn.Linear)
    layer.weight.zero_()
    _required(layer.bias).zero_()


def _required(bias: Tensor | None) -> Tensor:
    assert bias is not None
    return bias

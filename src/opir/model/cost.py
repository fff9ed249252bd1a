"""Parameters and multiply-adds of a network, counted from the modules that really run."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from opir.model.config import NetworkConfig
from opir.model.network import RestorationNetwork
from opir.model.task_convolution import TaskConvolution
from opir.model.task_parameters import OperatorHead


@dataclass(frozen=True, kw_only=True)
class Cost:
    """Size of a network and arithmetic of one restoration."""

    n_parameters: int
    """Trained numbers; both stages share them."""

    n_macs: int
    """Multiply-adds of one image, estimator and all stages included."""

    n_operator_macs: int
    """The part of them that applies the predicted operator."""


def measure_cost(config: NetworkConfig, *, height: int = 256, width: int = 256) -> Cost:
    """Count parameters and multiply-adds for one image of the given size.

    Convolutions, with the changes that tasks make to their kernels, matrix products and the per-pixel operator count
    (one tap of one colour at one dilation: two multiply-adds, one for the mixing and one for the kernel); element-wise
    functions do not, as is usual.
    """
    network = RestorationNetwork(config).eval()
    counted = 0

    def count(module: nn.Module, _: tuple[Tensor, ...], output: Tensor) -> None:
        nonlocal counted
        if isinstance(module, nn.Conv2d):
            counted += module.weight.numel() * output.shape[2] * output.shape[3]
            if isinstance(module, TaskConvolution) and module.rank:
                counted += module.expand.shape[0] * module.reduce.numel()
        elif isinstance(module, nn.Linear):
            counted += module.weight.numel()
        elif isinstance(module, OperatorHead):
            cells = output.shape[2] * output.shape[3] // module.downscale**2
            counted += module.weight.numel() * cells

    for module in network.modules():
        module.register_forward_hook(count)
    with torch.no_grad():
        network(torch.zeros(1, 3, height, width))
    operator = config.n_stages * height * width * 3 * config.n_taps * len(config.dilations) * 2
    return Cost(
        n_parameters=sum(parameter.numel() for parameter in network.parameters()),
        n_macs=counted + operator,
        n_operator_macs=operator,
    )

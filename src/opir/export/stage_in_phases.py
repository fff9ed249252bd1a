"""One restoration stage in the form that graph runtimes compute fastest on processors.

The operator is predicted at the trunk's resolution, ``f x f`` pixels per cell, and the model spreads it to full
resolution (pixel shuffle) before it is applied. With 35 channels and more that shuffle is the largest tensor and the
slowest memory access of the whole stage. Here the picture is taken apart instead: phase (a, b) holds the pixels
``image[a::f, b::f]``, a plane of cells. Every phase is filtered by its own rows of the head's last linear map, its
shifted neighbours being shifted reads of other phases, and only the result, four channels, is put together again.

The values are those of :meth:`opir.model.RestorationNetwork.weighted_stage` up to rounding. The mixture over the
dilations is divided by its sum once per pixel instead of once per weight.

The trunk is traced from the model. The operator behind it is written node by node (:mod:`opir.export.phase_operator`):
tracing hundreds of slices with unknown sides took minutes.
"""

from __future__ import annotations

import copy
from typing import Final

import torch
from torch import Tensor, nn

from opir.model.config import NetworkConfig
from opir.model.network import RestorationNetwork

LARGEST_DOWNSCALE: Final = 4
"""Beyond 4 x 4 phases the graph has too many nodes."""

TRUNK_OUTPUTS: Final = ("operator_features", "operator_weight", "operator_bias")


def fits_phases(config: NetworkConfig) -> bool:
    """Tell whether a network's stage can be written in phases."""
    return config.fusion == "softmax" and not config.output_fusion and 1 < config.downscale <= LARGEST_DOWNSCALE


def strided_entry(entry: nn.Conv2d, factor: int) -> nn.Conv2d:
    """A convolution with stride ``factor`` that does what ``entry`` does behind a pixel-unshuffle by ``factor``.

    The unshuffle moves every value through memory once more, and its channels are too many for the kernels that
    graph runtimes have for pictures.
    """
    n_outputs, n_inputs, side, _ = entry.weight.shape
    n_channels = n_inputs // factor**2
    cells = entry.weight.reshape(n_outputs, n_channels, factor, factor, side, side)
    pixels = cells.permute(0, 1, 4, 2, 5, 3).reshape(n_outputs, n_channels, side * factor, side * factor)
    strided = nn.Conv2d(n_channels, n_outputs, side * factor, stride=factor, padding=side // 2 * factor)
    assert entry.bias is not None
    assert strided.bias is not None
    with torch.no_grad():
        strided.weight.copy_(pixels)
        strided.bias.copy_(entry.bias)
    return strided


class StageTrunk(nn.Module):
    """A stage up to the operator: the features, and the linear map that makes the operator of every phase of them."""

    def __init__(self, network: RestorationNetwork) -> None:
        super().__init__()
        self.network = copy.deepcopy(network)
        predictor = self.network.predictor
        predictor.entry = strided_entry(predictor.entry, predictor.downscale)
        predictor.downscale = 1

    def forward(
        self,
        current: Tensor,
        observed: Tensor,
        scale: Tensor,
        task_weights: Tensor,
        context: Tensor,
        stage_weights: Tensor,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Compute :data:`TRUNK_OUTPUTS` from the arguments of ``weighted_stage``.

        Returns:
            Features (1, head width, h, w); weight (phases, operator channels, head width, 1, 1) and bias (phases,
            operator channels), with the task-aware parameters folded in.
        """
        network, config = self.network, self.network.config
        features = network.features(current, observed, scale, task_weights, context, stage_weights)
        head, n_phases = network.head, config.downscale**2
        gain, shift = network.task_parameters(task_weights, context, stage_weights)
        gain, shift = gain.repeat_interleave(n_phases, dim=1), shift.repeat_interleave(n_phases, dim=1)
        weight = head.taps(gain[:, :, None] * head.weight)
        bias = head.taps((gain * head.bias + shift)[:, :, None])
        by_phase = weight.reshape(config.n_operator_channels, n_phases, config.head_width, 1, 1).transpose(0, 1)
        return features, by_phase, bias.reshape(config.n_operator_channels, n_phases).T

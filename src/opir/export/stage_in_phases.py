"""One restoration stage in the form that graph runtimes compute fastest on processors.

The operator is predicted at the trunk's resolution, ``f x f`` pixels per cell, and the model spreads it to full
resolution (pixel shuffle) before it is applied. With 35 channels and more that shuffle is the largest tensor and the
slowest memory access of the whole stage. Here the image is taken apart instead: phase (a, b) holds the pixels
``image[a::f, b::f]``, a plane of cells. Every phase is filtered by its own rows of the head's last linear map, its
shifted neighbours being shifted reads of other phases, and only the result, four channels, is put together again.

The values are those of :meth:`opir.model.RestorationNetwork.weighted_stage` up to rounding. The mixture over the
dilations is divided by its sum once per pixel instead of once per weight.
"""

from __future__ import annotations

from itertools import product

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from opir.errors import ConfigurationError
from opir.model.config import NetworkConfig
from opir.model.network import RestorationNetwork
from opir.model.operator import INITIAL_LOG_SCALE, LOG_SCALE_RANGE, uncertainty_from_scale

LARGEST_DOWNSCALE = 2
"""Beyond 2 x 2 phases the graph has too many nodes: 16 phases took longer than the pixel shuffle."""


def fits_phases(config: NetworkConfig) -> bool:
    """Tell whether a network's stage can be written, and is worth writing, in phases."""
    return config.fusion == "softmax" and not config.output_fusion and 1 < config.downscale <= LARGEST_DOWNSCALE


class StageInPhases(nn.Module):
    """The stage of a network, for export; same arguments and results as ``weighted_stage``."""

    def __init__(self, network: RestorationNetwork) -> None:
        super().__init__()
        if not fits_phases(network.config):
            raise ConfigurationError(
                f"expected softmax fusion and downscale 2 without output fusion; got {network.config}"
            )
        self.network = network

    def forward(
        self,
        current: Tensor,
        observed: Tensor,
        scale: Tensor,
        task_weights: Tensor,
        context: Tensor,
        stage_weights: Tensor,
    ) -> tuple[Tensor, Tensor]:
        """Apply the stage; see ``weighted_stage``."""
        network, config = self.network, self.network.config
        factor = config.downscale
        seen = observed if config.stage_two_sees_observed else current
        conditions = torch.cat((task_weights, context), dim=1)
        features = network.predictor(current, seen, uncertainty_from_scale(scale), conditions)
        weight, bias = self._operator_rows(task_weights, context, stage_weights)
        planes = _Planes(current, factor, reach=max(config.dilations) * (config.kernel_size // 2))
        restored: list[Tensor] = []
        scales: list[Tensor] = []
        for row, column in product(range(factor), repeat=2):
            phase = row * factor + column
            operator = F.conv2d(features, weight[phase :: factor**2, :, None, None], bias[phase :: factor**2])
            image, new_scale = _filtered(planes, (row, column), operator, config)
            restored.append(image)
            scales.append(new_scale)
        joined = torch.stack(restored, dim=2).flatten(1, 2)  # colour-major, phase-minor, as pixel_shuffle reads it
        return F.pixel_shuffle(joined, factor), F.pixel_shuffle(torch.cat(scales, dim=1), factor)

    def _operator_rows(self, task_weights: Tensor, context: Tensor, stage_weights: Tensor) -> tuple[Tensor, Tensor]:
        """Return the head's linear map with the task-aware parameters folded in: (channels x cells, width) and bias."""
        network = self.network
        head, cells = network.head, network.config.downscale**2
        gain, shift = network.task_parameters(task_weights, context, stage_weights)
        gain, shift = gain.repeat_interleave(cells, dim=1), shift.repeat_interleave(cells, dim=1)
        weight = head._taps(gain[:, :, None] * head.weight)
        bias = head._taps((gain * head.bias + shift)[:, :, None])
        return weight[0], bias[0, :, 0]


class _Planes:
    """The phases of an image whose border is repeated ``reach`` pixels outwards."""

    def __init__(self, image: Tensor, factor: int, *, reach: int) -> None:
        self._factor = factor
        self._margin = -(-reach // factor)  # in cells
        padding = self._margin * factor
        padded = F.pad(image, (padding,) * 4, mode="replicate")
        self._planes = [[padded[..., row::factor, column::factor] for column in range(factor)] for row in range(factor)]

    def shifted(self, row: int, column: int) -> Tensor:
        """Return for every cell the pixel ``row`` below and ``column`` right of the cell's first one."""
        (down, row), (right, column) = divmod(row, self._factor), divmod(column, self._factor)
        return self._planes[row][column][..., self._cut(down), self._cut(right)]

    def _cut(self, cells: int) -> slice:
        # Counted from the end: constants, where H and W would be computed in the graph for every slice.
        return slice(self._margin + cells, (cells - self._margin) or None)


def _filtered(
    planes: _Planes, phase: tuple[int, int], operator: Tensor, config: NetworkConfig
) -> tuple[Tensor, Tensor]:
    """Apply the operator to one phase: ``x + (sum_t K_t sum_d e_d x(p + d t)) / sum_d e_d + K_0 x + c``."""
    n_kernels, n_dilations = config.n_kernel_channels, len(config.dilations)
    kernels = operator[:, :n_kernels]
    logits = operator[:, n_kernels : n_kernels + n_dilations]
    rest = operator[:, n_kernels + n_dilations :]
    mixing = torch.exp(logits - logits.amax(dim=1, keepdim=True))
    row, column = phase
    image = planes.shifted(row, column)
    around: Tensor | None = None
    for tap, (down, right) in enumerate(product(range(config.kernel_size), repeat=2)):
        down, right = down - config.kernel_size // 2, right - config.kernel_size // 2
        if down == right == 0:
            continue
        mixed: Tensor | None = None
        for position, dilation in enumerate(config.dilations):
            pixels = planes.shifted(row + dilation * down, column + dilation * right)
            weighted = pixels * mixing[:, position : position + 1]
            mixed = weighted if mixed is None else mixed + weighted
        assert mixed is not None
        product_of_tap = kernels[:, 3 * tap : 3 * tap + 3] * mixed
        around = product_of_tap if around is None else around + product_of_tap
    centre = 3 * (config.n_taps // 2)
    restored = image + kernels[:, centre : centre + 3] * image
    if around is not None:
        restored = restored + around / mixing.sum(dim=1, keepdim=True)
    if config.bias:
        restored = restored + rest[:, :3]
    if config.uncertainty == "learned":
        return restored, torch.exp((rest[:, -1:] + INITIAL_LOG_SCALE).clamp(*LOG_SCALE_RANGE))
    return restored, kernels.abs().mean(dim=1, keepdim=True)

"""The operator predictor phi, one network for both stages."""

from __future__ import annotations

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from opir.model.config import NetworkConfig
from opir.model.folding import fold, unfold
from opir.model.task_convolution import TaskConvolution

N_INPUTS = 7
"""Channels that the predictor sees: current estimate (3), observed image (3), uncertainty (1)."""

NEGATIVE_SLOPE = 0.2
"""Of the last activation. A plain rectifier there can die for good: no skip connection leads around it, and the head
behind it starts at zero."""


MEAN_SQUARE_FLOOR = 1e-6
"""Added to the mean square of the features before its root divides them."""


def unit_mean_square(x: Tensor) -> Tensor:
    """Divide features (B, C, h, w) by their root mean square over the channels, pixel by pixel (arXiv 1910.07467).

    Purely local, so tiles stay exact. There is no learned gain: the convolution that follows has one.
    """
    return x * torch.rsqrt(x.square().mean(dim=1, keepdim=True) + MEAN_SQUARE_FLOOR)


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions around one rectifier, added to the input.

    With ``n_conditions`` the hidden channels are scaled and shifted by the conditions before the rectifier, so that
    a task can switch channels of its own on and off. All tasks share every weight otherwise, and those with small
    errors (compression, weak noise) lose most by it. With a ``task_rank`` tasks and stages change the kernels too.
    """

    def __init__(self, width: int, config: NetworkConfig) -> None:
        super().__init__()
        self.norm = config.block_norm
        n_mixed, rank = config.n_mixed, config.task_rank
        self.first = TaskConvolution(width, n_mixed=n_mixed, rank=rank)
        self.modulation = ContextModulation(config.n_conditions, width) if config.block_modulation else None
        self.second = TaskConvolution(width, n_mixed=n_mixed, rank=rank)
        nn.init.kaiming_normal_(self.first.weight, nonlinearity="relu")
        nn.init.normal_(self.second.weight, std=0.7 * (9 * width) ** -0.5)
        for convolution in (self.first, self.second):
            nn.init.zeros_(_bias(convolution))

    def forward(self, x: Tensor, conditions: Tensor, mixture: Tensor) -> Tensor:
        """Map (B, C, h, w) to the same shape; the conditions are (B, n_conditions), the mixture (B, n_mixed)."""
        hidden = self.first(unit_mean_square(x) if self.norm else x, mixture)
        if self.modulation is not None:
            hidden = self.modulation(hidden, conditions)
        change: Tensor = self.second(F.relu(hidden), mixture)
        return x + change


class BlockChain(nn.ModuleList):
    """The residual blocks of one level, one after the other."""

    def __init__(self, width: int, n_blocks: int, *, config: NetworkConfig) -> None:
        super().__init__(ResidualBlock(width, config) for _ in range(n_blocks))

    def forward(self, x: Tensor, conditions: Tensor, mixture: Tensor) -> Tensor:
        """Map (B, C, h, w) to the same shape; the conditions are (B, n_conditions), the mixture (B, n_mixed)."""
        for block in self:
            x = block(x, conditions, mixture)
        return x


class ContextModulation(nn.Module):
    """Scale and shift every channel by an affine map of task weights and context; the identity at the start."""

    def __init__(self, n_conditions: int, width: int) -> None:
        super().__init__()
        self.affine = nn.Linear(n_conditions, 2 * width)
        nn.init.zeros_(self.affine.weight)
        nn.init.zeros_(self.affine.bias)

    def forward(self, x: Tensor, conditions: Tensor) -> Tensor:
        """Modulate features (B, C, h, w) by conditions (B, n_conditions)."""
        affine: Tensor = self.affine(conditions)
        scale, shift = affine[:, :, None, None].chunk(2, dim=1)
        return x * (1 + scale) + shift


class OperatorPredictor(nn.Module):
    """U-shaped convolutional trunk behind a pixel-unshuffle, conditioned on p and z, and on the stage if blocks are.

    Nothing in it looks further than its receptive field, so a tile with a halo of that size gives the values of
    the whole image. It ends in features at trunk resolution; :class:`~opir.model.task_parameters.OperatorHead`
    turns them into the per-pixel operator.
    """

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.downscale = config.downscale
        self.n_tasks, self.n_stages = config.n_tasks, config.n_stages * config.block_modulation
        widths, n_conditions = config.widths, config.n_conditions
        self.entry = nn.Conv2d(N_INPUTS * config.downscale**2, widths[0], 3, padding=1)
        self.down = nn.ModuleList(nn.Conv2d(fine, coarse, 2, stride=2) for fine, coarse in pairwise(widths))
        self.up = nn.ModuleList(nn.Conv2d(coarse, 4 * fine, 1) for fine, coarse in pairwise(widths))
        self.encoder_modulation = nn.ModuleList(ContextModulation(n_conditions, width) for width in widths)
        self.decoder_modulation = nn.ModuleList(ContextModulation(n_conditions, width) for width in widths[:-1])
        self.encoder = nn.ModuleList(
            BlockChain(*level, config=config) for level in zip(widths, config.encoder_blocks, strict=True)
        )
        self.decoder = nn.ModuleList(
            BlockChain(*level, config=config) for level in zip(widths[:-1], config.decoder_blocks, strict=True)
        )
        self.exit = nn.Conv2d(widths[0], config.head_width, config.exit_kernel, padding=config.exit_kernel // 2)
        for layer in (self.entry, *self.down, *self.up, self.exit):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="linear")
            nn.init.zeros_(layer.bias)

    def forward(self, current: Tensor, observed: Tensor, uncertainty: Tensor, conditions: Tensor) -> Tensor:
        """Features from which the operator is predicted.

        Args:
            current: (B, 3, H, W), the image that the operator will be applied to, sRGB, about [0, 1].
            observed: (B, 3, H, W), the degraded image, sRGB in [0, 1].
            uncertainty: (B, 1, H, W) in [0, 1]; zero in stage 1.
            conditions: (B, n_conditions), task weights p, context z and perhaps the stage.

        Returns:
            (B, head width, H / downscale, W / downscale).
        """
        inputs = torch.cat((current - 0.5, observed - 0.5, uncertainty), dim=1)
        stage = conditions[:, conditions.shape[1] - self.n_stages :]
        mixture = torch.cat((conditions[:, : self.n_tasks], stage), dim=1)
        x = self.entry(fold(inputs, self.downscale))
        skips: list[Tensor] = []
        for level, (blocks, modulation) in enumerate(zip(self.encoder, self.encoder_modulation, strict=True)):
            if level:
                x = self.down[level - 1](x)
            x = modulation(x, conditions)
            x = blocks(x, conditions, mixture)
            skips.append(x)
        for level in reversed(range(len(self.up))):
            x = unfold(self.up[level](x), 2) + skips[level]
            x = self.decoder_modulation[level](x, conditions)
            x = self.decoder[level](x, conditions, mixture)
        return F.leaky_relu(self.exit(x), NEGATIVE_SLOPE)


def _bias(convolution: nn.Conv2d) -> Tensor:
    assert convolution.bias is not None
    return convolution.bias

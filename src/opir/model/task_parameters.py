"""Task-aware parameters, and the head that they adapt."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from opir.model.config import NetworkConfig
from opir.model.folding import unfold


class TaskParameters(nn.Module):
    """Scale and shift of every operator channel: per task and stage, mixed by the task weights, and by the context.

    ``theta(p, z, stage) = sum_t p_t theta_t[stage] + Z[stage] z``. The first sum says which degradations are there, the
    second how strong they are (the gain of an under-exposed picture, the airlight of haze). Zero at the start, where
    it changes nothing.
    """

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        shape = (config.n_stages, config.n_tasks + config.n_context, config.n_operator_channels)
        self.scale = nn.Parameter(torch.zeros(shape))
        self.shift = nn.Parameter(torch.zeros(shape))

    def forward(self, task_weights: Tensor, context: Tensor, stage_weights: Tensor) -> tuple[Tensor, Tensor]:
        """Mix the parameters.

        Args:
            task_weights: (B, T) in [0, 1].
            context: (B, Z).
            stage_weights: (n_stages,), one-hot.

        Returns:
            Scale (around 1) and shift (around 0), each (B, operator channels).
        """
        scale = torch.einsum("s,stc->tc", stage_weights, self.scale)
        shift = torch.einsum("s,stc->tc", stage_weights, self.shift)
        conditions = torch.cat((task_weights, context), dim=1)
        return 1 + conditions @ scale, conditions @ shift


class OperatorHead(nn.Module):
    """The last linear map from features to the per-pixel operator, followed by the task-aware parameters.

    Operator = M (scale * (V features + v) + shift). Scale and shift are constant over the image, so they are folded
    into V and v, which saves two passes over the largest tensor of the network. V and v start at zero: the
    network starts as the exact identity.

    M, constant, makes the outer taps of every kernel act on differences to the centre, and the centre tap a gain:
    ``sum_t a_t (x_t - x_0) + g x_0`` has taps a_t and, at the centre, ``g - sum_t a_t``. The operators are the same
    ones, but a change of one tap no longer changes the brightness, which is so much larger than what a tap is for.
    """

    is_centre: Tensor

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.downscale = config.downscale
        self.n_kernel_channels = config.n_kernel_channels
        self.n_banks = config.n_kernel_channels // (3 * config.n_taps)
        n_outputs = config.n_operator_channels * config.downscale**2
        self.weight = nn.Parameter(torch.zeros(n_outputs, config.head_width))
        self.bias = nn.Parameter(torch.zeros(n_outputs))
        is_centre = torch.zeros(config.n_taps, 1)
        is_centre[config.n_taps // 2] = 1
        self.register_buffer("is_centre", is_centre, persistent=False)

    def forward(self, features: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
        """Predict the operator.

        Args:
            features: (B, head width, h, w).
            scale: (B, operator channels).
            shift: (B, operator channels).

        Returns:
            (B, operator channels, h * downscale, w * downscale).
        """
        cells = self.downscale**2
        scale, shift = scale.repeat_interleave(cells, dim=1), shift.repeat_interleave(cells, dim=1)
        weight = self.taps(scale[:, :, None] * self.weight)
        bias = self.taps((scale * self.bias + shift)[:, :, None])
        operator = torch.baddbmm(bias, weight, features.flatten(2))
        height, width = features.shape[2:]
        return unfold(operator.reshape(-1, len(self.bias), height, width), self.downscale)

    def taps(self, rows: Tensor) -> Tensor:
        """Apply M to (B, operator channels * cells, n), whose rows are ordered by bank, tap, colour, cell."""
        n_kernel_rows = self.n_kernel_channels * self.downscale**2
        kernels = rows[:, :n_kernel_rows].reshape(len(rows), self.n_banks, len(self.is_centre), -1)
        kernels = kernels + self.is_centre * (kernels - kernels.sum(dim=2, keepdim=True))
        return torch.cat((kernels.reshape(len(rows), n_kernel_rows, rows.shape[2]), rows[:, n_kernel_rows:]), dim=1)

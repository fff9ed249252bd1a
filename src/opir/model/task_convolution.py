"""Convolutions that every task and stage changes a little."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class TaskConvolution(nn.Conv2d):
    """A 3 x 3 convolution with kernel ``W + sum_m w_m U_m V_m``: one change of low rank for each task and stage.

    The weights w are those of the tasks in the picture and of the stage, so the kernel is made once for a picture (or
    tile), and the arithmetic per pixel is that of one convolution. A change costs ``rank`` directions: what all tasks
    have in common stays in W, and a task that is rare or has small errors still has weights that nothing else pulls at.
    The form is that of low-rank adaptation (Hu et al., arXiv 2106.09685), mixed per picture as kernels are in
    conditional convolutions (Yang et al., arXiv 1904.04971).

    U starts at zero: a new change changes nothing. The rows of V start with a norm of about one, so that a step of U
    moves the kernel as far as a step of W does.
    """

    def __init__(self, width: int, *, n_mixed: int, rank: int) -> None:
        super().__init__(width, width, 3, padding=1)
        self.rank = rank
        if rank:
            self.expand = nn.Parameter(torch.zeros(width, n_mixed * rank))
            self.reduce = nn.Parameter(torch.randn(n_mixed * rank, 9 * width) * (9 * width) ** -0.5)

    def forward(self, x: Tensor, mixture: Tensor) -> Tensor:  # type: ignore[override]
        """Convolve every picture with its own kernel.

        Args:
            x: (B, C, h, w).
            mixture: (B, n_mixed), weights of the changes; ignored where the rank is 0.

        Returns:
            (B, C, h, w).
        """
        if not self.rank:
            return super().forward(x)
        n_pictures, width, height, breadth = x.shape
        weights = mixture.repeat_interleave(self.rank, dim=1)
        kernels = self.weight.flatten(1) + (weights[:, None] * self.expand) @ self.reduce
        assert self.bias is not None
        if n_pictures == 1:  # a plain convolution, which graph runtimes know how to compute fast
            return F.conv2d(x, kernels.reshape(width, width, 3, 3), self.bias, padding=1)
        convolved = F.conv2d(
            x.reshape(1, n_pictures * width, height, breadth),
            kernels.reshape(n_pictures * width, width, 3, 3),
            self.bias.repeat(n_pictures),
            padding=1,
            groups=n_pictures,
        )
        return convolved.reshape(x.shape)

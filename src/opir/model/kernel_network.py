"""The network that finds the kernel of a blur from its traces and the turns of an alternation."""

from __future__ import annotations

from typing import Final

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from opir.deconvolution import alternation, traces
from opir.deconvolution.kernel import REACH_PX, SIDE
from opir.deconvolution.traces import N_STATISTICS

N_MAPS: Final = traces.N_MAPS + alternation.N_MAPS
"""Maps that the network sees."""

WIDTH: Final = 64
N_BLOCKS: Final = 9
DILATIONS: Final = (1, 2, 4, 2, 1, 1)
"""Of the blocks, again and again."""
LEAST_LOG_REGULARISER: Final = -9.0
LOG_REGULARISER_RANGE: Final = 10.0


class KernelNetwork(nn.Module):
    """Maps of the size of a kernel to a kernel, by residual convolutions that also see the mean of their features.

    A softmax over all places makes the kernel; it begins near a single point, which is no blur.

    Args:
        width: channels.
        n_blocks: residual blocks.
    """

    def __init__(self, width: int = WIDTH, n_blocks: int = N_BLOCKS) -> None:
        super().__init__()
        self.width, self.n_blocks = width, n_blocks
        self.entry = nn.Conv2d(N_MAPS + 2, width, 5, padding=2)
        self.blocks = nn.ModuleList(_block(width, DILATIONS[k % len(DILATIONS)]) for k in range(n_blocks))
        self.means = nn.ModuleList(nn.Linear(width, width) for _ in range(n_blocks))
        self.exit = nn.Conv2d(width, 1, 1)
        self.regularisers = nn.Sequential(nn.Linear(width + N_STATISTICS, 64), nn.ReLU(), nn.Linear(64, 2))
        last = self.regularisers[-1]
        assert isinstance(last, nn.Linear)
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)
        distance = _distance()
        self.register_buffer("position", torch.stack((distance, (distance < 0.05).float())), persistent=False)
        self.prior = nn.Parameter(-4 * distance)

    def forward(self, maps: Tensor, statistics: Tensor) -> tuple[Tensor, Tensor]:
        """Tell the kernel from its traces.

        Args:
            maps: (B, 23, 33, 33).
            statistics: (B, 14).

        Returns:
            The kernel (B, 33, 33), not negative, of sum 1; and (B, 2), logarithms of the regularisers of its inverse.
        """
        position = self.get_buffer("position").expand(len(maps), -1, -1, -1)
        x = F.relu(self.entry(torch.cat((maps, position), dim=1)))
        for block, mean in zip(self.blocks, self.means, strict=True):
            x = F.relu(x + block(x) + mean(x.mean(dim=(2, 3)))[:, :, None, None])
        logits = self.exit(x)[:, 0] + self.prior
        kernel = torch.softmax(logits.flatten(1), dim=1).view(-1, SIDE, SIDE)
        strength = torch.sigmoid(self.regularisers(torch.cat((x.mean(dim=(2, 3)), statistics), dim=1)))
        return kernel, LEAST_LOG_REGULARISER + LOG_REGULARISER_RANGE * strength


def _block(width: int, dilation: int) -> nn.Sequential:
    last = nn.Conv2d(width, width, 3, padding=1)
    nn.init.zeros_(last.weight)
    assert last.bias is not None
    nn.init.zeros_(last.bias)
    return nn.Sequential(nn.Conv2d(width, width, 3, padding=dilation, dilation=dilation), nn.ReLU(), last)


def _distance() -> Tensor:
    """Distance of every place from the middle, (33, 33), in units of the reach."""
    axis = torch.arange(SIDE) - REACH_PX
    return (axis[:, None] ** 2 + axis[None, :] ** 2).float().sqrt() / REACH_PX

"""The degradation estimator: what is wrong with the whole picture."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from opir.model.config import NetworkConfig

ENCODER_STRIDE = 8
"""Pixels per cell of the encoder's feature map."""


class DegradationEstimator(nn.Module):
    """Encoder at native resolution, mean over the whole image, then task weights p and context z.

    The mean is the network's only global operation. It adds up over tiles, so an image of any size can be
    summarised in pieces: ``encode`` each, sum the features, divide by their number, ``estimate`` once.
    """

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        first, second, third = config.estimator_widths
        self.entry = nn.Conv2d(3 * 4**2, first, 3, padding=1)
        self.reduce = nn.Conv2d(first, second, 3, padding=1, stride=2)
        self.deepen = nn.Conv2d(second, third, 3, padding=1)
        self.hidden = nn.Linear(third, 2 * third)
        self.task_logits = nn.Linear(2 * third, config.n_tasks)
        self.context = nn.Linear(2 * third, config.n_context)

    def encode(self, image: Tensor) -> Tensor:
        """Local evidence of degradation.

        Args:
            image: (B, 3, H, W), sRGB in [0, 1]; H and W multiples of 8.

        Returns:
            (B, C, H / 8, W / 8), non-negative.
        """
        x = F.relu(self.entry(F.pixel_unshuffle(image, 4) - 0.5))
        x = F.relu(self.reduce(x))
        return F.relu(self.deepen(x))

    def logits(self, mean: Tensor) -> tuple[Tensor, Tensor]:
        """Task logits (B, T) and context (B, Z) from features averaged over the image, (B, C)."""
        hidden = F.relu(self.hidden(mean))
        return self.task_logits(hidden), self.context(hidden)

    def forward(self, mean: Tensor) -> tuple[Tensor, Tensor]:
        """Task weights p (B, T) in [0, 1] and context z (B, Z) from averaged features (B, C)."""
        logits, context = self.logits(mean)
        return torch.sigmoid(logits), context

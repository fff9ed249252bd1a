"""Exponential moving average of the weights, which is what ships."""

from __future__ import annotations

import copy

import torch

from opir.model.network import RestorationNetwork


class WeightAverage:
    """Keep ``average = decay * average + (1 - decay) * weights``; young averages forget faster."""

    def __init__(self, network: RestorationNetwork, *, decay: float) -> None:
        self.decay = decay
        self.network = copy.deepcopy(network)
        self.network.requires_grad_(False).eval()

    @torch.no_grad()
    def update(self, network: RestorationNetwork, step: int) -> None:
        """Take in the weights after ``step`` (counted from 0)."""
        decay = min(self.decay, (1 + step) / (10 + step))
        for mine, theirs in zip(self.network.parameters(), network.parameters(), strict=True):
            mine.lerp_(theirs.to(mine.dtype), 1 - decay)

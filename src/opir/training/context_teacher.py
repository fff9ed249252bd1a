"""What the estimator that a run began with says to the trunk."""

from __future__ import annotations

import copy

import torch
from torch import Tensor

from opir.model.network import RestorationNetwork


class ContextTeacher:
    """Keeps the estimator as it is and computes its context, which :attr:`LossWeights.context` compares with.

    The trunk has learned to read the context; an estimator trained without it would otherwise change the language.
    """

    def __init__(self, network: RestorationNetwork) -> None:
        self.estimator = copy.deepcopy(network.estimator).requires_grad_(False).eval()

    @torch.no_grad()
    def context(self, pictures: Tensor) -> Tensor:
        """Context (B, Z) of degraded pictures (B, 3, V, W), sRGB in [0, 1]."""
        context: Tensor = self.estimator.judge(pictures)[1]
        return context

"""A reading of the estimator's features in which what is faint counts."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

FAINT = 1e-3
"""What is added to averaged features before their logarithm; nine in ten of them lie between 0.03 and 6 in `base`."""


class ReadingOfLogarithms(nn.Module):
    """What the logarithms of averaged features say for or against each task; nothing before it is trained.

    Both readings of the estimator are normalised and neither sees a common factor. Among amounts the large features
    decide; among logarithms a faint one that doubles counts as much as a strong one that does. Rain in photographs is
    faint beside the texture of its scenes (docs/decisions/0022).
    """

    def __init__(self, width: int, n_tasks: int) -> None:
        super().__init__()
        self.normalise = nn.LayerNorm(width)
        self.hidden = nn.Linear(width, 2 * width)
        self.task_logits = nn.Linear(2 * width, n_tasks)
        nn.init.kaiming_normal_(self.hidden.weight, nonlinearity="relu")
        nn.init.zeros_(self.task_logits.weight)
        nn.init.zeros_(self.task_logits.bias)

    def hidden_units(self, mean: Tensor) -> Tensor:
        """What the logits are made of, (B, 2 C), from averaged features (B, C), non-negative."""
        return F.relu(self.hidden(self.normalise((mean + FAINT).log())))

    def forward(self, mean: Tensor) -> Tensor:
        """Contributions to the task logits (B, T) from averaged features (B, C), non-negative."""
        logits: Tensor = self.task_logits(self.hidden_units(mean))
        return logits

"""The degradation estimator: what is wrong with the whole picture."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from opir.model.config import NetworkConfig
from opir.model.folding import fold
from opir.model.logarithms import ReadingOfLogarithms
from opir.model.padding import pad_to_stride
from opir.model.task_weights import task_weights_of

ENCODER_STRIDE = 8
"""Pixels per cell of the encoder's feature map."""

CELL = 4
"""Side of the cells that the image is folded into, in pixels."""

TEXTURE_GAIN = 4.0
"""Amplification of the deviations inside a cell: they are that much smaller than brightness."""

WIDEN_GAIN = 0.3
"""Initial size of what the dilated convolutions add: a rectifier passes one sign alone, so their sums only grow."""

CONTEXT_GAIN = 0.1
"""Size of the context. Every entry meets every channel of the trunk and of the operator: with entries of size one, each
step of the optimiser would be a leap there, and drown what the trunk has to learn."""


class DegradationEstimator(nn.Module):
    """Encoder at native resolution, mean over the whole image, then task weights p and context z.

    The averaged features are read twice for the task weights, as they are and as logarithms
    (:class:`ReadingOfLogarithms`), and the logits of the two are added.

    The mean is the network's only global operation. It adds up over tiles, so an image of any size can be
    summarised in pieces: ``encode`` each, sum the features, divide by their number, ``estimate`` once.
    """

    log_odds: Tensor
    """(T, T + 1), what the task logits of pictures in use are made of: of all logits as they were trained, and one. How
    readily a task should be found is decided after training (:mod:`opir.model.log_odds`) and must not reach back into
    it: behind log-odds that commit the network to its better guess, a sample that is doubted has a weight of nothing
    and a clean target, and trunks trained so lost haze and darkness (docs/decisions/0020)."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.stride = config.stride
        first, second, third = config.estimator_widths
        self.entry = nn.Conv2d(3 + 3 * CELL**2, first, 3, padding=1)
        self.reduce = nn.Conv2d(first, second, 3, padding=1, stride=2)
        self.deepen = nn.Conv2d(second, third, 3, padding=1)
        self.widen = nn.ModuleList(_widening(third, dilation) for dilation in config.estimator_dilations)
        self.normalise = nn.LayerNorm(third)
        self.hidden = nn.Linear(third, 2 * third)
        self.task_logits = nn.Linear(2 * third, config.n_tasks)
        self.register_buffer("log_odds", torch.eye(config.n_tasks, config.n_tasks + 1))
        self.logarithms = ReadingOfLogarithms(third, config.n_tasks)
        self.context = nn.Linear(2 * third, config.n_context)
        for layer in (self.entry, self.reduce, self.deepen, self.hidden):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")

    def encode(self, image: Tensor) -> Tensor:
        """Local evidence of degradation.

        Brightness and texture are told apart before the first convolution: the mean of each 4 x 4 cell, and every
        pixel's deviation from it, amplified. Left to be learned, brightness drowns noise and streaks. Dilated
        convolutions behind them see surfaces and objects: whether a wall is grey or stands in haze shows around it.

        Args:
            image: (B, 3, H, W), sRGB in [0, 1]; H and W multiples of 8.

        Returns:
            (B, C, H / 8, W / 8), non-negative.
        """
        cells = F.avg_pool2d(image, CELL)
        texture = fold(image, CELL) - cells.repeat_interleave(CELL**2, dim=1)
        x = F.relu(self.entry(torch.cat((cells - 0.5, TEXTURE_GAIN * texture), dim=1)))
        x = F.relu(self.reduce(x))
        x = F.relu(self.deepen(x))
        for layer in self.widen:
            x = x + F.relu(layer(x))
        return x

    def judge(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """Task logits (B, T) and context (B, Z) of whole images (B, 3, H, W), sRGB in [0, 1], of any size."""
        return self.logits(self.encode(pad_to_stride(image, self.stride)).mean(dim=(2, 3)))

    def logits(self, mean: Tensor) -> tuple[Tensor, Tensor]:
        """Task logits (B, T) and context (B, Z) from features averaged over the image, (B, C).

        In evaluation mode the logits have gone through :attr:`log_odds`, in training mode they are as trained.
        """
        hidden = self._hidden_units(mean)
        logits = self.task_logits(hidden) + self.logarithms(mean)
        if not self.training:
            logits = F.linear(logits, self.log_odds[:, :-1], self.log_odds[:, -1])
        return logits, CONTEXT_GAIN * self.context(hidden)

    def read_amounts(self, mean: Tensor) -> Tensor:
        """The part of the task logits, as trained, that is read from the features as they are: (B, T) from (B, C)."""
        logits: Tensor = self.task_logits(self._hidden_units(mean))
        return logits

    def _hidden_units(self, mean: Tensor) -> Tensor:
        return F.relu(self.hidden(self.normalise(mean)))

    def forward(self, mean: Tensor) -> tuple[Tensor, Tensor]:
        """Task weights p (B, T) in [0, 1] and context z (B, Z) from averaged features (B, C)."""
        logits, context = self.logits(mean)
        return task_weights_of(logits), context


def _widening(width: int, dilation: int) -> nn.Conv2d:
    layer = nn.Conv2d(width, width, 3, padding=dilation, dilation=dilation)
    assert layer.bias is not None
    nn.init.normal_(layer.weight, std=WIDEN_GAIN * (9 * width) ** -0.5)
    nn.init.zeros_(layer.bias)
    return layer

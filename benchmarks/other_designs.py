"""Designs that the package does not have, for comparison in ``benchmarks/ablation.py``.

Gated depthwise blocks as of Chen et al., arXiv 2204.04676, without the channel attention, which would look at the whole
picture; and a predictor of its own for the second stage. They cost time or brought nothing (docs/decisions/0009), so
they live beside the benchmark, not in the package.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from functools import partial
from typing import Any, Final
from unittest.mock import patch

from torch import Tensor, nn

from opir.model import NetworkConfig
from opir.model import network as network_module
from opir.model import predictor as predictor_module
from opir.model.predictor import ContextModulation, OperatorPredictor, unit_mean_square

DESIGNS: Final = ("gated blocks", "second predictor", "small second predictor")
"""What :func:`design` knows."""

SMALL_WIDTHS: Final = (32, 44, 64)
"""Of the small second predictor; the first has 60, 80, 120 then, and both together the multiply-adds of ``base``."""


class GatedBlock(nn.Module):
    """Norm, 1 x 1, depthwise 3 x 3, product of halves, 1 x 1; then the same without the 3 x 3. Each is added."""

    def __init__(self, width: int, config: NetworkConfig) -> None:
        super().__init__()
        self.spread, self.spatial = (
            nn.Conv2d(width, 2 * width, 1),
            nn.Conv2d(2 * width, 2 * width, 3, 1, 1, 1, 2 * width),
        )
        self.gather = nn.Conv2d(width, width, 1)
        self.widen, self.narrow = nn.Conv2d(width, 2 * width, 1), nn.Conv2d(width, width, 1)
        self.modulation = ContextModulation(config.n_conditions, 2 * width) if config.block_modulation else None
        for last in (self.gather, self.narrow):
            nn.init.normal_(last.weight, std=0.7 * width**-0.5)
            assert last.bias is not None
            nn.init.zeros_(last.bias)

    def forward(self, x: Tensor, conditions: Tensor, mixture: Tensor) -> Tensor:  # noqa: ARG002
        """Map (B, C, h, w) to the same shape; the mixture is not used."""
        hidden = self.spatial(self.spread(unit_mean_square(x)))
        if self.modulation is not None:
            hidden = self.modulation(hidden, conditions)
        first, second = hidden.chunk(2, dim=1)
        x = x + self.gather(first * second)
        first, second = self.widen(unit_mean_square(x)).chunk(2, dim=1)
        change: Tensor = self.narrow(first * second)
        return x + change


class PredictorOfEachStage(nn.Module):
    """A predictor for stage 1 and another for stage 2, in front of one linear head."""

    def __init__(self, config: NetworkConfig, *, widths: tuple[int, ...] | None = None) -> None:
        super().__init__()
        if not config.block_modulation:
            raise ValueError("a predictor for each stage needs block_modulation, by which it learns the stage")
        second = config if widths is None else replace(config, widths=widths)
        self.of_stages = nn.ModuleList((OperatorPredictor(config), OperatorPredictor(second)))

    def forward(self, current: Tensor, observed: Tensor, uncertainty: Tensor, conditions: Tensor) -> Tensor:
        """See :class:`~opir.model.predictor.OperatorPredictor`. The conditions end in the stage, one-hot."""
        stage = int(conditions[0, -len(self.of_stages) :].argmax())
        features: Tensor = self.of_stages[stage](current, observed, uncertainty, conditions)
        return features


@contextmanager
def design(name: str | None) -> Iterator[None]:
    """Build networks of another design inside the block; None changes nothing.

    Raises:
        ValueError: if there is no such design.
    """
    replaced: Any
    if name is None:
        replaced = nullcontext()
    elif name == "gated blocks":
        replaced = patch.object(predictor_module, "ResidualBlock", GatedBlock)
    elif name == "second predictor":
        replaced = patch.object(network_module, "OperatorPredictor", PredictorOfEachStage)
    elif name == "small second predictor":
        small = partial(PredictorOfEachStage, widths=SMALL_WIDTHS)
        replaced = patch.object(network_module, "OperatorPredictor", small)
    else:
        raise ValueError(f"design must be one of {', '.join(DESIGNS)}; got {name!r}")
    with replaced:
        yield

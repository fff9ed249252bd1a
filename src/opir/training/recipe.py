"""What a training run is made of, validated: the recipe and its phases."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Literal, get_args

from opir.data.mixture import Ingredient
from opir.errors import ConfigurationError
from opir.model.config import NetworkConfig
from opir.model.presets import preset
from opir.tasks import Task
from opir.training.losses import LossWeights

Precision = Literal["float32", "bfloat16"]
"""Arithmetic of the predictor."""

OptimiserName = Literal["adamw", "muon"]
"""AdamW for everything, or Muon for the trunk's convolutions and AdamW for the rest."""

Sampling = Literal["stream", "resident"]
"""Worker processes that make numbered samples, or batches made on the training device."""

CROP_STEP = 8
"""Sides of training crops are multiples of this many pixels."""


def _check(*conditions: tuple[bool, str, object]) -> None:
    """Raise one :class:`ConfigurationError` that names every condition that does not hold."""
    failed = [f"{text}; got {value!r}" for holds, text, value in conditions if not holds]
    if failed:
        raise ConfigurationError(" | ".join(failed))


@dataclass(frozen=True, kw_only=True)
class Phase:
    """One of the consecutive parts of a run; several make progressive training."""

    share: float = 1.0
    """Share of the run's steps; the shares of all phases add up to 1."""

    crop_size: int = 96
    """Side of a training crop [px], a multiple of 8."""

    surroundings_size: int | None = None
    """Side of what the estimator sees around a crop [px], a multiple of 8; None: the crop alone. Pictures are degraded
    at this size."""

    batch_size: int = 21
    """Samples per step of the optimiser, over all processes."""

    told_share: float = 0.25
    """Share of the samples for which the network is told the tasks instead of estimating them."""

    n_stages: int | None = None
    """Stages of the network that are trained; None: all. Stage 1 alone costs half; 0 trains the estimator alone."""

    def __post_init__(self) -> None:
        _check(
            (self.n_stages in (None, 0, 1, 2), "n_stages must be 0, 1, 2 or None", self.n_stages),
            (0 < self.share <= 1, "share of a phase must be above 0 and at most 1", self.share),
            (
                self.crop_size > 0 and self.crop_size % CROP_STEP == 0,
                f"crop_size must be a positive multiple of {CROP_STEP}",
                self.crop_size,
            ),
            (
                self.surroundings_size is None
                or (self.surroundings_size >= self.crop_size and self.surroundings_size % CROP_STEP == 0),
                f"surroundings_size must be a multiple of {CROP_STEP}, at least crop_size={self.crop_size}, or None",
                self.surroundings_size,
            ),
            (self.batch_size > 0, "batch_size must be positive", self.batch_size),
            (0 <= self.told_share <= 1, "told_share must lie between 0 and 1", self.told_share),
        )


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """A complete training run, but for the folder of the data and that of the run."""

    name: str
    """Name under which the recipe is chosen."""

    model: NetworkConfig = field(default_factory=lambda: preset("base"))
    """Sizes and choices of the network."""

    ingredients: dict[str, Ingredient] = field(default_factory=dict)
    """The training mixture. An empty one stands for all pairs that the data folder holds."""

    frozen: tuple[str, ...] = ()
    """Parts of the network that keep the weights they begin with: "estimator", or "estimator.entry"."""

    fresh: tuple[str, ...] = ()
    """Parts of the network that begin with random weights even where there are weights to start from."""

    only_tasks: tuple[Task, ...] = ()
    """Tasks whose own weights alone are trained: pictures without them are restored as before. None: all weights."""

    n_steps: int = 10_000
    """Steps of the optimiser."""

    phases: tuple[Phase, ...] = (Phase(),)
    """Size and number of the crops, from the first step to the last."""

    optimiser: OptimiserName = "muon"
    """How gradients become steps; see :mod:`opir.training.muon`."""

    learning_rate: float = 1e-3
    """Peak learning rate of AdamW."""

    muon_rate: float = 3.0
    """Learning rate of Muon, in units of ``learning_rate``."""

    n_warmup: int = 200
    """Steps over which the learning rate rises."""

    second_moment_decay: float = 0.999
    """Beta 2 of AdamW. Gradients differ by orders of magnitude between samples; a short memory makes steps wild."""

    weight_decay: float = 1e-4
    """Decoupled weight decay; none with ``only_tasks``."""

    max_gradient_norm: float = 0.5
    """Gradients are scaled down to this norm."""

    average_decay: float = 0.999
    """Decay of the exponential moving average of the weights."""

    precision: Precision = "bfloat16"
    """Arithmetic of the predictor; losses, the operator and the weights stay in float32."""

    loss: LossWeights = field(default_factory=LossWeights)
    """Weights of the loss terms."""

    seed: int = 0
    """Seed of the initial weights and of the samples."""

    checkpoint_minutes: float = 5.0
    """Time between checkpoints."""

    accumulate: int = 1
    """Micro-batches per step of the optimiser; divides the batch size of every phase. Costs time, saves memory."""

    sampling: Sampling = "stream"
    """Worker processes that make numbered samples, or batches made on the training device."""

    kernels: str | None = None
    """Model with a network that finds kernels, by bundled name or folder, or the file of that network: blurred samples
    are deconvolved with what it finds before the network sees them, as pictures are in use. None: they are not."""

    compile: bool = False
    """Whether torch compiles the network, anew for every size of crops: a minute each, then faster steps."""

    def __post_init__(self) -> None:
        positive = ("n_steps", "learning_rate", "muon_rate", "max_gradient_norm", "checkpoint_minutes", "accumulate")
        decays = ("second_moment_decay", "average_decay")
        not_negative = ("n_warmup", "weight_decay", "seed")
        total = math.fsum(phase.share for phase in self.phases)
        batch_sizes = tuple(phase.batch_size for phase in self.phases)
        _check(
            *((getattr(self, name) > 0, f"{name} must be positive", getattr(self, name)) for name in positive),
            *((getattr(self, name) >= 0, f"{name} must not be negative", getattr(self, name)) for name in not_negative),
            *((0 <= getattr(self, name) < 1, f"{name} must lie in [0, 1)", getattr(self, name)) for name in decays),
            (self.precision in get_args(Precision), f"precision must be one of {get_args(Precision)}", self.precision),
            (
                self.optimiser in get_args(OptimiserName),
                f"optimiser must be one of {get_args(OptimiserName)}",
                self.optimiser,
            ),
            (self.sampling in get_args(Sampling), f"sampling must be one of {get_args(Sampling)}", self.sampling),
            (abs(total - 1) < 1e-6, "the shares of the phases must add up to 1", total),
            (
                self.accumulate > 0 and not any(size % self.accumulate for size in batch_sizes),
                f"batch_size must be a multiple of accumulate, {self.accumulate}, in every phase",
                batch_sizes,
            ),
            (
                self.kernels is None or self.sampling == "stream",
                "kernels need sampling=stream, since blurs are undone on the processor",
                self.sampling,
            ),
            (
                self.model.uncertainty == "learned" or self.loss.uncertainty == 0,
                "loss.uncertainty must be 0 for a network with model.uncertainty=pooled, which learns no scale",
                self.loss.uncertainty,
            ),
        )

    @property
    def largest_crop(self) -> int:
        """Side of the largest crop of any phase, with its surroundings [px]: the smallest side of a picture."""
        return max(phase.surroundings_size or phase.crop_size for phase in self.phases)

    def with_model(self, model: NetworkConfig) -> Recipe:
        """The recipe for another network; its uncertainty counts only where a scale is learned."""
        uncertainty = self.loss.uncertainty
        if model.uncertainty != self.model.uncertainty:
            uncertainty = LossWeights().uncertainty if model.uncertainty == "learned" else 0.0
        return replace(self, model=model, loss=replace(self.loss, uncertainty=uncertainty))

    def phase_bounds(self) -> tuple[tuple[int, int], ...]:
        """(First step, last step + 1) of every phase; together they cover 0 to ``n_steps`` without a gap.

        A phase of a very short run may be empty.
        """
        shares = [phase.share for phase in self.phases]
        stops = [round(self.n_steps * math.fsum(shares[:k])) for k in range(1, len(shares))]
        edges = [0, *stops, self.n_steps]
        return tuple((edges[k], edges[k + 1]) for k in range(len(shares)))

    def phase_at(self, step: int) -> Phase:
        """The phase that step ``step``, counted from 0, belongs to.

        Raises:
            ConfigurationError: if the run has no such step.
        """
        for phase, (first, stop) in zip(self.phases, self.phase_bounds(), strict=True):
            if first <= step < stop:
                return phase
        raise ConfigurationError(f"step must lie in 0 to {self.n_steps - 1}; got {step}")

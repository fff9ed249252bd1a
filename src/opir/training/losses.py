"""What the network is trained to minimise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

import torch
import torch.nn.functional as F
from torch import Tensor

from opir.errors import ConfigurationError
from opir.model.network import RestorationOutput

Distance: TypeAlias = Literal["charbonnier", "squared"]
"""How a restoration is compared with the clean picture: a smooth L1, or the mean squared error, as in PSNR."""

SMALLEST_ERROR = 0.25 / 255
"""Error in image units below which differences do not matter to :func:`log_scale_error`."""


@dataclass(frozen=True, kw_only=True)
class LossWeights:
    """Weights of the terms; the last stage's balanced distance counts 1."""

    distance: Distance = "charbonnier"
    """How restorations are compared with clean pictures. ``squared`` is what PSNR is measured by; it is meant
    for the end of a run, and the one run that ended with it gained next to nothing (docs/experiments.md)."""

    balance: float = 0.05
    """Error, in image units, below which a picture gains no further weight; see :func:`balanced`."""

    earlier_stages: float = 0.3
    """Distance of every stage but the last."""

    fourier: float = 0.1
    """L1 distance of the last stage in the Fourier domain."""

    uncertainty: float = 0.002
    """Distance of the predicted scale from the error, on a log scale, per stage. Small: its gradient has one sign over
    whole pictures, and at a larger weight it shapes the trunk more than the restoration does."""

    tasks: float = 0.3
    """Binary cross-entropy of the task weights where the labels are known."""

    context: float = 0.0
    """Distance of the context from the one that the run began with; see :func:`context_distance`."""

    def __post_init__(self) -> None:
        if self.distance not in get_args(Distance):
            raise ConfigurationError(f"loss.distance must be one of {get_args(Distance)}; got {self.distance!r}")


@dataclass(frozen=True, kw_only=True)
class Losses:
    """The terms of one batch, each a scalar, unweighted, and their weighted sum."""

    total: Tensor
    restoration: Tensor
    earlier_stages: Tensor
    fourier: Tensor
    uncertainty: Tensor
    tasks: Tensor
    context: Tensor


def charbonnier(restored: Tensor, clean: Tensor, *, epsilon: float = 1e-3) -> Tensor:
    """Mean of sqrt(x^2 + epsilon^2) for each picture, (B,), a smooth L1 (Charbonnier et al. 1994)."""
    return torch.sqrt((restored - clean) ** 2 + epsilon**2).mean(dim=(1, 2, 3))


def balanced(errors: Tensor, *, balance: float) -> Tensor:
    """Mean of ``s log(1 + e / s)`` over the pictures' mean errors e, (B,), with s the ``balance``.

    Its gradient weighs each picture by s / (e + s): for e << s it is the plain mean, for e >> s the logarithm, as in
    PSNR. A dark or hazy picture whose brightness is guessed wrongly has an error of one sign everywhere: its gradient
    adds up over the pixels, that of noise does not, and it changes sign from picture to picture. Averaged plainly,
    such pictures drown all others.
    """
    return (balance * torch.log1p(errors / balance)).mean()


def balanced_squares(restored: Tensor, clean: Tensor, *, balance: float) -> Tensor:
    """Mean of ``s / 2 log(1 + m / s^2)`` over the pictures' mean squared errors m, with s the ``balance``.

    The counterpart of :func:`balanced` for squared errors. For m >> s^2 it is PSNR, negated, in units of
    20 / (s log 10) dB; for m << s^2 the plain mean of m / (2 s).
    """
    mean_squares = (restored - clean).square().mean(dim=(1, 2, 3))
    return (balance / 2 * torch.log1p(mean_squares / balance**2)).mean()


def distance(restored: Tensor, clean: Tensor, weights: LossWeights) -> Tensor:
    """The distance that ``weights`` name, balanced over the pictures, a scalar."""
    if weights.distance == "squared":
        return balanced_squares(restored, clean, balance=weights.balance)
    return balanced(charbonnier(restored, clean), balance=weights.balance)


def fourier_l1(restored: Tensor, clean: Tensor) -> Tensor:
    """Mean absolute difference of the orthonormal spectra's real and imaginary parts for each picture, (B,)."""
    spectrum = torch.fft.rfft2(restored - clean, norm="ortho")
    return torch.view_as_real(spectrum).abs().mean(dim=(1, 2, 3, 4))


def log_scale_error(scale: Tensor, restored: Tensor, clean: Tensor) -> Tensor:
    """Mean of ``|log b - log(e + e0)|`` over the pixels, with e the error averaged over the colours and e0 small.

    Smallest where b is the median of the error among pixels that look alike to the network. The Laplace likelihood
    ``e / b + log(2 b)`` would give the mean, but its gradient 1 - e / b has no bound: a few outliers of hazy and dark
    pictures decide every step, and b stayed the same for all pictures (docs/experiments.md). The error is detached: the
    term teaches the scale to predict the error, and never lets the network trade one for the other.

    Args:
        scale: (B, 1, H, W), b > 0 in image units.
        restored: (B, 3, H, W), sRGB.
        clean: (B, 3, H, W), sRGB in [0, 1].
    """
    error = (restored.detach() - clean).abs().mean(dim=1, keepdim=True)
    return (torch.log(scale) - torch.log(error + SMALLEST_ERROR)).abs().mean()


def context_distance(context: Tensor, expected: Tensor) -> Tensor:
    """Mean squared difference in units of the variance among the pictures, both averaged over its entries.

    An estimator that is trained alone must go on saying what the trunk has learned to read: it is free to become surer
    of the tasks, not to change the meaning of the context.

    Args:
        context: (B, Z).
        expected: (B, Z), of the estimator that the run began with.
    """
    spread = expected.var(dim=0, correction=0).mean().clamp_min(1e-6)
    return (context - expected).square().mean() / spread


def restoration_losses(
    output: RestorationOutput,
    clean: Tensor,
    labels: Tensor,
    known: Tensor,
    weights: LossWeights,
    *,
    expected_context: Tensor | None = None,
) -> Losses:
    """All terms for one batch.

    Args:
        output: what the network said; without stages, the terms of restorations are zero.
        clean: (B, 3, H, W), sRGB in [0, 1].
        labels: (B, T), 1 where a task is present.
        known: (B, T), 1 where the label may be trusted.
        weights: weights of the terms.
        expected_context: (B, Z), where the context is to be kept.
    """
    zero = torch.zeros((), device=clean.device)
    restoration = fourier = zero
    if output.stages:
        restoration = distance(output.restored, clean, weights)
        fourier = balanced(fourier_l1(output.restored, clean), balance=weights.balance)
    earlier = sum((distance(stage, clean, weights) for stage in output.stages[:-1]), zero)
    uncertainty = zero
    if weights.uncertainty:  # pooled scales may be zero, which has no logarithm
        pairs = zip(output.scales, output.stages, strict=True)
        uncertainty = sum((log_scale_error(scale, stage, clean) for scale, stage in pairs), zero)
    tasks = F.binary_cross_entropy_with_logits(output.task_logits, labels, weight=known)
    context = zero if expected_context is None else context_distance(output.context, expected_context)
    total = (
        restoration
        + weights.earlier_stages * earlier
        + weights.fourier * fourier
        + weights.uncertainty * uncertainty
        + weights.tasks * tasks
        + weights.context * context
    )
    return Losses(
        total=total,
        restoration=restoration,
        earlier_stages=earlier,
        fourier=fourier,
        uncertainty=uncertainty,
        tasks=tasks,
        context=context,
    )

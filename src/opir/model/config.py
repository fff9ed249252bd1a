"""Sizes and choices of the network, in one validated place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from opir.errors import ConfigurationError
from opir.tasks import TASKS

Fusion = Literal["softmax", "pointwise"]
Uncertainty = Literal["learned", "pooled"]


@dataclass(frozen=True, kw_only=True)
class NetworkConfig:
    """Everything that is needed to build a :class:`~opir.model.network.RestorationNetwork`."""

    widths: tuple[int, ...] = (32, 64, 128)
    """Channels of each resolution level of the trunk, finest first."""

    encoder_blocks: tuple[int, ...] = (1, 2, 3)
    """Residual blocks of each level on the way down; the last level is the bottleneck."""

    decoder_blocks: tuple[int, ...] = (1, 1)
    """Residual blocks of each level but the last on the way up, finest first."""

    head_width: int = 32
    """Channels of the last hidden layer, from which the operator is predicted."""

    block_norm: bool = False
    """Whether a block sees its input divided by its root mean square over the channels, pixel by pixel."""

    block_modulation: bool = False
    """Whether task weights, context and stage scale and shift the hidden channels of every block, not only the
    features of every level, which then see the stage too."""

    task_rank: int = 0
    """Rank of the change that every task makes to the convolutions of the blocks, and every stage where blocks are
    modulated; 0: all tasks share them."""

    exit_kernel: int = 3
    """Side of the convolution between the trunk and the head, odd."""

    downscale: int = 2
    """Factor between the image and the finest level of the trunk; the operator is always at full resolution."""

    kernel_size: int = 3
    """Side k of the per-pixel kernels, odd."""

    dilations: tuple[int, ...] = (1, 2, 3, 4)
    """Distances between the taps, in pixels."""

    fusion: Fusion = "softmax"
    """How dilations are combined: a predicted per-pixel mixture, or one learned 1x1 map ("pointwise")."""

    bias: bool = True
    """Whether the operator is affine (J = W I + c) or linear (J = W I)."""

    uncertainty: Uncertainty = "learned"
    """A predicted Laplace scale, or the mean magnitude of the kernel taps."""

    stage_two_sees_observed: bool = True
    """Whether stage 2 sees the observed image beside the first restoration and its uncertainty."""

    output_fusion: bool = False
    """Whether stage 2's result is a learned 1x1 map of both stages' results."""

    n_stages: int = 2
    """How often the shared predictor is applied."""

    estimator_widths: tuple[int, int, int] = (32, 64, 64)
    """Channels of the degradation estimator's three convolutions; the last is averaged over the image."""

    estimator_dilations: tuple[int, ...] = ()
    """Distances between the taps of the estimator's further residual convolutions, in cells of 8 pixels."""

    n_context: int = 64
    """Length of the context vector z."""

    n_tasks: int = len(TASKS)
    """Number of known degradations."""

    def __post_init__(self) -> None:
        levels = len(self.widths)
        checks = {
            "widths must hold at least one level of at least 4 channels": levels >= 1 and min(self.widths) >= 4,
            "encoder_blocks must have one entry per level": len(self.encoder_blocks) == levels,
            "decoder_blocks must have one entry per level but the last": len(self.decoder_blocks) == levels - 1,
            "task_rank must not be negative": self.task_rank >= 0,
            "kernel_size must be odd": self.kernel_size % 2 == 1,
            "exit_kernel must be odd": self.exit_kernel % 2 == 1,
            "dilations must be one or more integers >= 1": bool(self.dilations) and min(self.dilations) >= 1,
            "estimator_dilations must be integers >= 1": min(self.estimator_dilations, default=1) >= 1,
            "downscale must be 1, 2, 4 or 8": self.downscale in (1, 2, 4, 8),
            "n_stages must be 1 or 2": self.n_stages in (1, 2),
            "stride must be a multiple of 8 (the estimator's)": self.stride % 8 == 0,
        }
        failed = [text for text, holds in checks.items() if not holds]
        if failed:
            raise ConfigurationError(f"{'; '.join(failed)}; got {self}")

    def may_be_expert_of(self, other: NetworkConfig) -> bool:
        """Tell whether the trunk of this network can restore pictures that the other's estimator has judged.

        Both must agree on the estimator, on what is told to the trunk, on the stages and on the multiple that sides
        are padded to. The trunk itself may be another: wider, deeper, without changes of tasks.
        """
        names = ("stride", "n_stages", "n_tasks", "n_context", "estimator_widths", "estimator_dilations")
        return all(getattr(self, name) == getattr(other, name) for name in names)

    @property
    def stride(self) -> int:
        """Pixels to a multiple of which images are padded: the trunk's coarsest cell."""
        return int(self.downscale * 2 ** (len(self.widths) - 1))

    @property
    def n_conditions(self) -> int:
        """Numbers that the trunk is conditioned on: task weights, context, and the stage where blocks are modulated."""
        return self.n_tasks + self.n_context + self.n_stages * self.block_modulation

    @property
    def n_mixed(self) -> int:
        """Changes of a convolution that are mixed: one for each task, and each stage where blocks are modulated."""
        return self.n_tasks + self.n_stages * self.block_modulation

    @property
    def n_taps(self) -> int:
        """Taps of one kernel, k * k."""
        return self.kernel_size**2

    @property
    def n_kernel_channels(self) -> int:
        """Channels of the predicted kernels; with pointwise fusion every dilation has kernels of its own."""
        n_banks = 1 if self.fusion == "softmax" else len(self.dilations)
        return 3 * self.n_taps * n_banks

    @property
    def n_operator_channels(self) -> int:
        """Channels that the predictor outputs per pixel: kernels, bias, mixing logits, log-scale."""
        n_mixing = len(self.dilations) if self.fusion == "softmax" else 0
        return self.n_kernel_channels + 3 * self.bias + n_mixing + (self.uncertainty == "learned")

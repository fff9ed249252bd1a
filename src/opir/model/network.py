"""The whole network: estimate the degradation, predict and apply its inverse, refine with the same predictor."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from opir.errors import ShapeError
from opir.model.config import NetworkConfig
from opir.model.estimator import DegradationEstimator
from opir.model.operator import InverseOperator, uncertainty_from_scale
from opir.model.padding import pad_to_stride
from opir.model.predictor import OperatorPredictor
from opir.model.task_parameters import OperatorHead, TaskParameters
from opir.model.task_weights import task_weights_of


@dataclass(frozen=True, kw_only=True)
class RestorationOutput:
    """What the network says about a batch of images."""

    stages: tuple[Tensor, ...]
    """Restorations after each stage that ran, each (B, 3, H, W), sRGB, not clipped; the last is the result."""

    scales: tuple[Tensor, ...]
    """Expected absolute error after each stage, each (B, 1, H, W), in image units."""

    task_logits: Tensor
    """(B, T); their sigmoid is the estimated presence of each task."""

    context: Tensor
    """(B, Z), what the estimator tells the trunk beside the tasks."""

    @property
    def restored(self) -> Tensor:
        """The final restoration, (B, 3, H, W)."""
        return self.stages[-1]


class RestorationNetwork(nn.Module):
    """All-in-one image restoration by a predicted task-aware inverse degradation operator (arXiv 2601.10192).

    Example:
        >>> network = RestorationNetwork(preset("base"))
        >>> output = network(torch.rand(1, 3, 100, 75))
        >>> output.restored.shape, output.scales[-1].shape
        (torch.Size([1, 3, 100, 75]), torch.Size([1, 1, 100, 75]))
    """

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.config = config
        self.estimator = DegradationEstimator(config)
        self.predictor = OperatorPredictor(config)
        self.task_parameters = TaskParameters(config)
        self.head = OperatorHead(config)
        self.operator = InverseOperator(config)
        if config.output_fusion:
            self.output_fusion = nn.Conv2d(6, 3, 1)
            _start_with_second_half(self.output_fusion)

    def forward(
        self,
        image: Tensor,
        task_weights: Tensor | None = None,
        *,
        told: Tensor | None = None,
        n_stages: int | None = None,
        surroundings: Tensor | None = None,
    ) -> RestorationOutput:
        """Restore a batch.

        Args:
            image: (B, 3, H, W), sRGB in [0, 1], any H, W >= 1.
            task_weights: (B, T) in [0, 1] where the tasks are known; estimated from the image otherwise.
            told: (B, T), boolean: where ``task_weights`` hold; the others are estimated. None: all of them hold.
            n_stages: stop after so many stages; None runs all of them, 0 estimates the degradation and no more.
            surroundings: (B, 3, V, W), sRGB in [0, 1]: the degraded pictures that the images are crops of, from which
                the degradation is estimated. None estimates it from the images.

        Raises:
            ShapeError: if the image, its surroundings or the task weights have another shape.
        """
        _check(image, task_weights, self.config.n_tasks)
        if surroundings is not None:
            _check(surroundings, None, self.config.n_tasks)
            if len(surroundings) != len(image):
                raise ShapeError(f"expected surroundings of {len(image)} images; got {len(surroundings)}")
        height, width = image.shape[2:]
        padded = pad_to_stride(image, self.config.stride)
        logits, context = self.estimator.judge(image if surroundings is None else surroundings)
        weights = task_weights_of(logits)
        if task_weights is not None:
            weights = task_weights if told is None else torch.where(told, task_weights, weights)
        current, scale = padded, torch.zeros_like(padded[:, :1])
        stages: list[Tensor] = []
        scales: list[Tensor] = []
        for stage_index in range(self.config.n_stages if n_stages is None else n_stages):
            # Its own loss alone shapes the scale: stage 2's loss must not bend what it means.
            current, scale = self.stage(current, padded, scale.detach(), weights, context, stage_index)
            stages.append(current[..., :height, :width])
            scales.append(scale[..., :height, :width])
        return RestorationOutput(stages=tuple(stages), scales=tuple(scales), task_logits=logits, context=context)

    def encode(self, image: Tensor) -> Tensor:
        """Features of the degradation, (B, C, H / 8, W / 8), to be averaged over the whole image."""
        features: Tensor = self.estimator.encode(image)
        return features

    def estimate(self, mean: Tensor) -> tuple[Tensor, Tensor]:
        """Task weights (B, T) in [0, 1] and context (B, Z) from averaged features (B, C)."""
        result: tuple[Tensor, Tensor] = self.estimator(mean)
        return result

    def stage(
        self,
        current: Tensor,
        observed: Tensor,
        scale: Tensor,
        task_weights: Tensor,
        context: Tensor,
        stage_index: int,
    ) -> tuple[Tensor, Tensor]:
        """Run one stage on images whose sides are multiples of ``config.stride``.

        Args:
            current: (B, 3, H, W), the observed image in stage 0, the restoration so far later.
            observed: (B, 3, H, W), the degraded image, sRGB in [0, 1].
            scale: (B, 1, H, W), expected absolute error of ``current``; zero in stage 0.
            task_weights: (B, T) in [0, 1].
            context: (B, Z).
            stage_index: 0 or 1.

        Returns:
            The restored image (B, 3, H, W), not clipped, and its expected absolute error (B, 1, H, W).
        """
        stage_weights = torch.zeros(self.config.n_stages, device=current.device, dtype=context.dtype)
        stage_weights[stage_index] = 1
        return self.weighted_stage(current, observed, scale, task_weights, context, stage_weights)

    def weighted_stage(
        self,
        current: Tensor,
        observed: Tensor,
        scale: Tensor,
        task_weights: Tensor,
        context: Tensor,
        stage_weights: Tensor,
    ) -> tuple[Tensor, Tensor]:
        """The same as :meth:`stage` with the stage as a one-hot tensor (n_stages,): one graph serves both."""
        features = self.features(current, observed, scale, task_weights, context, stage_weights)
        operator = self.head(features, *self.task_parameters(task_weights, context, stage_weights))
        restored, new_scale = self.operator(current, operator)
        if self.config.output_fusion:
            fused = self.output_fusion(torch.cat((current, restored), dim=1))
            restored = restored + stage_weights[-1] * (fused - restored)
        return restored, new_scale

    def features(
        self,
        current: Tensor,
        observed: Tensor,
        scale: Tensor,
        task_weights: Tensor,
        context: Tensor,
        stage_weights: Tensor,
    ) -> Tensor:
        """What the trunk makes of the arguments of :meth:`weighted_stage`, (B, head width, H / d, W / d).

        d is ``config.downscale``; the head makes the operator of it.
        """
        seen = observed if self.config.stage_two_sees_observed else current
        conditions = [task_weights, context]
        if self.config.block_modulation:
            conditions.append(stage_weights.expand(len(context), -1))
        features: Tensor = self.predictor(current, seen, uncertainty_from_scale(scale), torch.cat(conditions, dim=1))
        return features


def _check(image: Tensor, task_weights: Tensor | None, n_tasks: int) -> None:
    if image.ndim != 4 or image.shape[1] != 3 or 0 in image.shape:
        raise ShapeError(f"image must be (B, 3, H, W) with no empty side; got {tuple(image.shape)}")
    if task_weights is not None and tuple(task_weights.shape) != (image.shape[0], n_tasks):
        raise ShapeError(
            f"task_weights must be {(image.shape[0], n_tasks)} to match the batch; got {tuple(task_weights.shape)}"
        )


def _start_with_second_half(convolution: nn.Conv2d) -> None:
    """Make a 1x1 convolution of two joined pictures return the second."""
    with torch.no_grad():
        convolution.weight.copy_(torch.cat((torch.zeros(3, 3), torch.eye(3)), dim=1)[:, :, None, None])
        assert convolution.bias is not None
        convolution.bias.zero_()

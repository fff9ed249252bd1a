"""A network on a device: in which arithmetic, in which memory layout, launched how. Needs the ``torch`` extra."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Final, Literal

import torch
import torch.backends.cudnn
from torch import Tensor

from opir.model.network import RestorationNetwork
from opir.model.padding import pad_to_stride
from opir.runtime.engine import Float32
from opir.runtime.torch_graphs import Function, GraphCache, Tensors

Precision = Literal["float32", "float16", "bfloat16"]
"""Arithmetic of the convolutions. The picture itself, the operator's sums and the estimate are float32 always."""

DTYPES: Final = {"float32": torch.float32, "float16": torch.float16, "bfloat16": torch.bfloat16}


@dataclass(frozen=True, kw_only=True)
class Expert:
    """The network whose trunk restores pictures in which nothing but some tasks was found (opir.runtime.expert)."""

    network: RestorationNetwork
    """Of the configuration of the network that it stands beside. Its own estimator is not used."""

    restores: Callable[[Float32], bool]
    """Tells by the task weights (T,) whether a picture is the expert's."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Told:
    """Tasks that a caller has named."""

    task_weights: Tensor
    """(1, T) in [0, 1], on the device."""

    expert: bool
    """Whether the expert restores pictures with these tasks."""


class DeviceNetwork:
    """The parts of a network on tensors that already are on its device.

    In half precision the weights lie channels last, which is what tensor cores read; activations follow them. On
    CUDA shapes that come back are replayed as graphs, whose results the next call overwrites: copy them first.
    """

    def __init__(
        self,
        network: RestorationNetwork,
        device: torch.device,
        *,
        precision: Precision = "float32",
        compiled: bool = False,
        graphs: GraphCache | None = None,
        expert: Expert | None = None,
    ) -> None:
        """Move the network, and its expert, to the device and set them to evaluation.

        ``compiled`` lets ``torch.compile`` fuse what is between convolutions: the first run on each shape then takes
        minutes, so it is for pictures of one size.
        """
        self.device, self.precision, self.expert = device, precision, expert
        self.network = network
        networks = [network] if expert is None else [network, expert.network]
        for each in networks:
            each.to(device).eval()
            if precision != "float32" and device.type == "cuda":
                each.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._stages = [each.weighted_stage for each in networks]
        if compiled:
            self._stages = [torch.compile(stage, dynamic=False) for stage in self._stages]
        self.graphs = GraphCache() if graphs is None and device.type == "cuda" else graphs
        self._one_hot = torch.eye(network.config.n_stages, device=device)

    @contextmanager
    def arithmetic(self, precision: Precision | None = None) -> Iterator[None]:
        """Compute in the given precision, by default in that of the network, without recording gradients."""
        precision = self.precision if precision is None else precision
        with ExitStack() as stack:
            stack.enter_context(torch.inference_mode())
            if precision != "float32":
                # Without the cache of cast weights, which must not outlive the memory of a graph.
                autocast = torch.autocast(self.device.type, dtype=DTYPES[precision], cache_enabled=False)
                stack.enter_context(autocast)
            elif self.device.type == "cuda":  # whose "float32" convolutions round their inputs to 10 bits otherwise
                stack.enter_context(torch.backends.cudnn.flags(enabled=True, allow_tf32=False))
            yield

    def encode(self, image: Tensor, *, precision: Precision | None = None) -> Tensor:
        """Map (B, 3, H, W) to features (B, C, H / s, W / s), float32; ``precision`` replaces the network's own."""
        return self._run("encode", self._encode, (image,), precision)[0]

    def estimate(self, mean: Tensor) -> tuple[Tensor, Tensor]:
        """Map mean features (B, C) to task weights (B, T) and context (B, Z), in float32 whatever the precision."""
        with self.arithmetic("float32"):
            return self.network.estimate(mean)

    def stage(
        self,
        current: Tensor,
        observed: Tensor,
        scale: Tensor,
        task_weights: Tensor,
        context: Tensor,
        stage_index: int,
        *,
        expert: bool = False,
        precision: Precision | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Run one stage of the network's own trunk or of the expert's; see :meth:`RestorationNetwork.stage`.

        Results are float32.
        """
        inputs = (current, observed, scale, task_weights, context, self._one_hot[stage_index])
        name, stage = ("expert stage", self._expert_stage) if expert else ("stage", self._stage)
        restored, new_scale = self._run(name, stage, inputs, precision)
        return restored, new_scale

    def whole(self, pixels: Tensor, told: Told | None, *, precision: Precision | None = None) -> Tensors:
        """Restore a whole picture, everything on the device.

        Where the tasks are estimated and there is an expert, the host waits for the estimate: it decides what is run.

        Args:
            pixels: (H, W, 3), uint8, encoded sRGB.
            told: the tasks, see :meth:`tell`, or None to let the network estimate them.
            precision: instead of the network's own.

        Returns:
            The restored picture (H, W, 3), uint8, and whether all of its values were finite, (), boolean.
        """
        if told is not None:
            name, whole = ("expert whole", self._expert_whole) if told.expert else ("whole", self._whole)
            return self._run(name, whole, (pixels, told.task_weights), precision)
        if self.expert is None:
            return self._run("whole", self._whole, (pixels,), precision)
        weights, context = self._run("look", self._look, (pixels,), precision)
        conditions = weights.clone(), context.clone()  # out of the memory of a graph
        if self.expert.restores(weights[0].float().cpu().numpy()):
            return self._run("expert from conditions", self._expert_from_conditions, (pixels, *conditions), precision)
        return self._run("from conditions", self._from_conditions, (pixels, *conditions), precision)

    def tell(self, task_weights: Float32) -> Told:
        """Decide once, for any number of pictures, what task weights (T,) mean."""
        expert = self.expert is not None and self.expert.restores(task_weights)
        return Told(task_weights=torch.from_numpy(task_weights[None]).to(self.device), expert=expert)

    def _encode(self, inputs: Tensors) -> Tensors:
        return (self.network.encode(*inputs).float(),)

    def _stage(self, inputs: Tensors) -> Tensors:
        restored, scale = self._stages[0](*inputs)
        return restored.float(), scale.float()

    def _expert_stage(self, inputs: Tensors) -> Tensors:
        restored, scale = self._stages[1](*inputs)
        return restored.float(), scale.float()

    def _whole(self, inputs: Tensors) -> Tensors:
        return self._restored(inputs[0], self._look(inputs), self._stage)

    def _expert_whole(self, inputs: Tensors) -> Tensors:
        return self._restored(inputs[0], self._look(inputs), self._expert_stage)

    def _from_conditions(self, inputs: Tensors) -> Tensors:
        return self._restored(inputs[0], inputs[1:], self._stage)

    def _expert_from_conditions(self, inputs: Tensors) -> Tensors:
        return self._restored(inputs[0], inputs[1:], self._expert_stage)

    def _look(self, inputs: Tensors) -> Tensors:
        """Task weights, estimated unless they are the second input, and context, of the bytes of a picture."""
        mean = self.network.encode(self._padded(inputs[0])).float().mean(dim=(2, 3))
        with torch.autocast(self.device.type, enabled=False):
            found, context = self.network.estimate(mean)
        return (found if len(inputs) == 1 else inputs[1]), context

    def _restored(self, pixels: Tensor, conditions: Tensors, stage: Function) -> Tensors:
        height, width = pixels.shape[:2]
        image = self._padded(pixels)
        current, scale = image, torch.zeros_like(image[:, :1])
        for one_hot in self._one_hot:
            current, scale = stage((current, image, scale, *conditions, one_hot))
        restored = current[0, :, :height, :width]
        finite = torch.isfinite(restored).all()
        return (restored.clamp(0, 1) * 255).round().to(torch.uint8).permute(1, 2, 0).contiguous(), finite

    def _padded(self, pixels: Tensor) -> Tensor:
        return pad_to_stride(pixels.permute(2, 0, 1)[None].float() / 255, self.network.config.stride)

    def _run(self, name: str, function: Function, inputs: Tensors, precision: Precision | None) -> Tensors:
        """Compute; graphs are of the network's own precision only."""
        with self.arithmetic(precision):
            if self.graphs is None or precision not in (None, self.precision):
                return function(inputs)
            return self.graphs.run(name, function, inputs)

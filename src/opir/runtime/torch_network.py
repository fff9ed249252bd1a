"""A network on a device: in which arithmetic, in which memory layout, launched how. Needs the ``torch`` extra."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Final, Literal

import torch
import torch.backends.cudnn
from torch import Tensor

from opir.model.network import RestorationNetwork
from opir.model.padding import pad_to_stride
from opir.runtime.torch_graphs import Function, GraphCache, Tensors

Precision = Literal["float32", "float16", "bfloat16"]
"""Arithmetic of the convolutions. The picture itself, the operator's sums and the estimate are float32 always."""

DTYPES: Final = {"float32": torch.float32, "float16": torch.float16, "bfloat16": torch.bfloat16}


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
    ) -> None:
        """Move the network to the device and set it to evaluation.

        ``compiled`` lets ``torch.compile`` fuse what is between convolutions: the first run on each shape then takes
        minutes, so it is for pictures of one size.
        """
        self.device, self.precision = device, precision
        self.network = network.to(device).eval()
        if precision != "float32" and device.type == "cuda":
            self.network = self.network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._weighted_stage = network.weighted_stage
        if compiled:
            self._weighted_stage = torch.compile(network.weighted_stage, dynamic=False)
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
        precision: Precision | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Run one stage; see :meth:`RestorationNetwork.stage`. Results are float32."""
        inputs = (current, observed, scale, task_weights, context, self._one_hot[stage_index])
        restored, new_scale = self._run("stage", self._stage, inputs, precision)
        return restored, new_scale

    def whole(self, pixels: Tensor, task_weights: Tensor | None, *, precision: Precision | None = None) -> Tensors:
        """Restore a whole picture, everything on the device.

        Args:
            pixels: (H, W, 3), uint8, encoded sRGB.
            task_weights: (1, T) in [0, 1], or None to let the network estimate them.
            precision: instead of the network's own.

        Returns:
            The restored picture (H, W, 3), uint8, and whether all of its values were finite, (), boolean.
        """
        inputs = (pixels,) if task_weights is None else (pixels, task_weights)
        return self._run("whole", self._whole, inputs, precision)

    def _encode(self, inputs: Tensors) -> Tensors:
        return (self.network.encode(*inputs).float(),)

    def _stage(self, inputs: Tensors) -> Tensors:
        restored, scale = self._weighted_stage(*inputs)
        return restored.float(), scale.float()

    def _whole(self, inputs: Tensors) -> Tensors:
        height, width = inputs[0].shape[:2]
        image = pad_to_stride(inputs[0].permute(2, 0, 1)[None].float() / 255, self.network.config.stride)
        mean = self.network.encode(image).float().mean(dim=(2, 3))
        with torch.autocast(self.device.type, enabled=False):
            found, context = self.network.estimate(mean)
        weights = found if len(inputs) == 1 else inputs[1]
        current, scale = image, torch.zeros_like(image[:, :1])
        for one_hot in self._one_hot:
            current, scale = self._stage((current, image, scale, weights, context, one_hot))
        restored = current[0, :, :height, :width]
        finite = torch.isfinite(restored).all()
        return (restored.clamp(0, 1) * 255).round().to(torch.uint8).permute(1, 2, 0).contiguous(), finite

    def _run(self, name: str, function: Function, inputs: Tensors, precision: Precision | None) -> Tensors:
        """Compute; graphs are of the network's own precision only."""
        with self.arithmetic(precision):
            if self.graphs is None or precision not in (None, self.precision):
                return function(inputs)
            return self.graphs.run(name, function, inputs)

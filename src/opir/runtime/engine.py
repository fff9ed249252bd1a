"""What an inference engine must do: run the three parts of a model on numpy arrays."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Literal, Protocol, TypeAlias, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from opir.deconvolution.estimate import KernelFinder
from opir.runtime.spec import ModelSpec

EngineName = Literal["auto", "onnxruntime", "torch"]
"""``auto`` is ONNX Runtime, or torch for a model folder that holds no ONNX graphs."""

Float32: TypeAlias = NDArray[np.float32]


class Engine(Protocol):
    """The three parts of a model. All arrays are float32 with a batch of 1.

    Image sides H and W are multiples of ``spec.stride``; images are sRGB-encoded RGB in [0, 1]. Every
    method raises :class:`MemoryError` when the engine cannot allocate what it needs, so that the
    caller may come back with a smaller tile.
    """

    @property
    def spec(self) -> ModelSpec:
        """Describe the model."""
        ...

    @property
    def name(self) -> str:
        """Name the engine: ``onnxruntime`` or ``torch``."""
        ...

    @property
    def device(self) -> str:
        """Name the device that computes: ``cpu`` or ``cuda``."""
        ...

    @property
    def precision(self) -> str:
        """Name the arithmetic: ``float32``."""
        ...

    def encode(self, image: Float32) -> Float32:
        """Map an image (1, 3, H, W) to features (1, n_features, H/s, W/s); s divides ``spec.stride``."""
        ...

    def estimate(self, mean: Float32) -> tuple[Float32, Float32]:
        """Map the mean of the features (1, n_features) to task weights and context.

        Returns task weights (1, T) in [0, 1] and the context vector (1, n_context).
        """
        ...

    def stage(
        self,
        current: Float32,
        observed: Float32,
        scale: Float32,
        task_weights: Float32,
        context: Float32,
        stage_index: int,
        *,
        expert: bool = False,
    ) -> tuple[Float32, Float32]:
        """Apply stage ``stage_index`` (from 0) to ``current``, by the network's own trunk or by the expert's.

        ``current`` and ``observed`` (1, 3, H, W), ``scale`` (1, 1, H, W) is the Laplace scale of the error
        of ``current`` in units of the image (0 before the first stage). Returns the restored image
        (1, 3, H, W), not clipped, and its new scale (1, 1, H, W).
        """
        ...


@runtime_checkable
class KernelEngine(KernelFinder, Protocol):
    """An engine whose model may also find the kernel of a blur."""

    @property
    def finds_kernels(self) -> bool:
        """Whether the model holds the network for it."""
        ...


class InterruptedRunError(Exception):
    """Ends a computation that somebody interrupted; whoever made it interruptible expects it."""


@runtime_checkable
class InterruptibleEngine(Protocol):
    """An engine whose runs can be ended from another thread: a large tile takes seconds, a client may be gone."""

    def interruptible(self) -> AbstractContextManager[Callable[[], None]]:
        """Inside of the context, let what is yielded end the runs of this thread.

        It may be called from any thread and at any time; the run under way, and those that follow inside of the
        context, then raise :class:`InterruptedRunError`. Runs of other threads, or after the context, go on.
        """
        ...

"""The torch engine: the trained network itself, on a GPU where there is one. Needs the ``torch`` extra.

Import this module, and those whose names begin with ``torch_``, only where the engine is asked for: importing torch
takes seconds.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, TypeVar

import numpy as np

from opir.errors import ConfigurationError, MissingExtraError, WeightsError
from opir.runtime.engine import Float32
from opir.runtime.expert import is_for_expert
from opir.runtime.spec import TORCH_EXPERT_FILE, TORCH_FILE, TORCH_KERNEL_FILE, ModelSpec
from opir.runtime.tiling import smallest_tile
from opir.runtime.weights import verified_file

try:
    import torch
except ImportError as error:
    raise MissingExtraError(
        f"the torch engine needs torch, which cannot be imported ({error}): pip install 'opir[torch]'"
    ) from error

if TYPE_CHECKING:
    from opir.model.kernel_network import KernelNetwork
    from opir.model.network import RestorationNetwork
    from opir.runtime.torch_device import DeviceName
    from opir.runtime.torch_network import DeviceNetwork, Precision

_LOG = logging.getLogger(__name__)

_SMALL: Final = 1.5
"""Sides of a window, in those of the smallest tile with its halo, up to which there is nothing smaller to try."""

_Result = TypeVar("_Result")


class TorchEngine:
    """Runs the network of a model folder, or one in memory, on numpy arrays; see :class:`Engine`.

    Three things are looked after on a GPU. Half precision is used if it passes a test, and a tile in which it leaves
    the finite numbers is computed again in float32. Where memory runs out the graphs are given up, then the caller is
    told, so that it takes smaller tiles; when there are none, the engine moves to the processor for good. Shapes that
    come back are replayed.
    """

    name = "torch"

    def __init__(
        self,
        network: RestorationNetwork,
        spec: ModelSpec,
        *,
        device: str = "cpu",
        precision: Precision = "float32",
        compiled: bool = False,
        reason: str = "asked for",
        kernel_network: KernelNetwork | None = None,
        expert: RestorationNetwork | None = None,
    ) -> None:
        """Wrap a network, and its expert; they are moved to the device and set to evaluation.

        ``kernel_network`` finds the kernel of a blur, on the processor: it is small. None leaves blur to the network.
        ``reason`` says why device and precision are what they are. ``compiled`` is for pictures of one size, see
        :class:`opir.runtime.torch_network.DeviceNetwork`.

        Raises :class:`ConfigurationError` unless there is an expert exactly where ``spec`` says what it restores.
        """
        from opir.runtime.torch_network import DeviceNetwork, Expert

        if (expert is None) != (not spec.expert_tasks):
            raise ConfigurationError(
                f"an expert and the tasks that it restores go together; got {'no' if expert is None else 'an'} expert "
                f"and a description with the tasks {', '.join(spec.expert_tasks) or 'none'}"
            )
        second = None if expert is None else Expert(network=expert, restores=partial(is_for_expert, spec))

        self.spec = spec
        self.reason = reason
        self.runner: DeviceNetwork = DeviceNetwork(
            network, torch.device(device), precision=precision, compiled=compiled, expert=second
        )
        self._kernel_network = None if kernel_network is None else kernel_network.eval()
        self._lock = threading.Lock()  # the memory of a graph belongs to one thread at a time

    @classmethod
    def load(
        cls,
        folder: Path,
        *,
        threads: int | None = None,
        device: DeviceName = "auto",
        precision: Precision | Literal["auto"] = "auto",
        compiled: bool = False,
    ) -> TorchEngine:
        """Verify and load ``model.safetensors``, and the expert and the finder of kernels where the model has them.

        ``threads`` sets torch's thread count, which holds for the whole process; None leaves it alone. ``device`` auto
        takes CUDA, Apple's GPU, or the processor, whichever is there first; ``precision`` auto takes the fastest that
        passes the self-test there.
        """
        from opir.model.weights_file import load_network
        from opir.runtime.torch_device import choose_device
        from opir.runtime.torch_precision import choose_precision

        spec = ModelSpec.load(folder)
        verified_file(folder, spec, TORCH_FILE)
        if threads is not None:
            torch.set_num_threads(threads)
        chosen, reason = choose_device(device)
        network = load_network(folder)
        expert = _load_expert(folder, spec, network)
        if precision == "auto":
            precision, why = choose_precision(
                network.to(chosen), chosen, expert=None if expert is None else expert.to(chosen)
            )
            reason = f"{reason}; {precision}: {why}"
        kernel_network = None
        if TORCH_KERNEL_FILE in spec.sha256:
            from opir.model.kernel_weights import load_kernel_network

            kernel_network = load_kernel_network(verified_file(folder, spec, TORCH_KERNEL_FILE))
        return cls(
            network,
            spec,
            device=str(chosen),
            precision=precision,
            compiled=compiled,
            reason=reason,
            kernel_network=kernel_network,
            expert=expert,
        )

    @property
    def device(self) -> str:
        """Name the device that computes, such as ``cpu`` or ``cuda``."""
        return self.runner.device.type

    @property
    def precision(self) -> str:
        """Name the arithmetic of the convolutions."""
        return self.runner.precision

    @property
    def wants_equal_windows(self) -> bool:
        """Whether tiles of one shape are worth larger halos at the border: on GPUs, where shapes are captured."""
        return self.runner.graphs is not None

    def free_bytes(self) -> int:
        """Return the memory [bytes] that is left where the engine computes."""
        from opir.runtime.torch_device import free_bytes

        return free_bytes(self.runner.device)

    def encode(self, image: Float32) -> Float32:
        """Compute the features of an image."""

        def run(precision: Precision | None) -> tuple[Float32, ...]:
            return (self._array(self.runner.encode(self._tensor(image), precision=precision)),)

        (features,) = self._computed(image.shape, lambda: self._guarded(run))
        return features

    def estimate(self, mean: Float32) -> tuple[Float32, Float32]:
        """Compute task weights and context from the mean of the features."""

        def compute() -> tuple[Float32, Float32]:
            task_weights, context = self.runner.estimate(self._tensor(mean))
            return self._array(task_weights), self._array(context)

        return self._computed((1, 1), compute)

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
        """Apply one restoration stage."""

        def run(precision: Precision | None) -> tuple[Float32, ...]:
            images = self._tensor(current), self._tensor(observed), self._tensor(scale)
            conditions = self._tensor(task_weights), self._tensor(context)
            outputs = self.runner.stage(*images, *conditions, stage_index, expert=expert, precision=precision)
            return self._array(outputs[0]), self._array(outputs[1])

        restored, new_scale = self._computed(observed.shape, lambda: self._guarded(run))
        return restored, new_scale

    @property
    def finds_kernels(self) -> bool:
        """Whether the model holds a network that finds the kernel of a blur."""
        return self._kernel_network is not None

    def kernel(self, maps: Float32, statistics: Float32) -> tuple[Float32, Float32]:
        """Find a kernel; see :class:`opir.deconvolution.estimate.KernelFinder`."""
        assert self._kernel_network is not None
        with torch.inference_mode(), memory_errors():
            kernel, log_regularisers = self._kernel_network(torch.from_numpy(maps), torch.from_numpy(statistics))
        return kernel.numpy(), log_regularisers.numpy()

    def _guarded(self, run: Callable[[Precision | None], tuple[Float32, ...]]) -> tuple[Float32, ...]:
        """Run in the engine's precision, and again in float32 where a value left its range."""
        results = run(None)
        if self.precision == "float32" or all(np.isfinite(each).all() for each in results):
            return results
        _LOG.warning("a tile left the range of %s and is computed in float32", self.precision)
        return run("float32")

    def _computed(self, shape: tuple[int, ...], compute: Callable[[], _Result]) -> _Result:
        """Run on the device; where memory does not suffice for a smallest tile either, on the processor from now on."""
        with self._lock:
            try:
                return self._attempted(compute)
            except MemoryError as error:
                smallest = _SMALL * (smallest_tile(self.spec.stride) + 2 * self.spec.largest_stage_halo)
                if self.device == "cpu" or max(shape[-2:]) > smallest:
                    raise
                _LOG.warning("%s has no memory for the smallest tile (%s); going on on the cpu", self.device, error)
                self._move_to_cpu()
            with memory_errors():
                return compute()

    def _attempted(self, compute: Callable[[], _Result]) -> _Result:
        """Run; where memory runs out, once more without the graphs, which hold on to the memory of their shapes."""
        try:
            with memory_errors():
                return compute()
        except MemoryError:
            if not self.runner.graphs:
                raise
            _LOG.info("%s has no memory left: forgetting %d graphs", self.device, len(self.runner.graphs))
            self.runner.graphs.clear()
        with memory_errors():
            return compute()

    def _move_to_cpu(self) -> None:
        from opir.runtime.torch_network import DeviceNetwork

        reason = f"{self.device} had no memory left for the smallest tile"
        self.runner = DeviceNetwork(self.runner.network, torch.device("cpu"), expert=self.runner.expert)
        self.reason = reason

    def _tensor(self, array: Float32) -> torch.Tensor:
        return torch.from_numpy(np.ascontiguousarray(array)).to(self.runner.device)

    def _array(self, tensor: torch.Tensor) -> Float32:
        array: Float32 = tensor.float().cpu().numpy()
        return array


def _load_expert(folder: Path, spec: ModelSpec, network: RestorationNetwork) -> RestorationNetwork | None:
    """Load the expert of a model that has one."""
    from opir.model.weights_file import load_network

    if not spec.expert_tasks:
        return None
    expert = load_network(verified_file(folder, spec, TORCH_EXPERT_FILE))
    if not expert.config.may_be_expert_of(network.config):
        raise WeightsError(
            f"{folder / TORCH_EXPERT_FILE} must fit the estimator and the stages of {TORCH_FILE}: fetch the model again"
        )
    return expert


@contextmanager
def memory_errors() -> Iterator[None]:
    """Turn torch's allocation failures into :class:`MemoryError`."""
    try:
        yield
    except torch.OutOfMemoryError as error:
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        raise MemoryError(str(error)) from error
    except RuntimeError as error:
        if "can't allocate memory" not in str(error) and "not enough memory" not in str(error):
            raise
        raise MemoryError(str(error)) from error

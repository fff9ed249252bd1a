"""The torch engine: the trained network itself, on CUDA where there is one. Needs the ``torch`` extra.

Import this module only where the engine is asked for: importing torch takes seconds.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from opir.errors import MissingExtraError
from opir.runtime.engine import Float32
from opir.runtime.spec import TORCH_FILE, ModelSpec
from opir.runtime.weights import verified_file

try:
    import torch
except ImportError as error:
    raise MissingExtraError(
        f"the torch engine needs torch, which cannot be imported ({error}): pip install 'opir[torch]'"
    ) from error

if TYPE_CHECKING:
    from opir.model.network import RestorationNetwork


class TorchEngine:
    """Runs the network of a model folder, or one in memory, on numpy arrays; see :class:`Engine`."""

    name = "torch"
    precision = "float32"

    def __init__(self, network: RestorationNetwork, spec: ModelSpec, *, device: str = "cpu") -> None:
        """Wrap a network; it is moved to the device and set to evaluation."""
        self.spec = spec
        self.device = device
        self._network = network.to(device).eval()

    @classmethod
    def load(cls, folder: Path, *, threads: int | None = None) -> TorchEngine:
        """Verify and load ``model.safetensors``; CUDA where usable, else the processor.

        ``threads`` sets torch's thread count, which holds for the whole process; None leaves it alone.
        """
        from opir.model.weights_file import load_network

        spec = ModelSpec.load(folder)
        verified_file(folder, spec, TORCH_FILE)
        if threads is not None:
            torch.set_num_threads(threads)
        return cls(load_network(folder), spec, device="cuda" if torch.cuda.is_available() else "cpu")

    def encode(self, image: Float32) -> Float32:
        """Compute the features of an image."""
        with torch.inference_mode(), _memory_errors():
            return self._array(self._network.encode(self._tensor(image)))

    def estimate(self, mean: Float32) -> tuple[Float32, Float32]:
        """Compute task weights and context from the mean of the features."""
        with torch.inference_mode(), _memory_errors():
            task_weights, context = self._network.estimate(self._tensor(mean))
            return self._array(task_weights), self._array(context)

    def stage(
        self,
        current: Float32,
        observed: Float32,
        scale: Float32,
        task_weights: Float32,
        context: Float32,
        stage_index: int,
    ) -> tuple[Float32, Float32]:
        """Apply one restoration stage."""
        with torch.inference_mode(), _memory_errors():
            restored, new_scale = self._network.stage(
                self._tensor(current),
                self._tensor(observed),
                self._tensor(scale),
                self._tensor(task_weights),
                self._tensor(context),
                stage_index,
            )
            return self._array(restored), self._array(new_scale)

    def _tensor(self, array: Float32) -> torch.Tensor:
        return torch.from_numpy(np.ascontiguousarray(array)).to(self.device)

    def _array(self, tensor: torch.Tensor) -> Float32:
        array: Float32 = tensor.float().cpu().numpy()
        return array


@contextmanager
def _memory_errors() -> Iterator[None]:
    """Turn torch's allocation failures into :class:`MemoryError`."""
    try:
        yield
    except torch.OutOfMemoryError as error:
        torch.cuda.empty_cache()
        raise MemoryError(str(error)) from error
    except RuntimeError as error:
        if "can't allocate memory" not in str(error) and "not enough memory" not in str(error):
            raise
        raise MemoryError(str(error)) from error

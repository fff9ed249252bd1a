"""Pictures of one size, one after the other, restored on the device: upload, network and download overlap.

Nothing but bytes crosses between host and device, and no value is computed on the host; but where a model has an expert
and the tasks are not named, the host reads the estimate of a frame before it launches the stages. For video and for
benchmarks, and the network alone: no blur is undone by a filter first, what the removal of haze changes is neither made
smooth nor exposed, and named tasks bring nothing along. Files go through :class:`opir.runtime.restore.Restorer`, which
does all that, keeps metadata, tiles what is large and reports errors. Needs the ``torch`` extra.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from opir.errors import ConfigurationError, NumericalError, ShapeError
from opir.runtime.engine import Float32
from opir.runtime.torch_engine import memory_errors
from opir.runtime.torch_network import DeviceNetwork, Told

Frame: TypeAlias = NDArray[np.uint8]
"""(H, W, 3), encoded sRGB."""


@dataclass(frozen=True, kw_only=True, eq=False)
class _UnderWay:
    pixels: Tensor
    result: Tensor
    finite: Tensor
    done: torch.cuda.Event | None


def restore_frames(
    network: DeviceNetwork, frames: Iterable[Frame], *, task_weights: Float32 | None = None, ahead: int = 2
) -> Iterator[Frame]:
    """Yield the restored frames in order; each is computed whole.

    ``task_weights`` (T,) replace the estimated ones. Up to ``ahead`` frames are under way when one is yielded. A frame
    that half precision cannot represent is computed again in float32.

    Raises :class:`ShapeError` for a frame that is not (H, W, 3) of uint8, :class:`NumericalError` where float32 gives
    values that are not finite either, :class:`MemoryError` where a frame does not fit.
    """
    if ahead < 0:
        raise ConfigurationError(f"ahead must be at least 0, got {ahead}")
    told = None if task_weights is None else network.tell(task_weights)
    lanes = _Lanes(network.device)
    waiting: deque[_UnderWay] = deque()
    for number, frame in enumerate(frames):
        with memory_errors():
            waiting.append(_start(network, lanes, _checked(frame, number), told))
        if len(waiting) > ahead:
            yield _finish(network, waiting.popleft(), told)
    while waiting:
        yield _finish(network, waiting.popleft(), told)


class _Lanes:
    """Streams for the two directions of copying, beside the one that computes; nothing where copies need no time."""

    def __init__(self, device: torch.device) -> None:
        on_cuda = device.type == "cuda"
        self.device = device
        self.up = torch.cuda.Stream(device) if on_cuda else None  # type: ignore[no-untyped-call]
        self.down = torch.cuda.Stream(device) if on_cuda else None  # type: ignore[no-untyped-call]

    def upload(self, frame: Frame) -> Tensor:
        tensor = torch.from_numpy(np.ascontiguousarray(frame))
        if self.up is None:
            return tensor.to(self.device)
        with torch.cuda.stream(self.up):
            pixels = tensor.pin_memory().to(self.device, non_blocking=True)
        compute = torch.cuda.current_stream(self.device)
        compute.wait_stream(self.up)
        pixels.record_stream(compute)
        return pixels

    def download(self, *tensors: Tensor) -> tuple[tuple[Tensor, ...], torch.cuda.Event | None]:
        """Start copying; the copies may be read once the event has come."""
        if self.down is None:
            return tuple(tensor.cpu() for tensor in tensors), None
        self.down.wait_stream(torch.cuda.current_stream(self.device))
        copies = []
        with torch.cuda.stream(self.down):
            for tensor in tensors:
                copies.append(torch.empty(tensor.shape, dtype=tensor.dtype, pin_memory=True))
                copies[-1].copy_(tensor, non_blocking=True)
                tensor.record_stream(self.down)
            return tuple(copies), self.down.record_event()


def _start(network: DeviceNetwork, lanes: _Lanes, frame: Frame, told: Told | None) -> _UnderWay:
    with _current(network.device):
        pixels = lanes.upload(frame)
        # Copied out of the graph's own memory, which the next frame overwrites while this one is being downloaded.
        result, finite = (tensor.clone() for tensor in network.whole(pixels, told))
        (host, flag), done = lanes.download(result, finite)
    return _UnderWay(pixels=pixels, result=host, finite=flag, done=done)


def _finish(network: DeviceNetwork, frame: _UnderWay, told: Told | None) -> Frame:
    if frame.done is not None:
        frame.done.synchronize()
    result = frame.result
    if not bool(frame.finite):
        with memory_errors(), _current(network.device):
            again, finite = network.whole(frame.pixels, told, precision="float32")
        if not bool(finite):
            raise NumericalError("the network gave values that are not finite: run opir doctor")
        result = again.cpu()
    restored: Frame = result.numpy()
    return restored


def _current(device: torch.device) -> AbstractContextManager[object]:
    return torch.cuda.device(device) if device.type == "cuda" else nullcontext()


def _checked(frame: Frame, number: int) -> Frame:
    if frame.ndim != 3 or frame.shape[2] != 3 or 0 in frame.shape or frame.dtype != np.uint8:
        raise ShapeError(f"frame {number} must be uint8 (H, W, 3), not empty; got {frame.dtype} {frame.shape}")
    return frame

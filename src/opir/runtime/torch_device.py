"""Which device torch computes on, and how much memory it has left. Needs the ``torch`` extra."""

from __future__ import annotations

from typing import Literal, get_args

import torch

from opir.errors import ConfigurationError
from opir.runtime.machine import available_memory_bytes

DeviceName = Literal["auto", "cuda", "mps", "cpu"]
"""``auto`` is the first of the others that works."""


def choose_device(name: DeviceName = "auto") -> tuple[torch.device, str]:
    """Return the device and the reason in words.

    Raises :class:`ConfigurationError` for a device that is not known or not there: it is not replaced by another.
    """
    if name not in get_args(DeviceName):
        raise ConfigurationError(f"the device must be one of {', '.join(get_args(DeviceName))}; got {name!r}")
    problems = {"cuda": _cuda_problem(), "mps": _mps_problem(), "cpu": None}
    if name != "auto":
        if (problem := problems[name]) is not None:
            raise ConfigurationError(f"the device {name} was asked for, but {problem}: use auto or cpu")
        return torch.device(name), "asked for"
    chosen = next(device for device, problem in problems.items() if problem is None)
    missing = [problem for problem in problems.values() if problem is not None]
    return torch.device(chosen), "; ".join(missing) if chosen == "cpu" else "the fastest device that torch can use"


def free_bytes(device: torch.device) -> int:
    """Return the memory [bytes] that can still be taken on a device, what torch keeps in reserve included."""
    if device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(device)
        return free + torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
    if device.type == "mps":
        return max(0, torch.mps.recommended_max_memory() - torch.mps.driver_allocated_memory())
    return available_memory_bytes()


def peak_bytes(device: torch.device) -> int | None:
    """Return the most memory [bytes] that torch has held on a CUDA device in this process; None on others."""
    return torch.cuda.max_memory_reserved(device) if device.type == "cuda" else None


def _cuda_problem() -> str | None:
    if torch.cuda.is_available():
        return None
    if torch.version.cuda is None and torch.version.hip is None:
        return "this torch was built without CUDA"
    return "torch finds no CUDA device"


def _mps_problem() -> str | None:
    return None if torch.backends.mps.is_available() else "torch finds no Apple GPU"

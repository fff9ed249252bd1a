"""Which form of the per-pixel convolution computes where, and why."""

from __future__ import annotations

import functools
import importlib.util
import os
import subprocess
from typing import Final, Literal

import torch

Implementation = Literal["triton", "shift_accumulate"]
"""``triton`` is one fused CUDA kernel per pass, ``shift_accumulate`` plain tensor arithmetic on any device."""

OLDEST_TRITON: Final = (3, 3)
"""The kernels pass tuples, which earlier versions do not know."""

FUSED_DTYPES: Final = (torch.float32, torch.float16, torch.bfloat16)
"""What the fused kernels read and write; their sums are float32, so float64 would lose its point."""

PROBE_TOLERANCE: Final = 1e-4
"""Largest difference to plain arithmetic that a new device may show on values of order 1."""


def choose_implementation(device: torch.device | str, dtype: torch.dtype) -> tuple[Implementation, str]:
    """Return the form that :func:`opir.ops.pixelwise_conv` takes on a device, and the reason in words.

    The first call for a CUDA device compiles a small case and compares it with plain arithmetic, so that a broken
    installation (no C compiler, a driver too old) costs speed and not the result.
    """
    device = torch.device(device)
    if device.type != "cuda":
        return "shift_accumulate", f"the fused kernels run on CUDA devices, this is {device.type}"
    if dtype not in FUSED_DTYPES:
        return "shift_accumulate", f"the fused kernels add up in float32, which is too coarse for {dtype}"
    index = device.index if ":" in str(device) else torch.cuda.current_device()
    problem = triton_problem() or _device_problem(index)
    if problem is not None:
        return "shift_accumulate", problem
    return "triton", f"fused kernels on {torch.cuda.get_device_name(index)}"


@functools.cache
def triton_problem() -> str | None:
    """Say why Triton cannot be used whatever the device, or None."""
    if importlib.util.find_spec("triton") is None:
        return "Triton is not installed: pip install triton, in the version that torch asks for"
    import triton

    version = tuple(int(part) for part in triton.__version__.split(".")[:2])
    if version < OLDEST_TRITON:
        return f"Triton {triton.__version__} is too old, expected {'.'.join(map(str, OLDEST_TRITON))} or later"
    if os.environ.get("TRITON_INTERPRET") == "1":
        return "TRITON_INTERPRET is set, under which Triton computes on the processor"
    return None


@functools.cache
def _device_problem(index: int) -> str | None:
    """Try the kernels on one CUDA device; None if they give the right values."""
    from triton.errors import TritonError

    from opir.ops._plain import Options, plain_backward, plain_forward
    from opir.ops._triton_launch import coefficient_gradients, forward, gradient_of_image

    capability = torch.cuda.get_device_capability(index)
    if capability < (8, 0) and torch.version.hip is None:
        return f"the device has compute capability {capability[0]}.{capability[1]}, expected 8.0 or later"
    options = Options(dilations=(1, 2), mixing_is_logits=False, add_image=True)
    generator = torch.Generator().manual_seed(0)
    shapes = ((1, 3, 9, 13), (1, 27, 9, 13), (1, 2, 9, 13), (1, 3, 9, 13))
    drawn = (torch.randn(shape, generator=generator).to(f"cuda:{index}") for shape in shapes)
    image, kernels, mixing, gradient = drawn
    expected = (
        plain_forward(image, kernels, mixing, None, options),
        *plain_backward(gradient, image, kernels, mixing, options),
    )
    dilations = options.dilations
    try:
        found = (
            forward(image, kernels, mixing, None, dilations, logits=False, add_image=True),
            gradient_of_image(gradient, image, kernels, mixing, dilations, add_image=True),
            *coefficient_gradients(gradient, image, kernels, mixing, dilations, logits=False),
        )
        worst = max(float((one - other).abs().max()) for one, other in zip(found, expected, strict=True))
    except (TritonError, RuntimeError, OSError, subprocess.CalledProcessError) as error:
        return f"the fused kernels do not run here: {str(error).strip().partition(chr(10))[0]}"
    if not worst <= PROBE_TOLERANCE:
        return f"the fused kernels give wrong values here (off by {worst:.2g}): report this device and Triton's version"
    return None

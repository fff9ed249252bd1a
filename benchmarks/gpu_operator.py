"""How close is the fused operator on CUDA to the time that moving its bytes takes?

For every case: a device copy that reads and writes as many bytes in all as the operator must (each input read once,
each result written once), the fused kernels, plain shifted arithmetic, unfold + einsum, and ``torch.compile`` of that;
values alone, and the backward pass with all gradients. Medians of ``triton.testing.do_bench``, which empties the cache
between runs. The goal is 1.3 times the copy.

    python benchmarks/gpu_operator.py --json results.json
    python benchmarks/gpu_operator.py --tune            # times the candidate tile shapes of the kernels
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch
from torch import Tensor

import machine
from opir.ops import choose_implementation, pixelwise_conv, pixelwise_conv_reference
from opir.ops._plain import Options, plain_backward, plain_forward

DILATIONS = (1, 2, 3, 4)
DTYPES = {"float32": torch.float32, "float16": torch.float16, "bfloat16": torch.bfloat16}
N_IMAGE, N_KERNELS, N_MIXING, N_BIAS = 3, 27, len(DILATIONS), 3
FORWARD_PLANES = 2 * N_IMAGE + N_KERNELS + N_MIXING + N_BIAS
BACKWARD_PLANES = N_IMAGE + 2 * (N_IMAGE + N_KERNELS + N_MIXING)
"""Planes that must cross the memory bus; the gradient of the bias is that of the result and costs nothing."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """Shapes as the network has them: one frame of video, or a batch of training crops."""

    name: str
    batch: int
    height: int
    width: int


CASES = (
    Case(name="1080p", batch=1, height=1080, width=1920),
    Case(name="16 crops of 256", batch=16, height=256, width=256),
)


def main() -> None:
    """Measure, print a table and one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dtype", choices=[*DTYPES, "all"], default="all")
    parser.add_argument("--tune", action="store_true")
    parser.add_argument("--json", type=Path, default=None)
    options = parser.parse_args()
    if not torch.cuda.is_available():
        print("no CUDA device: not measured")
        return
    chosen, reason = choose_implementation("cuda", torch.bfloat16)
    print(f"{torch.cuda.get_device_name()}, torch {torch.__version__}, {chosen}: {reason}")
    rows: list[dict[str, object]] = []
    for case in CASES:
        for name in DTYPES if options.dtype == "all" else (options.dtype,):
            rows += _tuned(case, name) if options.tune else _measured(case, name)
            torch.cuda.empty_cache()
    for row in rows:
        print("  ".join(f"{key} {value:.3f}" if isinstance(value, float) else str(value) for key, value in row.items()))
    report = {
        "question": "time of the per-pixel operator over that of a copy of the same bytes",
        **machine.describe(),
        "device": torch.cuda.get_device_name(),
        "implementation": chosen,
        "reason": reason,
        "cuda": torch.version.cuda,
        "rows": rows,
    }
    text = json.dumps(report, indent=1)
    if options.json:
        options.json.write_text(text + "\n")
    print(text)


def _measured(case: Case, dtype: str) -> list[dict[str, object]]:
    image, kernels, logits, bias, gradient = _operands(case, DTYPES[dtype])
    inputs = (image, kernels, logits, bias)
    plane = case.batch * case.height * case.width * image.element_size()
    copies = {"forward": _copy(FORWARD_PLANES * plane), "backward": _copy(BACKWARD_PLANES * plane)}
    plain = Options(dilations=DILATIONS, mixing_is_logits=True, add_image=True)
    compiled = torch.compile(_reference, dynamic=False)
    forward: dict[str, Callable[[], object]] = {
        "copy": copies["forward"],
        "opir.ops.pixelwise_conv": partial(_no_gradient, _fused, inputs),
        "shift_accumulate": partial(_no_gradient, lambda i, k, m, b: plain_forward(i, k, m, b, plain), inputs),
        "unfold + einsum": partial(_no_gradient, _reference, inputs),
        "torch.compile of it": partial(_no_gradient, compiled, inputs),
    }
    backward: dict[str, Callable[[], object]] = {
        "copy": copies["backward"],
        "opir.ops.pixelwise_conv": _backward(_fused, inputs, gradient),
        "shift_accumulate": lambda: plain_backward(gradient, image, kernels, logits, plain),
        "unfold + einsum": _backward(_reference, inputs, gradient),
        "torch.compile of it": _backward(compiled, inputs, gradient),
    }
    rows: list[dict[str, object]] = []
    for direction, contestants in (("forward", forward), ("backward", backward)):
        times = {name: _milliseconds(run) for name, run in contestants.items()}
        for name, milliseconds in times.items():
            rows.append(
                {
                    "case": case.name,
                    "dtype": dtype,
                    "pass": direction,
                    "what": name,
                    "ms": milliseconds,
                    "over_copy": None if milliseconds is None else milliseconds / times["copy"],
                }
            )
    return rows


def _tuned(case: Case, dtype: str) -> list[dict[str, object]]:
    from opir.ops import _triton_launch as launch

    image, kernels, logits, bias, gradient = _operands(case, DTYPES[dtype])
    weights = torch.softmax(logits.float(), dim=1)
    rows: list[dict[str, object]] = []
    for tile in launch.CANDIDATES:
        runs: dict[str, Callable[[], object]] = {
            "forward": lambda tile=tile: launch.forward(
                image, kernels, logits, bias, DILATIONS, logits=True, add_image=True, tile=tile
            ),
            "coefficients": lambda tile=tile: launch.coefficient_gradients(
                gradient, image, kernels, logits, DILATIONS, logits=True, tile=tile
            ),
            "image gradient": lambda tile=tile: launch.gradient_of_image(
                gradient, image, kernels, weights, DILATIONS, add_image=True, tile=tile
            ),
        }
        for name, run in runs.items():
            shape = f"{tile.rows}x{tile.columns}/{tile.n_warps}"
            rows.append({"case": case.name, "dtype": dtype, "pass": name, "what": shape, "ms": _milliseconds(run)})
    return rows


def _operands(case: Case, dtype: torch.dtype) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    generator = torch.Generator("cuda").manual_seed(0)

    def draw(n_channels: int) -> Tensor:
        shape = (case.batch, n_channels, case.height, case.width)
        return torch.randn(shape, generator=generator, device="cuda").to(dtype)

    return draw(N_IMAGE), draw(N_KERNELS), draw(N_MIXING), draw(N_BIAS), draw(N_IMAGE)


def _fused(image: Tensor, kernels: Tensor, logits: Tensor, bias: Tensor) -> Tensor:
    return pixelwise_conv(image, kernels, dilations=DILATIONS, mixing_logits=logits, bias=bias, add_image=True)


def _reference(image: Tensor, kernels: Tensor, logits: Tensor, bias: Tensor) -> Tensor:
    mixing = torch.softmax(logits, dim=1)
    return image + pixelwise_conv_reference(image, kernels, dilations=DILATIONS, mixing=mixing) + bias


def _no_gradient(function: Callable[..., Tensor], inputs: tuple[Tensor, ...]) -> Tensor:
    with torch.no_grad():
        return function(*inputs)


def _backward(function: Callable[..., Tensor], inputs: tuple[Tensor, ...], gradient: Tensor) -> Callable[[], object]:
    """The backward pass alone, all gradients; the forward pass has been run before."""
    leaves = tuple(tensor.detach().requires_grad_() for tensor in inputs)
    try:
        value = function(*leaves)
    except torch.OutOfMemoryError:
        return _out_of_memory
    return lambda: torch.autograd.grad(value, leaves, gradient, retain_graph=True)


def _out_of_memory() -> None:
    raise torch.OutOfMemoryError("the forward pass did not fit")


def _copy(n_bytes: int) -> Callable[[], object]:
    """Reads half and writes half of the bytes."""
    source = torch.randint(0, 255, (n_bytes // 2,), dtype=torch.uint8, device="cuda")
    target = torch.empty_like(source)
    return lambda: target.copy_(source)


def _milliseconds(run: Callable[[], object]) -> float | None:
    from triton.testing import do_bench

    try:
        return float(do_bench(run, warmup=50, rep=200, return_mode="median"))
    except torch.OutOfMemoryError:
        torch.cuda.empty_cache()
        return None


if __name__ == "__main__":
    main()

"""The kernels compile for a GPU that is not here: what the interpreter lets pass, the compiler may not."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

pytest.importorskip("triton", minversion="3.3", reason="needs Triton: pip install 'opir[triton-test]'")

SCRIPT = """
import sys
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource, compile
from opir.ops import _triton_image_gradient, _triton_kernels

name, dtype, variant = sys.argv[1:]
COMMON = dict(CHANNELS=3, SIZE=3, DILATIONS=(1, 2), N_DILATIONS=2)
SMALL = dict(CHANNELS=1, SIZE=1, DILATIONS=(3,), N_DILATIONS=1)
TILE = dict(ROWS=8, COLUMNS=32)
FULL = {
    "forward": COMMON | TILE | dict(MIXING=2, HAS_BIAS=True, ADD_IMAGE=True),
    "coefficients": COMMON | TILE | dict(MIXING=2),
    "inner": COMMON | TILE | dict(HAS_WEIGHTS=True, ADD_IMAGE=True),
    "border": COMMON | dict(HAS_WEIGHTS=True, ADD_IMAGE=True, CHANNELS_PADDED=4, BLOCK=64),
}
PLAIN = {
    "forward": SMALL | TILE | dict(MIXING=0, HAS_BIAS=False, ADD_IMAGE=False),
    "coefficients": SMALL | TILE | dict(MIXING=0),
    "inner": SMALL | TILE | dict(HAS_WEIGHTS=False, ADD_IMAGE=False),
    "border": SMALL | dict(HAS_WEIGHTS=False, ADD_IMAGE=False, CHANNELS_PADDED=1, BLOCK=64),
}
kernel = {
    "forward": _triton_kernels.forward_kernel,
    "coefficients": _triton_kernels.coefficients_kernel,
    "inner": _triton_image_gradient.inner_kernel,
    "border": _triton_image_gradient.border_kernel,
}[name]
constants = (PLAIN if variant == "plain" else FULL)[name]
names = kernel.arg_names
strides = [name for name in names if name.endswith("_strides")]
pointers = [name.removesuffix("_strides") for name in strides]
signature = {name: "i32" for name in names}
signature |= {name: ("i64", "i32", "i32", "i32") for name in strides}
signature |= {name: f"*{dtype}" for name in pointers} | {name: "constexpr" for name in constants}
values = {(names.index(name),): constants[name] for name in constants}
if variant != "any":  # contiguous rows: Triton compiles anew for every argument that is 1, as a constant
    signature |= {name: ("i64", "i32", "i32", "constexpr") for name in strides}
    values |= {(names.index(name), 3): 1 for name in strides}
if variant == "one pixel":
    sizes = [name for name in names if signature[name] == "i32"]
    signature |= {name: "constexpr" for name in sizes} | {name: ("constexpr",) * 4 for name in strides}
    values |= {(names.index(name),): 1 for name in sizes}
    values |= {(names.index(name), axis): 1 for name in strides for axis in range(4)}
source = ASTSource(fn=kernel, signature=signature, constexprs=values)
compiled = compile(source, target=GPUTarget("cuda", 90, 32), options={"num_warps": 8})
assert len(compiled.asm["cubin"]) > 1000
assert compiled.metadata.shared == 0, "values are exchanged between threads"
"""


@pytest.mark.slow
@pytest.mark.parametrize("kernel", ["forward", "coefficients", "inner", "border"])
@pytest.mark.parametrize(
    ("dtype", "variant"),
    [("fp32", "any"), ("bf16", "any"), ("fp16", "contiguous"), ("fp32", "plain"), ("fp32", "one pixel")],
)
def test_kernel_compiles_for_hopper(kernel: str, dtype: str, variant: str) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "TRITON_INTERPRET"}
    command = [sys.executable, "-c", SCRIPT, kernel, dtype, variant]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]

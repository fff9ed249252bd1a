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

COMMON = dict(CHANNELS=3, SIZE=3, DILATIONS=(1, 2), N_DILATIONS=2)
TILE = dict(ROWS=8, COLUMNS=32)
KERNELS = {
    "forward": (_triton_kernels.forward_kernel, COMMON | TILE | dict(MIXING=2, HAS_BIAS=True, ADD_IMAGE=True)),
    "coefficients": (_triton_kernels.coefficients_kernel, COMMON | TILE | dict(MIXING=2)),
    "inner": (_triton_image_gradient.inner_kernel, COMMON | TILE | dict(HAS_WEIGHTS=True, ADD_IMAGE=True)),
    "border": (
        _triton_image_gradient.border_kernel,
        COMMON | dict(HAS_WEIGHTS=True, ADD_IMAGE=True, CHANNELS_PADDED=4, BLOCK=64),
    ),
}
kernel, constants = KERNELS[sys.argv[1]]
names = kernel.arg_names
strides = [name for name in names if name.endswith("_strides")]
pointers = [name.removesuffix("_strides") for name in strides]
signature = {name: "i32" for name in names}
signature |= {name: ("i64", "i32", "i32", "i32") for name in strides}
signature |= {name: f"*{sys.argv[2]}" for name in pointers} | {name: "constexpr" for name in constants}
values = {(names.index(name),): constants[name] for name in constants}
source = ASTSource(fn=kernel, signature=signature, constexprs=values)
compiled = compile(source, target=GPUTarget("cuda", 90, 32), options={"num_warps": 8})
assert len(compiled.asm["cubin"]) > 1000
assert compiled.metadata.shared == 0, "values are exchanged between threads"
"""


@pytest.mark.slow
@pytest.mark.parametrize("kernel", ["forward", "coefficients", "inner", "border"])
@pytest.mark.parametrize("dtype", ["fp32", "bf16"])
def test_kernel_compiles_for_hopper(kernel: str, dtype: str) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "TRITON_INTERPRET"}
    command = [sys.executable, "-c", SCRIPT, kernel, dtype]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]

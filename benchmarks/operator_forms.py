"""In which form does ONNX Runtime compute the per-pixel operator fastest on this processor?

Every contestant gets the picture and the operator as the head predicts it, at half resolution, four pixels per cell,
and returns the same picture (checked), but for the last three, which compute less:

* shifts: the operator spread to full resolution (DepthToSpace), then shifted reads, products and sums;
* grouped convolution: the same, the nine shifted pictures of a dilation made by a convolution with one-hot kernels;
* einsum: the same, tap and colour contracted by one Einsum;
* phases: the picture taken apart instead of the operator put together, as :mod:`opir.export.phase_operator` does;
* fewer dilations, in phases; and one operator per cell of 2 x 2 pixels.

Nothing depends on weights. Processor time in turns is the figure to look at.

    python benchmarks/operator_forms.py
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from functools import partial
from itertools import product
from pathlib import Path

import numpy as np
import onnxruntime
from onnx import TensorProto, helper

import machine
from opir.export.graph_writer import GraphWriter
from opir.runtime.machine import usable_threads

SIDE = 512
DILATIONS = (1, 2, 3, 4)
TAPS = tuple(product((-1, 0, 1), repeat=2))
N_KERNELS = 27
TOLERANCE = 1e-4
Array = np.ndarray
Build = Callable[[GraphWriter], str]


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, default=usable_threads())
    parser.add_argument("--json", type=Path, default=None)
    options = parser.parse_args()
    generator = np.random.default_rng(0)
    image = generator.random((1, 3, SIDE, SIDE), np.float32)
    operator = generator.standard_normal((4, N_KERNELS + len(DILATIONS), SIDE // 2, SIDE // 2), np.float32)
    forms: dict[str, tuple[Build, Array, Sequence[int]]] = {
        "shifts": (partial(_shifts, dilations=DILATIONS), operator, DILATIONS),
        "grouped convolution": (_grouped, operator[:, _by_colour()], DILATIONS),
        "einsum": (_einsum, operator[:, _by_colour()], DILATIONS),
        "phases": (partial(_phases, dilations=DILATIONS), operator, DILATIONS),
        "phases, 2 dilations": (partial(_phases, dilations=(1, 2)), operator[:, : N_KERNELS + 2], (1, 2)),
        "phases, 1 dilation": (partial(_phases, dilations=(1,)), operator[:, : N_KERNELS + 1], (1,)),
        "one operator per cell": (partial(_phases, dilations=DILATIONS, shared=True), operator[:1], DILATIONS),
    }
    runs: dict[str, Callable[[], object]] = {}
    results: dict[str, Array] = {}
    for name, (build, values, dilations) in forms.items():
        n_channels = N_KERNELS + len(dilations)
        session = _session(build, len(values) * n_channels, options.threads)
        feed = {"image": image, "operator": values.reshape(1, -1, SIDE // 2, SIDE // 2)}
        runs[name] = partial(session.run, None, feed)
        results[name] = session.run(None, feed)[0]
    for name in ("grouped convolution", "einsum", "phases"):
        difference = float(np.abs(results[name] - results["shifts"]).max())
        if not difference <= TOLERANCE * float(np.abs(results["shifts"]).max()):
            raise SystemExit(f"{name} differs from shifts by {difference:.2g}")
    times = machine.in_turns(runs, options.rounds)
    entries = [
        {
            "form": name,
            "ns_per_pixel": 1e9 * t.median_wall / SIDE**2,
            "cpu_ns_per_pixel": 1e9 * t.median_processor / SIDE**2,
        }
        for name, t in times.items()
    ]
    machine.show(
        ("form", "ns/pixel", "CPU ns"),
        [(e["form"], f"{e['ns_per_pixel']:.0f}", f"{e['cpu_ns_per_pixel']:.0f}") for e in entries],
    )
    machine.write("operator-forms", __doc__ or "", entries, options.json, side=SIDE, session_threads=options.threads)


def _by_colour() -> list[int]:
    """Channels with the taps of one colour side by side, as a grouped convolution returns them."""
    return [tap * 3 + colour for colour in range(3) for tap in range(9)] + [
        N_KERNELS + d for d in range(len(DILATIONS))
    ]


def _session(build: Build, n_channels: int, threads: int) -> onnxruntime.InferenceSession:
    def values(name: str, *shape: int | str) -> object:
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)

    inputs = [values("image", 1, 3, "h", "w"), values("operator", 1, n_channels, "rows", "columns")]
    graph = helper.make_graph([], "operator", inputs, [values("result", 1, 3, "h", "w")])
    writer = GraphWriter(graph)
    writer.add("Identity", build(writer), output="result")
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.enable_mem_pattern = threads, False
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])


def _spread(graph: GraphWriter) -> tuple[str, list[str]]:
    """Kernels and the weight of each dilation at full resolution."""
    full = graph.add("DepthToSpace", "operator", blocksize=2, mode="DCR")
    kernels, *mixing = graph.split(full, [N_KERNELS] + [1] * len(DILATIONS))
    return kernels, mixing


def _padded(graph: GraphWriter, reach: int) -> str:
    return graph.add("Pad", "image", graph.integers(0, 0, reach, reach, 0, 0, reach, reach), mode="edge")


def _shifts(graph: GraphWriter, dilations: Sequence[int]) -> str:
    kernels, mixing = _spread(graph)
    reach = max(dilations)
    padded = _padded(graph, reach)
    parts = []
    for kernel, (row, column) in zip(graph.split(kernels, [3] * 9), TAPS, strict=True):
        mixed = []
        for dilation, weight in zip(dilations, mixing, strict=True):
            down, right = dilation * row, dilation * column
            ends = ((down - reach) or None, (right - reach) or None)
            shifted = graph.cut(padded, (reach + down, reach + right), ends)
            mixed.append(graph.add("Mul", shifted, weight))
        parts.append(graph.add("Mul", kernel, graph.sum(mixed)))
    return graph.sum(parts)


def _neighbours(graph: GraphWriter, mixing: Sequence[str]) -> str:
    """The mixed neighbours, (1, 27, H, W), colour by colour."""
    one_hot = np.tile(np.eye(9, dtype=np.float32).reshape(9, 1, 3, 3), (3, 1, 1, 1))
    weight = graph._constant(one_hot)
    mixed = []
    for dilation, share in zip(DILATIONS, mixing, strict=True):
        name = graph.add("Identity", _padded(graph, dilation))
        convolved = graph.add("Conv", name, weight)
        node = graph._graph.node[-1]
        node.attribute.extend([helper.make_attribute("group", 3), helper.make_attribute("dilations", [dilation] * 2)])
        mixed.append(graph.add("Mul", convolved, share))
    return graph.sum(mixed)


def _grouped(graph: GraphWriter) -> str:
    kernels, mixing = _spread(graph)
    products = graph.add("Mul", kernels, _neighbours(graph, mixing))
    colours = graph.split(products, [9] * 3)
    return graph.add("Concat", *(graph.add("ReduceSum", c, graph.integers(1), keepdims=1) for c in colours), axis=1)


def _einsum(graph: GraphWriter) -> str:
    kernels, mixing = _spread(graph)
    shape = graph.integers(1, 3, 9, SIDE, SIDE)
    both = [graph.add("Reshape", each, shape) for each in (kernels, _neighbours(graph, mixing))]
    return graph.add("Einsum", *both, equation="bcthw,bcthw->bchw")


def _phases(graph: GraphWriter, dilations: Sequence[int], *, shared: bool = False) -> str:
    margin = -(-max(dilations) // 2)
    padded = _padded(graph, 2 * margin)
    planes = [[graph.cut(padded, (a, b), (None, None), step=2) for b in range(2)] for a in range(2)]
    n_channels = N_KERNELS + len(dilations)
    operators = ["operator"] * 4 if shared else graph.split("operator", [n_channels] * 4)
    results = []
    for operator, (a, b) in zip(operators, product(range(2), repeat=2), strict=True):
        *kernels, mixing = graph.split(operator, [3] * 9 + [len(dilations)])
        weights = graph.split(mixing, [1] * len(dilations))
        parts = []
        for kernel, (row, column) in zip(kernels, TAPS, strict=True):
            mixed = []
            for dilation, weight in zip(dilations, weights, strict=True):
                (down, i), (right, j) = divmod(a + dilation * row, 2), divmod(b + dilation * column, 2)
                ends = ((down - margin) or None, (right - margin) or None)
                shifted = graph.cut(planes[i][j], (margin + down, margin + right), ends)
                mixed.append(graph.add("Mul", shifted, weight))
            parts.append(graph.add("Mul", kernel, graph.sum(mixed)))
        results.append(graph.sum(parts))
    return graph.add("DepthToSpace", graph.add("Concat", *results, axis=1), blocksize=2, mode="DCR")


if __name__ == "__main__":
    main()

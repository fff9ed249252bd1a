"""The operator of a stage in phases, node by node; see :mod:`opir.export.stage_in_phases`. Needs onnx."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Final

import onnx
from onnx import helper

from opir.export.graph_writer import GraphWriter
from opir.export.stage_in_phases import TRUNK_OUTPUTS
from opir.model.config import NetworkConfig
from opir.model.operator import INITIAL_LOG_SCALE, LOG_SCALE_RANGE

RESULTS: Final = ("restored", "new_scale")


def append_operator(path: Path, config: NetworkConfig) -> None:
    """Add the operator to the graph of a trunk; its outputs become :data:`RESULTS`.

    Args:
        path: the graph of an :class:`opir.export.stage_in_phases.StageTrunk`, replaced by that of the whole stage.
        config: of the network that the trunk is of.
    """
    model = onnx.load(path)
    _PhaseOperator(GraphWriter(model.graph), config).write()
    del model.graph.output[:]
    shapes = ((1, 3, "rows", "columns"), (1, 1, "rows", "columns"))
    model.graph.output.extend(
        helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape)
        for name, shape in zip(RESULTS, shapes, strict=True)
    )
    onnx.checker.check_model(model)
    onnx.save(model, path)


class _PhaseOperator:
    """Writes :class:`opir.model.operator.InverseOperator`, applied to ``current``, phase by phase."""

    def __init__(self, graph: GraphWriter, config: NetworkConfig) -> None:
        self._graph, self._config = graph, config
        self._factor = config.downscale
        reach = max(config.dilations) * (config.kernel_size // 2)
        self._margin = -(-reach // self._factor)  # in cells
        self._planes = self._take_apart()

    def write(self) -> None:
        graph = self._graph
        phases = [self._phase(*phase) for phase in product(range(self._factor), repeat=2)]
        for name, values in zip(RESULTS, zip(*phases, strict=True), strict=True):
            joined = graph.add("Concat", *values, axis=1)
            graph.add("DepthToSpace", joined, blocksize=self._factor, mode="DCR", output=name)

    def _take_apart(self) -> list[list[str]]:
        """Return the phases of the picture, whose border is repeated outwards."""
        graph, factor, padding = self._graph, self._factor, self._margin * self._factor
        padded = graph.add(
            "Pad", "current", graph.integers(0, 0, padding, padding, 0, 0, padding, padding), mode="edge"
        )
        return [[graph.cut(padded, (a, b), (None, None), step=factor) for b in range(factor)] for a in range(factor)]

    def _shifted(self, row: int, column: int) -> str:
        """Return for every cell the pixel ``row`` below and ``column`` right of the cell's first one."""
        (down, row), (right, column) = divmod(row, self._factor), divmod(column, self._factor)
        # Ends are counted from the end, so that no side of the picture is computed in the graph.
        starts = (self._margin + down, self._margin + right)
        ends = ((down - self._margin) or None, (right - self._margin) or None)
        return self._graph.cut(self._planes[row][column], starts, ends)

    def _phase(self, row: int, column: int) -> tuple[str, str]:
        """``x + (sum_t K_t sum_d e_d x(p + d t)) / sum_d e_d + K_0 x + c``, and the scale."""
        graph, config = self._graph, self._config
        number = graph.integers(row * self._factor + column, scalar=True)
        weight, bias = (graph.add("Gather", name, number, axis=0) for name in TRUNK_OUTPUTS[1:])
        operator = graph.add("Conv", TRUNK_OUTPUTS[0], weight, bias)
        sizes = [3] * config.n_taps + [len(config.dilations)] + [3] * config.bias
        sizes += [1] * (config.uncertainty == "learned")
        parts = graph.split(operator, sizes)
        kernels, logits, rest = parts[: config.n_taps], parts[config.n_taps], parts[config.n_taps + 1 :]
        image = self._shifted(row, column)
        restored = [image, graph.add("Mul", kernels[config.n_taps // 2], image)]
        if config.kernel_size > 1:
            restored.append(self._around(row, column, kernels, logits))
        if config.bias:
            restored.append(rest[0])
        return graph.sum(restored), self._scale(kernels, rest)

    def _around(self, row: int, column: int, kernels: list[str], logits: str) -> str:
        """Return the part of all taps but the centre."""
        graph, config = self._graph, self._config
        highest = graph.add("ReduceMax", logits, graph.integers(1), keepdims=1)
        mixing = graph.add("Exp", graph.add("Sub", logits, highest))
        weights = graph.split(mixing, [1] * len(config.dilations))
        radius = config.kernel_size // 2
        taps: list[str] = []
        for kernel, (down, right) in zip(kernels, product(range(-radius, radius + 1), repeat=2), strict=True):
            if down == right == 0:
                continue
            mixed = graph.sum(
                [
                    graph.add("Mul", self._shifted(row + dilation * down, column + dilation * right), share)
                    for dilation, share in zip(config.dilations, weights, strict=True)
                ]
            )
            taps.append(graph.add("Mul", kernel, mixed))
        return graph.add("Div", graph.sum(taps), graph.sum(weights))

    def _scale(self, kernels: list[str], rest: list[str]) -> str:
        graph = self._graph
        if self._config.uncertainty == "pooled":
            magnitudes = graph.add("Abs", graph.add("Concat", *kernels, axis=1))
            return graph.add("ReduceMean", magnitudes, graph.integers(1), keepdims=1)
        log_scale = graph.add("Add", rest[-1], graph.number(INITIAL_LOG_SCALE))
        return graph.add("Exp", graph.add("Clip", log_scale, *map(graph.number, LOG_SCALE_RANGE)))

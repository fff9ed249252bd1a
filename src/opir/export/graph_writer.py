"""Adding nodes to an ONNX graph without thinking of names."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from onnx import GraphProto, helper, numpy_helper

_END = int(np.iinfo(np.int64).max)


class GraphWriter:
    """Appends nodes to a graph; every method returns the name of what it computes. Constants are stored once."""

    def __init__(self, graph: GraphProto) -> None:
        self._graph = graph
        self._n_names = 0
        self._constants: dict[tuple[str, bytes, tuple[int, ...]], str] = {}

    def add(self, kind: str, *inputs: str, output: str | None = None, **attributes: int | str) -> str:
        """Append a node with one output."""
        name = output or self._name(kind)
        node = helper.make_node(kind, list(inputs), [name], name=name)
        node.attribute.extend(helper.make_attribute(key, value) for key, value in attributes.items())
        self._graph.node.append(node)
        return name

    def split(self, value: str, sizes: Sequence[int]) -> list[str]:
        """Cut a value along its channels."""
        if len(sizes) == 1:
            return [value]
        names = [self._name("Split") for _ in sizes]
        self._graph.node.append(helper.make_node("Split", [value, self.integers(*sizes)], names, name=names[0], axis=1))
        return names

    def cut(self, value: str, starts: tuple[int, int], ends: tuple[int | None, int | None], *, step: int = 1) -> str:
        """Cut rows and columns out of (B, C, H, W); an end is None for the last, negative to count from it."""
        stops = self.integers(*(_END if end is None else end for end in ends))
        return self.add("Slice", value, self.integers(*starts), stops, self.integers(2, 3), self.integers(step, step))

    def sum(self, values: Sequence[str]) -> str:
        """Add values one after the other."""
        total, *others = values
        for value in others:
            total = self.add("Add", total, value)
        return total

    def integers(self, *values: int, scalar: bool = False) -> str:
        """Return a constant vector of integers, or the only one as a scalar."""
        return self._constant(np.array(values[0] if scalar else values, np.int64))

    def number(self, value: float) -> str:
        """Return a constant scalar."""
        return self._constant(np.array(value, np.float32))

    def _constant(self, array: NDArray[np.generic]) -> str:
        key = (str(array.dtype), array.tobytes(), array.shape)
        if key not in self._constants:
            name = self._name("constant")
            self._graph.initializer.append(numpy_helper.from_array(array, name))
            self._constants[key] = name
        return self._constants[key]

    def _name(self, kind: str) -> str:
        self._n_names += 1
        return f"operator/{kind}_{self._n_names}"

"""CUDA graphs of what is computed again and again on the same shapes: one launch instead of hundreds.

A network of small layers spends more time being launched than being computed on a fast GPU. A captured graph replays
all of it at once, but for one shape only, and capturing takes as long as some runs. So a shape is captured when it
comes back, never when it first appears: a picture of an odd size waits for nothing. Needs the ``torch`` extra.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable
from typing import Final, TypeAlias

import torch
from torch import Tensor

Tensors: TypeAlias = tuple[Tensor, ...]
Function: TypeAlias = Callable[[Tensors], Tensors]
Key: TypeAlias = tuple[str, tuple[tuple[torch.Size, torch.dtype], ...]]

_LOG = logging.getLogger(__name__)

PLAIN_RUNS: Final = 2
"""How often a shape is computed the plain way before it is captured."""

CAPACITY: Final = 9
"""How many graphs are kept, three for each of three sizes: what looks, and what restores by either trunk. Each holds on
to the memory of its intermediate results."""

_REMEMBERED: Final = 64
"""How many shapes are counted; the one that has not been seen for longest is forgotten."""


class GraphCache:
    """Runs functions of tensors, as graphs where that pays."""

    def __init__(self, capture: Callable[[Function, Tensors], Function] | None = None) -> None:
        """``capture`` turns a function and an example of its arguments into the same function, faster."""
        self._capture = capture_graph if capture is None else capture
        self._graphs: OrderedDict[Key, Function] = OrderedDict()
        self._seen: OrderedDict[Key, int] = OrderedDict()
        self._refused: set[Key] = set()

    def __len__(self) -> int:
        """Count the graphs that are held."""
        return len(self._graphs)

    def run(self, name: str, function: Function, inputs: Tensors) -> Tensors:
        """Return ``function(inputs)``.

        ``name`` stands for the function and all that it depends on besides the inputs. The results may live in
        memory that the next run under the same name overwrites: copy what must last. A shape whose capture fails is
        computed the plain way from then on.
        """
        key = (name, tuple((tensor.shape, tensor.dtype) for tensor in inputs))
        if key in self._graphs:
            self._graphs.move_to_end(key)
            return self._graphs[key](inputs)
        self._seen[key] = self._seen.pop(key, 0) + 1
        if len(self._seen) > _REMEMBERED:
            self._seen.popitem(last=False)
        if self._seen[key] <= PLAIN_RUNS or key in self._refused:
            return function(inputs)
        while len(self._graphs) >= CAPACITY:
            self._graphs.popitem(last=False)
        try:
            self._graphs[key] = self._capture(function, inputs)
        except RuntimeError as error:  # an operation that cannot be recorded, or no memory for a graph's own copies
            _LOG.warning("%s is not captured as a graph: %s", name, str(error).partition("\n")[0])
            self._refused.add(key)
            return function(inputs)
        return self._graphs[key](inputs)

    def clear(self) -> None:
        """Forget all graphs and give their memory back."""
        self._graphs.clear()
        self._seen.clear()
        self._refused.clear()


def capture_graph(function: Function, inputs: Tensors) -> Function:
    """Record what ``function`` launches on the current CUDA device for inputs of these shapes."""
    held = tuple(tensor.clone() for tensor in inputs)
    aside = torch.cuda.Stream()  # type: ignore[no-untyped-call]
    aside.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(aside):  # what is made on the first run, handles and work spaces, must not be recorded
        function(held)
    torch.cuda.current_stream().wait_stream(aside)
    graph = torch.cuda.CUDAGraph()
    stream = torch.cuda.current_stream()
    try:
        with torch.cuda.graph(graph):
            results = function(held)
    finally:  # a capture that fails may leave its own stream as the current one
        torch.cuda.set_stream(stream)

    def replay(new: Tensors) -> Tensors:
        for place, tensor in zip(held, new, strict=True):
            place.copy_(tensor)
        graph.replay()
        return results

    return replay

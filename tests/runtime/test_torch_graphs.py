"""When a shape is captured, and what is forgotten; the capture itself needs a GPU."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from opir.runtime.torch_graphs import CAPACITY, PLAIN_RUNS, Function, GraphCache, Tensors, capture_graph


class Capturing:
    """Counts captures and hands back functions that mark their results."""

    def __init__(self) -> None:
        self.n_captures = 0

    def __call__(self, function: Function, inputs: Tensors) -> Function:
        self.n_captures += 1
        return lambda new: tuple(-value for value in function(new))


def double(inputs: Tensors) -> Tensors:
    return (2 * inputs[0],)


def ones(size: int, dtype: torch.dtype = torch.float32) -> tuple[Tensor]:
    return (torch.ones(size, dtype=dtype),)


def test_a_shape_is_captured_once_when_it_comes_back() -> None:
    capture = Capturing()
    cache = GraphCache(capture)
    results = [float(cache.run("double", double, ones(3))[0][0]) for _ in range(PLAIN_RUNS + 3)]
    assert results == [2.0] * PLAIN_RUNS + [-2.0] * 3
    assert capture.n_captures == 1


def test_new_shapes_dtypes_and_names_are_never_captured_at_first() -> None:
    capture = Capturing()
    cache = GraphCache(capture)
    for size in range(1, 100):
        cache.run("double", double, ones(size))
    cache.run("double", double, ones(99, torch.float64))
    cache.run("other", double, ones(99))
    assert capture.n_captures == 0


def test_few_graphs_are_kept() -> None:
    capture = Capturing()
    cache = GraphCache(capture)

    def use(size: int) -> float:
        return float(cache.run("double", double, ones(size))[0][0])

    for size in range(1, CAPACITY + 2):
        for _ in range(PLAIN_RUNS + 1):
            use(size)
    assert capture.n_captures == CAPACITY + 1
    assert use(CAPACITY + 1) == -2.0
    assert capture.n_captures == CAPACITY + 1
    use(1)  # the oldest is gone and captured again
    assert capture.n_captures == CAPACITY + 2
    cache.clear()
    assert use(1) == 2.0


@pytest.mark.parametrize("error", [RuntimeError("operation not permitted"), torch.OutOfMemoryError("CUDA")])
def test_what_cannot_be_captured_is_computed_the_plain_way(
    error: RuntimeError, caplog: pytest.LogCaptureFixture
) -> None:
    attempts = []

    def capture(function: Function, inputs: Tensors) -> Function:
        attempts.append(inputs)
        raise error

    cache = GraphCache(capture)
    results = [float(cache.run("double", double, ones(3))[0][0]) for _ in range(PLAIN_RUNS + 4)]
    assert results == [2.0] * (PLAIN_RUNS + 4)
    assert len(attempts) == 1
    assert len(cache) == 0
    assert caplog.text.count("double is not captured as a graph") == 1


@pytest.mark.gpu
def test_a_replayed_graph_computes_the_new_inputs() -> None:
    inputs = (torch.rand(5, device="cuda"),)
    replay = capture_graph(double, inputs)
    for _ in range(2):
        new = (torch.rand(5, device="cuda"),)
        torch.testing.assert_close(replay(new)[0], 2 * new[0])

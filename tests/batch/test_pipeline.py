"""Order, overlap, bounds and early ends of the three steps."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from opir.batch.pipeline import overlapped


@pytest.mark.parametrize("depth", [0, 1, 3])
def test_results_come_in_order(depth: int) -> None:
    given = range(20)
    steps: list[Callable[[int], int]] = [lambda x: x + 1, lambda x: x * 2, lambda x: -x]
    assert list(overlapped(given, *steps, depth=depth)) == [-2 * (x + 1) for x in given]


def test_reading_writing_and_work_overlap() -> None:
    """Nothing here can go on unless the next is being read and the last one written while one is worked on."""
    reading_ahead, working = threading.Event(), threading.Event()

    def load(item: int) -> int:
        if item == 2:
            reading_ahead.set()
        return item

    def work(item: int) -> int:
        if item == 1:
            assert reading_ahead.wait(30)
            working.set()
        return item

    def save(item: int) -> int:
        if item == 0:
            assert working.wait(30)
        return item

    assert list(overlapped(range(3), load, work, save, depth=1)) == [0, 1, 2]


@pytest.mark.parametrize(("depth", "weight", "most"), [(1, 1, 4), (2, 1, 6), (4, 10, 2), (4, 99, 1)])
def test_memory_is_bounded(depth: int, weight: int, most: int) -> None:
    """At most one item at work, ``depth`` before and behind it, one between two steps; 25 in weight, or one item."""
    lock, in_memory, peak = threading.Lock(), 0, 0

    def load(item: int) -> int:
        nonlocal in_memory, peak
        with lock:
            in_memory += 1
            peak = max(peak, in_memory)
        return item

    def save(item: int) -> int:
        nonlocal in_memory
        with lock:
            in_memory -= 1
        return item

    arguments = {"depth": depth, "weight": lambda _: weight, "largest_weight": 25}
    assert list(overlapped(range(50), load, lambda x: x, save, **arguments)) == list(range(50))
    assert 1 <= peak <= most


def test_stop_finishes_what_is_under_way() -> None:
    worked: list[int] = []
    loaded: list[int] = []

    def load(item: int) -> int:
        loaded.append(item)
        return item

    def work(item: int) -> int:
        worked.append(item)
        return item

    saved = list(overlapped(range(100), load, work, lambda x: x, depth=2, stop=lambda: len(worked) == 3))
    assert saved == worked == [0, 1, 2]
    assert len(loaded) <= 6


@pytest.mark.parametrize("depth", [0, 2])
def test_an_interrupted_step_keeps_what_was_done(depth: int) -> None:
    def work(item: int) -> int:
        if item == 3:
            raise KeyboardInterrupt
        return item

    saved: list[int] = []
    with pytest.raises(KeyboardInterrupt):
        saved.extend(overlapped(range(9), lambda x: x, work, lambda x: saved.append(x) or x, depth=depth))
    assert set(saved) == {0, 1, 2}


@pytest.mark.parametrize("depth", [0, 2])
def test_our_own_mistakes_come_through(depth: int) -> None:
    with pytest.raises(ZeroDivisionError):
        list(overlapped([1], lambda x: x, lambda x: x // 0, lambda x: x, depth=depth))


@pytest.mark.parametrize("n_given", [0, 1, 3])
def test_without_threads_the_work_is_done_all_the_same(monkeypatch: pytest.MonkeyPatch, n_given: int) -> None:
    original, started = threading.Thread.start, []

    def start(thread: threading.Thread) -> None:
        if len(started) == n_given:
            raise RuntimeError("can't start new thread")
        started.append(thread)
        original(thread)

    monkeypatch.setattr(threading.Thread, "start", start)
    done = list(overlapped(range(5), lambda x: x, lambda x: x, lambda x: x, depth=2))
    assert done == [0, 1, 2, 3, 4]
    assert len(started) == n_given


def test_threads_are_there_before_the_work_takes_the_memory() -> None:
    n_threads: list[int] = []

    def work(item: int) -> int:
        n_threads.append(threading.active_count())
        return item

    assert list(overlapped(range(3), lambda x: x, work, lambda x: x, depth=3)) == [0, 1, 2]
    assert n_threads == [threading.active_count() + 6] * 3

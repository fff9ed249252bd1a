"""Three steps one behind the other, the first and the last overlapped with the middle one, memory bounded.

The middle step (the network) takes all processors it can get and runs in the caller's thread, one item at a time.
Reading ahead and writing behind hide the time of decoding and encoding, in which most processors would idle.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

_Item = TypeVar("_Item")
_Loaded = TypeVar("_Loaded")
_Done = TypeVar("_Done")
_Saved = TypeVar("_Saved")


def overlapped(
    items: Sequence[_Item],
    load: Callable[[_Item], _Loaded],
    work: Callable[[_Loaded], _Done],
    save: Callable[[_Done], _Saved],
    *,
    depth: int,
    weight: Callable[[_Item], int] = lambda _: 0,
    largest_weight: int = 1,
    stop: Callable[[], bool] = lambda: False,
) -> Iterator[_Saved]:
    """Yield ``save(work(load(item)))`` of every item, in order.

    Args:
        items: what to do.
        load: first step, runs in up to ``depth`` threads ahead of ``work``.
        work: second step, runs in this thread.
        save: last step, runs in up to ``depth`` threads behind ``work``.
        depth: how many items may be loaded ahead, and how many saved behind; 0 for one step after the other, which is
            also what happens where the system gives no threads.
        weight: size of an item.
        largest_weight: no item is loaded while it would weigh more than this together with all the items between
            loading and saving. A single item may weigh more.
        stop: asked before each item; once it says yes, no further item is worked on, and what has been worked on
            is saved and yielded.
    """
    if depth == 0:
        yield from _one_by_one(items, load, work, save, stop)
        return
    with ThreadPoolExecutor(depth, "opir-load") as loaders, ThreadPoolExecutor(depth, "opir-save") as savers:
        try:
            _start_threads(loaders, depth)
            _start_threads(savers, depth)
        except RuntimeError:  # no memory, or no permission, for more threads
            yield from _one_by_one(items, load, work, save, stop)
            return
        waiting = deque(items)
        loading: deque[tuple[int, Future[_Loaded]]] = deque()
        saving: deque[tuple[int, Future[_Saved]]] = deque()
        try:
            while (waiting or loading) and not stop():
                _load_ahead(waiting, loading, saving, loaders, load, weight, depth, largest_weight)
                if not loading:  # what is being saved weighs too much yet
                    yield saving.popleft()[1].result()
                    continue
                size, loaded = loading.popleft()
                try:
                    done = work(loaded.result())
                except KeyboardInterrupt:
                    yield from (future.result() for _, future in saving)
                    raise
                del loaded
                while saving and (saving[0][1].done() or len(saving) >= depth):
                    yield saving.popleft()[1].result()
                saving.append((size, savers.submit(save, done)))
                del done
            while saving:
                yield saving.popleft()[1].result()
        finally:
            for _, future in loading:
                future.cancel()


def _one_by_one(
    items: Sequence[_Item],
    load: Callable[[_Item], _Loaded],
    work: Callable[[_Loaded], _Done],
    save: Callable[[_Done], _Saved],
    stop: Callable[[], bool],
) -> Iterator[_Saved]:
    for item in items:
        if stop():
            return
        yield save(work(load(item)))


def _start_threads(pool: ThreadPoolExecutor, n: int) -> None:
    """Start all threads of a pool, which it would do one by one, when the network may have left no memory for them."""
    go = threading.Event()
    try:
        for _ in range(n):
            pool.submit(go.wait)
    finally:
        go.set()


def _load_ahead(
    waiting: deque[_Item],
    loading: deque[tuple[int, Future[_Loaded]]],
    saving: deque[tuple[int, Future[_Saved]]],
    loaders: ThreadPoolExecutor,
    load: Callable[[_Item], _Loaded],
    weight: Callable[[_Item], int],
    depth: int,
    largest_weight: int,
) -> None:
    """Start loading up to one item for now and ``depth`` more, as far as the weights allow; one if nothing is on."""
    while waiting and len(loading) <= depth:
        size = weight(waiting[0])
        under_way = sum(each for each, _ in (*loading, *saving))
        if (loading or saving) and under_way + size > largest_weight:
            return
        loading.append((size, loaders.submit(load, waiting.popleft())))

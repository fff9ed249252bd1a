"""One queue, one worker: a bounded number of pieces of work, done one after the other in a thread of their own.

Everything here belongs to the event loop, apart from what is said to run in the thread. Whoever waits for a piece of
work awaits its outcome; whoever wants it to end (the deadline, a client that hangs up, a shutdown) stops it with a
reason, which becomes the outcome at once. The thread notices at its next check and goes on to the next piece.
"""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Generic, Literal, TypeAlias, TypeVar, cast

from opir.server.errors import CANCELLED, INTERNAL, ApiError, as_api_error, queue_full, share_taken, shutting_down
from opir.server.log import log_internal

WorkState: TypeAlias = Literal["waiting", "running", "done", "failed", "cancelled"]

_Result = TypeVar("_Result")


class StoppedError(Exception):
    """Ends the computation of stopped work inside the worker thread; nobody else sees it."""


class Work(Generic[_Result]):
    """A computation and what is known about it."""

    def __init__(self, compute: Callable[[Work[_Result]], _Result], *, seconds: float, late: ApiError) -> None:
        """``compute`` runs in the thread and calls :meth:`check` or :meth:`progress` now and then.

        After ``seconds`` the work is stopped with ``late``.
        """
        loop = asyncio.get_running_loop()
        self.outcome: asyncio.Future[_Result] = loop.create_future()
        self.fraction = 0.0
        """Share that is done, 0 to 1."""
        self.is_started = False
        """Whether the thread has begun."""
        self._compute: Callable[[Work[_Result]], _Result] | None = compute
        self._stopped = threading.Event()
        self._interrupt: Callable[[], None] | None = None
        self._future: Future[_Result] | None = None
        self._timer = loop.call_later(seconds, self.stop, late)
        self.outcome.add_done_callback(self._ended)

    @property
    def state(self) -> WorkState:
        """Where the work stands."""
        if not self.outcome.done():
            return "running" if self.is_started else "waiting"
        error = self.outcome.exception()
        if error is None:
            return "done"
        return "cancelled" if as_api_error(error).kind == CANCELLED else "failed"

    def stop(self, reason: ApiError) -> None:
        """End the work with an error; nothing happens if it has ended already."""
        if not self.outcome.done():
            self._stopped.set()
            if self._interrupt is not None:
                self._interrupt()
            self.outcome.set_exception(reason)
            if self._future is not None:
                self._future.cancel()

    def check(self) -> None:
        """In the thread: raise :class:`StoppedError` if the work is not wanted any more."""
        if self._stopped.is_set():
            raise StoppedError

    def interrupt_with(self, interrupt: Callable[[], None]) -> None:
        """In the thread: let :meth:`stop` call something that ends a long step, and check."""
        self._interrupt = interrupt
        self.check()  # after the assignment: a stop in between is seen by one of the two

    def progress(self, done: int, total: int) -> None:
        """In the thread: note how far the computation is, and check."""
        self.fraction = done / total
        self.check()

    def start(self, executor: ThreadPoolExecutor, on_left: Callable[[], None]) -> None:
        """Hand the computation to the thread; ``on_left`` is called in the loop when the thread is done with it."""
        loop = asyncio.get_running_loop()

        def left(future: Future[_Result]) -> None:
            if future.cancelled():  # by stop, in the loop, before the thread came to it
                on_left()
                return
            loop.call_soon_threadsafe(self._leave, future, on_left)

        self._future = executor.submit(self._run)
        self._future.add_done_callback(left)

    def _run(self) -> _Result:
        compute = self._compute
        if compute is None or self._stopped.is_set():
            raise StoppedError
        self.is_started = True
        return compute(self)

    def _leave(self, future: Future[_Result], on_left: Callable[[], None]) -> None:
        on_left()  # first: whoever gets the outcome may come back at once, and shall find the place free
        self._settle(future)

    def _settle(self, future: Future[_Result]) -> None:
        if self.outcome.done():
            return
        error = future.exception()
        if error is None:
            self.outcome.set_result(future.result())
            return
        told = as_api_error(error)
        if told.kind == INTERNAL:
            log_internal(error)
        self.outcome.set_exception(told.with_traceback(None))  # whose frames would keep the picture in memory

    def _ended(self, outcome: asyncio.Future[_Result]) -> None:
        self._timer.cancel()
        self._compute = self._interrupt = None  # the picture is in the one
        self._future = None  # and in the traceback of this
        if not outcome.cancelled():
            outcome.exception()  # where nobody waits any more, asyncio must not complain that nobody looked


class Place:
    """The right to one piece of work."""

    def __init__(self, worker: Worker, client: str | None) -> None:
        self._worker, self._client = worker, client
        self.is_used = False

    def start(self, compute: Callable[[Work[_Result]], _Result], *, seconds: float, late: ApiError) -> Work[_Result]:
        """Use the place: queue a computation, which fails with ``late`` after ``seconds``, waiting included."""
        work = Work(compute, seconds=seconds, late=late)
        self.is_used = True
        self._worker.append(work, self._client)
        return work


class Worker:
    """The queue and its thread."""

    def __init__(self, *, n_waiting: int, n_per_client: int | None = None) -> None:
        """``n_waiting`` pieces of work may wait besides the one being done.

        A client may have ``n_per_client`` places, None for as many as there are.
        """
        self._n_waiting, self._n_per_client = n_waiting, n_per_client
        self._n_taken = 0
        self._n_taken_by: Counter[str] = Counter()
        self._line: list[Work[object]] = []
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="opir-restore")
        self.is_closing = False

    @property
    def n_waiting(self) -> int:
        """Return how many pieces of work wait, those whose picture is still arriving included."""
        return max(0, self._n_taken - self.n_running)

    @property
    def n_running(self) -> int:
        """Return how many pieces of work are being done, 0 or 1."""
        return sum(work.is_started for work in self._line[:1])

    def n_ahead(self, work: Work[_Result]) -> int:
        """Return how many pieces of work come before this one."""
        return next((number for number, other in enumerate(self._line) if other is work), 0)

    @contextmanager
    def place(self, client: str | None = None) -> Iterator[Place]:
        """Take a place in the queue before anything is read; given back at the end unless work was started.

        ``client`` says whose it is, None for somebody whose places are not counted. Raises :class:`ApiError`: 429
        where the queue is full or the client has its share, 503 while shutting down.
        """
        if self.is_closing:
            raise shutting_down()
        if self._n_taken > self._n_waiting:
            raise queue_full(self._n_waiting)
        if client is not None and self._n_per_client is not None and self._n_taken_by[client] >= self._n_per_client:
            raise share_taken(self._n_per_client)
        self._take(client)
        place = Place(self, client)
        try:
            yield place
        finally:
            if not place.is_used:
                self._give_back(client)

    def append(self, work: Work[_Result], client: str | None = None) -> None:
        """Queue work that has a place."""
        if self.is_closing:
            self._give_back(client)
            work.stop(shutting_down())
            return
        entry = cast("Work[object]", work)  # only looked at, never given a result
        self._line.append(entry)

        def left() -> None:
            self._line.remove(entry)
            self._give_back(client)

        work.start(self._executor, left)

    def _take(self, client: str | None) -> None:
        self._n_taken += 1
        if client is not None:
            self._n_taken_by[client] += 1

    def _give_back(self, client: str | None) -> None:
        self._n_taken -= 1
        if client is not None:
            self._n_taken_by[client] -= 1
            if not self._n_taken_by[client]:
                del self._n_taken_by[client]  # addresses are forgotten

    def drain(self) -> None:
        """Take no more work and stop what has not begun."""
        self.is_closing = True
        for work in list(self._line):
            if work.state == "waiting":
                work.stop(shutting_down())

    async def close(self) -> None:
        """Drain, and wait for the work that has begun."""
        self.drain()
        await asyncio.to_thread(self._executor.shutdown)

"""What the queue must not do: keep pictures alive, lose places."""

from __future__ import annotations

import asyncio
import gc
import weakref

import numpy as np
import pytest

from opir.errors import NumericalError
from opir.server.errors import cancelled, deadline_passed
from opir.server.work import Work, Worker

pytestmark = pytest.mark.anyio


class Picture:
    """Something that can be watched."""

    def __init__(self) -> None:
        self.pixels = np.zeros(4)


def started(worker: Worker, picture: Picture, *, fails: bool) -> Work[float]:
    def compute(work: Work[float]) -> float:
        inner = picture
        if fails:
            raise NumericalError("not finite")
        return float(inner.pixels.sum())

    with worker.place() as place:
        return place.start(compute, seconds=60, late=deadline_passed(60))


@pytest.mark.parametrize("fails", [False, True])
async def test_work_that_has_ended_holds_no_picture(fails: bool) -> None:
    worker, picture = Worker(n_waiting=1), Picture()
    watched = weakref.ref(picture)
    work = started(worker, picture, fails=fails)
    del picture
    await asyncio.wait({work.outcome})
    await worker.close()
    assert work.state == ("failed" if fails else "done")
    gc.collect()
    assert watched() is None


async def test_stopped_work_that_waits_holds_no_picture(gated) -> None:
    worker, picture = Worker(n_waiting=1), Picture()
    with worker.place() as place:
        place.start(lambda work: gated.gate.wait(20), seconds=60, late=deadline_passed(60))
    watched = weakref.ref(picture)
    work = started(worker, picture, fails=False)
    del picture
    assert worker.n_ahead(work) == 1
    work.stop(cancelled())
    await asyncio.wait({work.outcome})
    await asyncio.sleep(0)
    gc.collect()
    assert watched() is None
    assert work.state == "cancelled"
    gated.gate.set()
    await worker.close()


async def test_a_place_that_is_not_used_is_given_back() -> None:
    worker = Worker(n_waiting=0)
    for _ in range(3):
        with worker.place():
            assert worker.n_waiting == 1
    assert worker.n_waiting == 0
    await worker.close()

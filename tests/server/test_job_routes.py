"""Jobs: made, followed, fetched, cancelled, forgotten."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx
import numpy as np
import pytest

from fake_engine import FakeEngine
from opir.runtime.engine import InterruptedRunError

pytestmark = pytest.mark.anyio


@dataclass
class InterruptedEngine(FakeEngine):
    """An engine whose first run lasts until it is interrupted."""

    entered: threading.Event = field(default_factory=threading.Event)
    interrupted: threading.Event = field(default_factory=threading.Event)
    n_given_up: int = 0

    @contextmanager
    def interruptible(self) -> Iterator[Callable[[], None]]:
        yield self.interrupted.set

    def stage(self, *inputs: np.ndarray, expert: bool = False) -> tuple[np.ndarray, np.ndarray]:
        if self.n_given_up == 0:
            self.entered.set()
            assert self.interrupted.wait(20)
            self.n_given_up += 1
            raise InterruptedRunError
        return super().stage(*inputs, expert=expert)


async def ended(client: httpx.AsyncClient, job: str) -> list[tuple[str, dict[str, object]]]:
    """Follow a job to its end and return its events."""
    response = await client.get(f"/v1/jobs/{job}/events")
    assert response.headers["content-type"].startswith("text/event-stream")
    assert response.headers["x-accel-buffering"] == "no"  # or nginx keeps the events until it has many
    found = []
    for block in response.text.strip().split("\n\n"):
        event, data = block.split("\n")
        found.append((event.removeprefix("event: "), json.loads(data.removeprefix("data: "))))
    return found


async def test_a_job_gives_what_the_request_gives(serving, picture) -> None:
    async with serving() as (client, _):
        query = {"strength": "0.5", "format": "JPEG"}
        created = await client.post("/v1/jobs", content=picture(), params=query)
        assert created.status_code == 202
        job = created.json()["id"]
        assert created.headers["location"] == f"/v1/jobs/{job}"
        assert len(job) >= 32
        name, status = (await ended(client, job))[-1]
        assert (name, status["state"], status["progress"]) == ("done", "done", 1.0)
        assert (await client.get(f"/v1/jobs/{job}")).json() == status
        fetched = await client.get(f"/v1/jobs/{job}/result")
        direct = await client.post("/v1/restore", content=picture(), params=query)
        assert fetched.content == direct.content
        assert fetched.headers["content-type"] == "image/jpeg"
        assert fetched.headers["x-opir-found"] == direct.headers["x-opir-found"]
        again = await client.get(f"/v1/jobs/{job}/result")
        assert again.content == fetched.content


async def test_progress_is_told_while_the_job_runs(serving, picture, gated) -> None:
    async with serving(gated, tile=16) as (client, _):
        job = (await client.post("/v1/jobs", content=picture(height=64, width=64))).json()["id"]
        behind = (await client.post("/v1/jobs", content=picture())).json()
        assert (behind["state"], behind["progress"], behind["n_ahead"]) == ("waiting", 0.0, 1)
        assert await asyncio.to_thread(gated.entered.wait, 20)
        assert (await client.get(f"/v1/jobs/{job}")).json()["state"] == "running"
        early = await client.get(f"/v1/jobs/{job}/result")
        assert (early.status_code, early.json()["error"]["kind"]) == (409, "not_finished")
        events = asyncio.create_task(ended(client, job))
        await asyncio.sleep(0)
        gated.gate.set()
        found = await events
        fractions = [status["progress"] for _, status in found]
        assert [name for name, _ in found][:1] == ["progress"]
        assert found[-1][0] == "done"
        assert fractions == sorted(fractions)
        assert (await ended(client, behind["id"]))[-1][0] == "done"


async def test_cancelling_ends_the_work_and_forgets_it(serving, picture, gated) -> None:
    async with serving(gated, tile=16) as (client, service):
        job = (await client.post("/v1/jobs", content=picture(height=64, width=64))).json()["id"]
        assert await asyncio.to_thread(gated.entered.wait, 20)
        events = asyncio.create_task(ended(client, job))
        await asyncio.sleep(0.05)  # until it follows; too early, it would get 404 and fail below
        assert (await client.delete(f"/v1/jobs/{job}")).status_code == 204
        gated.gate.set()
        assert (await events)[-1][0] == "cancelled"
        assert (await client.get(f"/v1/jobs/{job}")).status_code == 404
        assert (await client.delete(f"/v1/jobs/{job}")).status_code == 404
        await service.worker.close()
    assert len(gated.areas) == 1


async def test_cancelling_does_not_wait_for_the_end_of_the_tile(serving, picture) -> None:
    engine = InterruptedEngine()
    async with serving(engine) as (client, _):
        job = (await client.post("/v1/jobs", content=picture())).json()["id"]
        assert await asyncio.to_thread(engine.entered.wait, 20)
        assert (await client.delete(f"/v1/jobs/{job}")).status_code == 204
        assert (await client.post("/v1/restore", content=picture())).status_code == 200  # after the tile was given up
    assert engine.n_given_up == 1


async def test_a_waiting_job_is_cancelled_at_once_and_its_place_is_free(serving, picture, gated) -> None:
    async with serving(gated, n_waiting=1) as (client, _):
        await client.post("/v1/jobs", content=picture())
        assert await asyncio.to_thread(gated.entered.wait, 20)
        waiting = (await client.post("/v1/jobs", content=picture())).json()["id"]
        assert (await client.post("/v1/jobs", content=picture())).status_code == 429
        assert (await client.delete(f"/v1/jobs/{waiting}")).status_code == 204
        assert (await client.post("/v1/jobs", content=picture())).status_code == 202


async def test_a_job_that_fails_tells_why(serving, picture) -> None:
    async with serving(FakeEngine(spoiled_stage=0)) as (client, _):
        job = (await client.post("/v1/jobs", content=picture())).json()["id"]
        name, status = (await ended(client, job))[-1]
        assert (name, status["error"]["kind"]) == ("failed", "computation")
        result = await client.get(f"/v1/jobs/{job}/result")
        assert (result.status_code, result.json()["error"]) == (500, status["error"])


async def test_what_can_be_seen_at_once_is_refused_at_once(serving, picture) -> None:
    async with serving() as (client, service):
        assert (await client.post("/v1/jobs", content=b"nonsense")).status_code == 422
        assert (await client.post("/v1/jobs", content=b"8BPS" + bytes(60))).status_code == 415
        assert (await client.post("/v1/jobs", content=picture(), params={"strength": 3})).status_code == 422
        assert len(service.jobs) == 0


@pytest.mark.parametrize("path", ["", "/events", "/result"])
async def test_a_job_has_no_options(serving, picture, path: str) -> None:
    async with serving() as (client, _):
        job = (await client.post("/v1/jobs", content=picture())).json()["id"]
        response = await client.get(f"/v1/jobs/{job}{path}", params={"format": "PNG"})
    assert (response.status_code, response.json()["error"]["kind"]) == (422, "bad_option")


async def test_jobs_have_a_deadline(serving, picture, gated) -> None:
    async with serving(gated, job_deadline_s=0.1) as (client, _):
        job = (await client.post("/v1/jobs", content=picture())).json()["id"]
        name, status = (await ended(client, job))[-1]
        assert (name, status["error"]["kind"]) == ("failed", "deadline")


async def test_results_expire(serving, picture) -> None:
    async with serving(result_lifetime_s=0.05) as (client, service):
        job = (await client.post("/v1/jobs", content=picture())).json()["id"]
        await ended(client, job)
        while len(service.jobs):
            await asyncio.sleep(0.01)
        response = await client.get(f"/v1/jobs/{job}/result")
        assert (response.status_code, response.json()["error"]["kind"]) == (404, "no_such_job")


async def test_results_go_soon_after_they_were_fetched(serving, picture) -> None:
    async with serving(fetched_lifetime_s=0.05) as (client, service):
        job = (await client.post("/v1/jobs", content=picture())).json()["id"]
        await ended(client, job)
        assert (await client.get(f"/v1/jobs/{job}/result")).status_code == 200
        while len(service.jobs):
            await asyncio.sleep(0.01)


async def test_the_oldest_results_make_room(serving, picture) -> None:
    size = len(picture("BMP"))
    async with serving(result_bytes=2 * size) as (client, service):
        jobs = []
        for seed in range(3):
            created = await client.post("/v1/jobs", content=picture("BMP", seed=seed))
            jobs.append(created.json()["id"])
            await ended(client, jobs[-1])
        found = [(await client.get(f"/v1/jobs/{job}")).status_code for job in jobs]
        assert found == [404, 200, 200]
        assert service.jobs.n_bytes <= 2 * size


async def test_a_result_beyond_all_room_is_an_error(serving, picture) -> None:
    async with serving(result_bytes=100) as (client, _):
        job = (await client.post("/v1/jobs", content=picture())).json()["id"]
        name, status = (await ended(client, job))[-1]
        assert (name, status["error"]["kind"]) == ("failed", "result_too_large")


async def test_the_end_of_the_server_ends_jobs_but_not_the_request_in_work(serving, picture, gated) -> None:
    async with serving(gated) as (client, service):
        request = asyncio.create_task(client.post("/v1/restore", content=picture()))
        assert await asyncio.to_thread(gated.entered.wait, 20)
        waiting = asyncio.create_task(client.post("/v1/restore", content=picture()))
        while service.worker.n_waiting == 0:
            await asyncio.sleep(0.01)
        job = (await client.post("/v1/jobs", content=picture())).json()["id"]
        service.drain()
        turned_away = await waiting
        assert (turned_away.status_code, turned_away.json()["error"]["kind"]) == (503, "shutting_down")
        assert (await client.get(f"/v1/jobs/{job}")).status_code == 404
        assert (await client.get("/readyz")).status_code == 503
        assert (await client.get("/healthz")).status_code == 200
        assert (await client.post("/v1/restore", content=picture())).status_code == 503
        gated.gate.set()
        assert (await request).status_code == 200

"""That one client cannot keep the others out."""

from __future__ import annotations

import httpx
import pytest
from fastapi import Request

from opir.errors import ConfigurationError
from opir.server.clients import client_of
from opir.server.errors import ApiError
from opir.server.settings import ServerSettings
from opir.server.work import Worker

pytestmark = pytest.mark.anyio

TOKEN = "correct-horse-battery"


def of(host: str | None) -> str | None:
    return client_of(Request({"type": "http", "client": None if host is None else (host, 50_000)}))


def test_clients_are_told_apart_by_their_address() -> None:
    assert of("192.168.0.7") == "192.168.0.7" != of("192.168.0.8")
    assert of("::ffff:192.168.0.7") == "192.168.0.7"


def test_one_network_of_ipv6_is_one_client() -> None:
    assert of("2001:db8:1:2::3") == of("2001:db8:1:2:ffff::9") != of("2001:db8:1:3::3")


@pytest.mark.parametrize("host", [None, "127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1", "testclient"])
def test_this_computer_is_not_counted(host: str | None) -> None:
    assert of(host) is None


async def test_a_client_has_its_share_of_the_places_and_no_more() -> None:
    worker = Worker(n_waiting=3, n_per_client=2)
    with worker.place("one"), worker.place("one"):
        with pytest.raises(ApiError) as refused, worker.place("one"):
            pass
        with worker.place("two"), worker.place(None):
            pass
    assert (refused.value.status, refused.value.kind) == (429, "client_busy")
    assert refused.value.retry_after_s is not None
    with worker.place("one"), worker.place("one"):
        pass
    await worker.close()


async def test_a_busy_client_is_told_and_others_are_served(serving, picture, gated) -> None:
    async with serving(gated, host="0.0.0.0", token=TOKEN, n_waiting=3) as (local, _):
        headers = {"authorization": f"Bearer {TOKEN}"}

        def client(address: str) -> httpx.AsyncClient:
            transport = httpx.ASGITransport(local._transport.app, client=(address, 50_000))
            return httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000", headers=headers)

        async with client("192.168.0.7") as greedy, client("192.168.0.8") as other:
            jobs = [await greedy.post("/v1/jobs", content=picture()) for _ in range(3)]
            theirs = await other.post("/v1/jobs", content=picture())
            ours = await local.post("/v1/jobs", content=picture(), headers=headers)
            assert [job.status_code for job in jobs] == [202, 202, 429]
            assert jobs[2].json()["error"]["kind"] == "client_busy"
            assert int(jobs[2].headers["retry-after"]) > 0
            assert (theirs.status_code, ours.status_code) == (202, 202)
            await greedy.delete(f"/v1/jobs/{jobs[1].json()['id']}")  # it waits, so its place is free at once
            assert (await greedy.post("/v1/jobs", content=picture())).status_code == 202


@pytest.mark.parametrize(("n_waiting", "given", "share"), [(8, None, 4), (0, None, 1), (8, 0, None), (8, 3, 3)])
def test_the_share_of_a_client(n_waiting: int, given: int | None, share: int | None) -> None:
    assert ServerSettings(n_waiting=n_waiting, n_per_client=given).share_per_client == share


def test_an_impossible_share() -> None:
    with pytest.raises(ConfigurationError, match="0 \\(no limit\\)"):
        ServerSettings(n_per_client=-1)

"""Who is let in."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.anyio

TOKEN = "correct-horse-battery"


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:8000", "localhost:9", "LOCALHOST", "[::1]:8000", "[::1]"])
async def test_names_of_this_computer(serving, host: str) -> None:
    async with serving() as (client, _):
        assert (await client.get("/healthz", headers={"host": host})).status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "192.168.0.7", "127.0.0.1.evil.example", "", "[::1", "localhost:x"])
async def test_other_names_are_refused(serving, host: str) -> None:
    async with serving() as (client, _):
        response = await client.get("/healthz", headers={"host": host})
    assert response.status_code == 421
    assert response.json()["error"]["kind"] == "wrong_host"


async def test_a_public_server_goes_by_addresses_and_given_names(serving) -> None:
    async with serving(host="0.0.0.0", token=TOKEN, allowed_hosts=("photos.example",)) as (client, _):
        for host, status in (("192.168.0.7:8000", 200), ("Photos.example", 200), ("evil.example", 421)):
            assert (await client.get("/healthz", headers={"host": host})).status_code == status


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        (None, 200),
        ("http://127.0.0.1:8000", 200),
        ("http://127.0.0.1:9000", 403),
        ("https://evil.example", 403),
        ("null", 403),
    ],
)
async def test_pages_of_other_sites_are_refused(serving, picture, origin: str | None, status: int) -> None:
    headers = {} if origin is None else {"origin": origin}
    async with serving() as (client, _):
        response = await client.post("/v1/analyze", files={"file": picture()}, headers=headers)
        preflight = await client.options("/v1/restore", headers={"origin": "https://evil.example"})
    assert response.status_code == status
    for answer in (response, preflight):
        assert not [name for name in answer.headers if name.startswith("access-control")]


@pytest.mark.parametrize(
    ("authorization", "status"),
    [
        (None, 401),
        ("Bearer wrong", 401),
        (f"Basic {TOKEN}", 401),
        (f"Bearer {TOKEN}x", 401),
        ("Bearer ä", 401),
        (f"Bearer {TOKEN}", 200),
        (f"bearer {TOKEN}", 200),
    ],
)
async def test_the_token(serving, picture, authorization: str | None, status: int) -> None:
    headers = {} if authorization is None else {"authorization": authorization.encode("latin-1")}
    async with serving(token=TOKEN) as (client, _):
        for method, path in (("POST", "/v1/analyze"), ("GET", "/metrics"), ("GET", "/openapi.json")):
            response = await client.request(method, path, content=picture(), headers=headers)
            assert response.status_code == status
    if status == 401:
        assert response.headers["www-authenticate"] == "Bearer"
        assert response.json()["error"]["kind"] == "unauthorized"


async def test_health_and_the_page_need_no_token(serving) -> None:
    async with serving(token=TOKEN) as (client, _):
        for path in ("/", "/healthz", "/readyz"):
            assert (await client.get(path)).status_code == 200
        assert (await client.get("/v1/jobs/x")).status_code == 401

"""Every request that is turned away: its status, the one shape of errors, and that the server goes on."""

from __future__ import annotations

import asyncio
import io
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx
import numpy as np
import pytest
from PIL import Image

from fake_engine import FakeEngine

pytestmark = pytest.mark.anyio


def check(response: httpx.Response, status: int, kind: str) -> str:
    """Check the shape of an error and return its message."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/json"
    error = response.json()["error"]
    assert set(error) <= {"kind", "message", "hint"}
    assert error["kind"] == kind
    assert "Traceback" not in response.text
    return error["message"]


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("strength=2", "between 0"),
        ("strength=much", "strength: "),
        ("max_uncertainty=-1", "positive number"),
        ("task=raim", "did you mean 'rain'"),
        ("task=snow", "not trained on"),
        ("metadata=all", "one of keep, safe, strip"),
        ("format=gif", "one of PNG, JPEG"),
        ("quality=0", "in 1..100"),
        ("record=maybe", "record: "),
        ("return=xml", "return: "),
        ("model=/etc/passwd", "there is no option 'model'"),
        ("url=http://example.org", "there is no option 'url'"),
    ],
)
async def test_bad_options(serving, picture, query: str, message: str) -> None:
    async with serving() as (client, _):
        response = await client.post(f"/v1/restore?{query}", content=picture())
    assert message in check(response, 422, "bad_option")


@pytest.mark.parametrize("content_type", ["application/x-www-form-urlencoded", "text/plain", "image/svg+xml", ""])
async def test_content_types_that_are_no_picture(serving, picture, content_type: str) -> None:
    async with serving() as (client, _):
        response = await client.post("/v1/restore", content=picture(), headers={"content-type": content_type})
    check(response, 415, "unsupported_media_type")


async def test_compressed_bodies_are_not_unpacked(serving, picture) -> None:
    async with serving() as (client, _):
        response = await client.post("/v1/restore", content=picture(), headers={"content-encoding": "gzip"})
    check(response, 415, "unsupported_media_type")


async def test_pictures_of_other_kinds_are_named(serving, picture) -> None:
    async with serving() as (client, _):
        response = await client.post("/v1/restore", content=b"8BPS" + bytes(60), headers={"content-type": "image/png"})
    assert "Photoshop" in check(response, 415, "unsupported_image")


@pytest.mark.parametrize("route", ["/v1/restore", "/v1/analyze"])
async def test_damaged_pictures(serving, picture, route: str) -> None:
    async with serving() as (client, service):
        nonsense = await client.post(route, content=b"no picture at all")
        cut_off = await client.post(route, content=picture("JPEG")[:-100])
        assert service.worker.n_waiting == 0
    check(nonsense, 422, "unreadable_image")
    check(cut_off, 422, "unreadable_image")


async def test_nothing_at_all(serving) -> None:
    async with serving() as (client, _):
        check(await client.post("/v1/restore", content=b""), 422, "empty_body")


@pytest.mark.parametrize(
    "form",
    [
        {"files": [("a", b"1"), ("b", b"2")]},
        {"files": {"a": b"1"}, "data": {"strength": "1"}},
        {"content": b"--x\r\nbroken", "headers": {"content-type": "multipart/form-data; boundary=x"}},
        {"content": b"--x", "headers": {"content-type": "multipart/form-data"}},
    ],
)
async def test_forms_with_anything_but_one_file(serving, form: dict[str, object]) -> None:
    async with serving() as (client, _):
        check(await client.post("/v1/restore", **form), 422, "bad_form")


async def test_the_body_limit_counts_what_arrives(serving, picture) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(1000):
            n_sent.append(1)
            yield bytes(1000)

    n_sent: list[int] = []
    async with serving(max_body_bytes=5000) as (client, service):
        announced = await client.post("/v1/restore", content=bytes(5001))
        streamed = await client.post("/v1/restore", content=pieces())
        form = await client.post("/v1/restore", files={"file": bytes(6000)})
        fits = await client.post("/v1/restore", content=picture())
        assert service.worker.n_waiting == 0
    for response in (announced, streamed, form):
        check(response, 413, "body_too_large")
    assert len(n_sent) == 6
    assert fits.status_code == 200


async def test_the_pixel_limit_is_checked_before_decoding(serving, picture) -> None:
    async with serving(max_megapixels=0.0005) as (client, service):
        service.decoder = type(service.decoder)(500)
        cut_off = picture(height=30, width=30)[:60]  # decoding it would fail with another error
        response = await client.post("/v1/restore", content=cut_off)
        small = await client.post("/v1/restore", content=picture(height=20, width=20))
    assert "takes at most" in check(response, 413, "image_too_large")
    assert small.status_code == 200


async def test_a_full_queue_turns_away_before_reading(serving, picture, gated) -> None:
    async with serving(gated, n_waiting=1) as (client, _):
        first = asyncio.create_task(client.post("/v1/restore", content=picture()))
        assert await asyncio.to_thread(gated.entered.wait, 20)
        second = asyncio.create_task(client.post("/v1/analyze", content=picture()))
        while (await client.get("/metrics")).text.find("opir_waiting 1.0") < 0:
            await asyncio.sleep(0)
        third = await client.post("/v1/restore", content=b"")  # were it read, it would be refused as empty
        job = await client.post("/v1/jobs", content=picture())
        gated.gate.set()
        assert (await first).status_code == (await second).status_code == 200
        assert (await client.post("/v1/restore", content=picture())).status_code == 200
    check(third, 429, "queue_full")
    check(job, 429, "queue_full")
    assert int(third.headers["retry-after"]) > 0


async def test_the_deadline_includes_waiting(serving, picture, gated) -> None:
    async with serving(gated, deadline_s=0.3) as (client, service):
        both = await asyncio.gather(*(client.post("/v1/restore", content=picture(seed=seed)) for seed in range(2)))
        gated.gate.set()
        service.restorer.engine = FakeEngine()
        assert (await client.post("/v1/restore", content=picture())).status_code == 200
    for response in both:
        assert "within 0.3 seconds" in check(response, 503, "deadline")
        assert int(response.headers["retry-after"]) > 0
    assert len(gated.areas) <= 1  # the first ended at its next tile, the second never began


async def test_a_body_that_trickles(serving) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield b"x"
        await asyncio.sleep(20)
        yield b"x"

    async with serving(deadline_s=0.1) as (client, service):
        check(await client.post("/v1/restore", content=pieces()), 408, "upload_too_slow")
        assert service.worker.n_waiting == 0


async def test_a_client_that_hangs_up_stops_the_work(serving, picture, gated) -> None:
    left = asyncio.Event()
    sent: list[object] = []
    messages = iter([{"type": "http.request", "body": picture(height=64, width=64), "more_body": False}])

    async def receive() -> dict[str, object]:
        for message in messages:
            return message
        await left.wait()
        return {"type": "http.disconnect"}

    async def send(message: object) -> None:
        sent.append(message)

    async with serving(gated, tile=16) as (client, _):
        scope = {
            "type": "http",
            "method": "POST",
            "path": "/v1/restore",
            "raw_path": b"/v1/restore",
            "root_path": "",
            "query_string": b"",
            "headers": [(b"host", b"127.0.0.1")],
        }
        request = asyncio.create_task(client._transport.app(scope, receive, send))
        assert await asyncio.to_thread(gated.entered.wait, 20)
        left.set()
        await request
        gated.gate.set()
        assert (await client.post("/v1/restore", content=picture(height=8, width=8))).status_code == 200
        assert 'route="/v1/restore",status="499"} 1.0' in (await client.get("/metrics")).text
    assert sent == []
    assert len(gated.areas) == 1 + 2  # one tile of 32 before the stop, then the small picture's two stages


async def test_values_that_are_not_finite(serving, picture) -> None:
    async with serving(FakeEngine(spoiled_stage=1)) as (client, _):
        response = await client.post("/v1/restore", content=picture())
    assert "not finite" in check(response, 500, "computation")


async def test_our_own_mistakes_tell_nothing(serving, picture, caplog: pytest.LogCaptureFixture) -> None:
    @dataclass
    class Broken(FakeEngine):
        def encode(self, image: np.ndarray) -> np.ndarray:
            raise RuntimeError("secret of the picture")

    with caplog.at_level(logging.DEBUG):
        async with serving(Broken()) as (client, _):
            response = await client.post("/v1/restore", content=picture())
            assert (await client.get("/healthz")).status_code == 200
    assert "secret" not in check(response, 500, "internal")
    assert "internal error: RuntimeError at" in caplog.text
    assert "secret" not in caplog.text


async def test_memory_that_does_not_suffice(serving, picture) -> None:
    async with serving(FakeEngine(largest_area=0)) as (client, _):
        response = await client.post("/v1/restore", content=picture())
    assert "not enough memory" in check(response, 413, "image_too_large")


async def test_a_format_that_cannot_hold_the_picture(serving) -> None:
    stream = io.BytesIO()
    Image.new("RGBA", (8, 8)).save(stream, "PNG")
    async with serving() as (client, _):
        response = await client.post("/v1/restore", content=stream.getvalue(), params={"format": "JPEG"})
    assert "transparen" in check(response, 422, "output")


async def test_unknown_routes_and_methods(serving) -> None:
    async with serving() as (client, _):
        check(await client.get("/v2/restore"), 404, "not_found")
        check(await client.get("/../pyproject.toml"), 404, "not_found")
        response = await client.get("/v1/restore")
    check(response, 405, "method_not_allowed")
    assert response.headers["allow"] == "POST"

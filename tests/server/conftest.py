"""A server in this process with an engine that the test controls."""

from __future__ import annotations

import io
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field

import httpx
import numpy as np
import pytest
from PIL import Image

from fake_engine import FakeEngine
from opir.imaging import Photo, read_photo
from opir.runtime.restore import Restorer
from opir.server import decode_process
from opir.server.app import create_app
from opir.server.decode_frames import Probe
from opir.server.service import Service
from opir.server.settings import ServerSettings

Serving = Callable[..., AbstractAsyncContextManager[tuple[httpx.AsyncClient, Service]]]


@dataclass
class GatedEngine(FakeEngine):
    """An engine that waits in every stage until the gate is open."""

    entered: threading.Event = field(default_factory=threading.Event)
    gate: threading.Event = field(default_factory=threading.Event)

    def stage(self, *inputs: np.ndarray, expert: bool = False) -> tuple[np.ndarray, np.ndarray]:
        self.entered.set()
        assert self.gate.wait(20)
        return super().stage(*inputs, expert=expert)


@dataclass(frozen=True)
class DecoderInProcess:
    """The decoder without its processes, which have tests of their own."""

    max_pixels: int

    def warm_up(self) -> None: ...
    def close(self) -> None: ...

    def probe(self, data: bytes) -> Probe:
        return decode_process.probe(data, self.max_pixels)

    def decode(self, data: bytes) -> Photo:
        return read_photo(data, max_pixels=self.max_pixels)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def gated() -> GatedEngine:
    return GatedEngine()


@pytest.fixture
def serving() -> Serving:
    """Start a server: ``async with serving(engine, **settings) as (client, service)``."""

    @asynccontextmanager
    async def start(
        engine: FakeEngine | None = None, *, tile: int = 0, **settings: object
    ) -> AsyncIterator[tuple[httpx.AsyncClient, Service]]:
        restorer = Restorer.from_engine(engine or FakeEngine(), tile=tile)
        service = Service(restorer, ServerSettings(**settings))
        service.decoder = DecoderInProcess(service.settings.max_pixels)
        app = create_app(service)
        transport = httpx.ASGITransport(app)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client,
        ):
            yield client, service
            if isinstance(engine, GatedEngine):
                engine.gate.set()

    return start


@pytest.fixture
def picture() -> Callable[..., bytes]:
    """The bytes of a small random picture."""

    def make(format: str = "PNG", *, height: int = 21, width: int = 30, seed: int = 0, **options: object) -> bytes:
        pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
        stream = io.BytesIO()
        Image.fromarray(pixels).save(stream, format, **options)
        return stream.getvalue()

    return make


@pytest.fixture
def pixels_of() -> Callable[[bytes], np.ndarray]:
    """Decode the bytes of a file."""

    def decode(data: bytes) -> np.ndarray:
        with Image.open(io.BytesIO(data)) as image:
            return np.asarray(image.convert("RGB"))

    return decode

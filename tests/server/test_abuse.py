"""A live server and clients that mean it no good: afterwards it serves, and nothing is left behind."""

from __future__ import annotations

import contextlib
import io
import os
import re
import socket
import struct
import subprocess
import sys
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from headless_browser import started, stop
from tiny_model import write_tiny_model

pytestmark = pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="looks into /proc")

PATIENCE = 60.0


@dataclass(frozen=True)
class Live:
    """A running server."""

    pid: int
    port: int
    home: Path

    def raw(self, head: str, body: bytes = b"", *, reset: bool = False) -> socket.socket:
        """Send bytes as they are and return the open connection."""
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)
        if reset:  # closing it sends RST instead of FIN
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.sendall(head.replace("\n", "\r\n").encode() + b"\r\n\r\n" + body)
        return connection

    def client(self) -> httpx.Client:
        return httpx.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=PATIENCE, trust_env=False)

    def settled(self) -> dict[str, float]:
        """Wait until nothing waits or runs, and return what the server then holds."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            with self.client() as client:
                text = client.get("/metrics").text
            counts = {name: float(value) for name, value in re.findall(r"^(opir_\w+) (\S+)$", text, re.MULTILINE)}
            if counts["opir_waiting"] == counts["opir_running"] == 0:
                return {name: counts[name] for name in ("opir_jobs", "opir_result_bytes")} | {"files": self._n_files()}
            time.sleep(0.05)
        raise AssertionError(f"work is left over: {counts}")

    def _n_files(self) -> float:
        """Count what is open apart from connections and pipes."""
        links = []
        for entry in Path(f"/proc/{self.pid}/fd").iterdir():
            with contextlib.suppress(FileNotFoundError):  # closed meanwhile
                links.append(str(entry.readlink()))
        return sum(not link.startswith(("socket:", "pipe:")) for link in links)


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    model = write_tiny_model(tmp_path_factory.mktemp("models") / "tiny")
    home = tmp_path_factory.mktemp("home")
    script = "from opir.cli.main import run; run()"
    command = [sys.executable, "-B", "-c", script, "serve", "--model", model, "--port", 0, "--threads", 1]
    command += ["--max-megapixels", 4, "--max-body-megabytes", 2, "--queue", 4]
    environment = {"HOME": str(home), "TMPDIR": str(home), "PATH": os.environ["PATH"]}
    process, port = started(command, r"http://127\.0\.0\.1:(\d+)", stderr=subprocess.DEVNULL, env=environment, cwd=home)
    yield Live(pid=process.pid, port=int(port), home=home)
    stop(process)


@pytest.fixture(autouse=True)
def nothing_left(live: Live, picture: Callable[..., bytes]) -> Iterator[None]:
    """After every test: places and files are given back, nothing lies on the disk, pictures are restored."""
    before = live.settled()
    yield
    assert live.settled() == before
    assert list(live.home.rglob("*")) == []
    with live.client() as client:
        assert client.post("/v1/restore", content=picture()).status_code == 200


POST = "POST /v1/restore HTTP/1.1\nHost: 127.0.0.1\nContent-Type: image/png\n"


@pytest.mark.parametrize("reset", [False, True])
def test_uploads_that_break_off(live: Live, picture: Callable[..., bytes], reset: bool) -> None:
    data = picture(height=200, width=200)
    for _ in range(12):  # more than there are places
        live.raw(POST + f"Content-Length: {len(data)}", data[:1000], reset=reset).close()


@pytest.mark.parametrize("route", ["/v1/restore", "/v1/analyze", "/v1/restore?return=zip"])
def test_clients_that_do_not_wait_for_the_answer(live: Live, picture: Callable[..., bytes], route: str) -> None:
    data = picture("BMP", height=400, width=400)
    for _ in range(6):
        live.raw(POST.replace("/v1/restore", route) + f"Content-Length: {len(data)}", data, reset=True).close()


def test_clients_that_do_not_follow_their_job(live: Live, picture: Callable[..., bytes]) -> None:
    with live.client() as client:
        job = client.post("/v1/jobs", content=picture()).json()["id"]
        live.raw(f"GET /v1/jobs/{job}/events HTTP/1.1\nHost: 127.0.0.1", reset=True).close()
        assert client.delete(f"/v1/jobs/{job}").status_code == 204
        assert client.get(f"/v1/jobs/{job}").status_code == 404


def test_slow_uploads_do_not_keep_others_out(live: Live, picture: Callable[..., bytes]) -> None:
    data = picture()
    slow = [live.raw(POST + f"Content-Length: {len(data)}", data[:10]) for _ in range(3)]
    with live.client() as client:
        assert client.post("/v1/restore", content=data).status_code == 200
    for connection in slow:
        connection.close()


def bomb(side: int) -> bytes:
    """A PNG of one colour that unpacks to a thousand times its size."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    rows = zlib.compress(bytes(side * (3 * side + 1)), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def test_bombs(live: Live) -> None:
    honest, lying = bomb(3000), bytearray(bomb(3000))
    lying[16:24] = struct.pack(">II", 100, 100)  # says that it is small
    lying[29:33] = struct.pack(">I", zlib.crc32(bytes(lying[12:29])))
    with live.client() as client:
        answer = client.post("/v1/restore", content=honest)
        assert (answer.status_code, answer.json()["error"]["kind"]) == (413, "image_too_large")
        assert client.post("/v1/restore", content=bytes(lying)).status_code in (200, 422)  # a corner of it, or nothing
        endless = client.post("/v1/restore", content=(bytes(65_536) for _ in range(1000)))
        assert (endless.status_code, endless.json()["error"]["kind"]) == (413, "body_too_large")


@pytest.mark.parametrize(
    "path",
    ["/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "//etc/passwd", "/app.js/../../../etc/passwd", "/..%5c..%5cetc"],
)
def test_paths_that_climb(live: Live, path: str) -> None:
    with live.raw(f"GET {path} HTTP/1.1\nHost: 127.0.0.1\nConnection: close") as connection:
        answer = b"".join(iter(lambda: connection.recv(65_536), b""))
    assert answer.split(b" ", 2)[1] == b"404"
    assert b"root:" not in answer


@pytest.mark.parametrize("name", ["../../opir-was-here.png", "/tmp/opir-was-here.png", "\\\\host\\share", "x\x00.png"])
def test_names_of_files_are_not_used(live: Live, picture: Callable[..., bytes], name: str) -> None:
    with live.client() as client:
        answer = client.post("/v1/restore", files={"file": (name, io.BytesIO(picture()))})
    assert answer.status_code == 200
    assert "opir-was-here" not in str(answer.headers)
    assert not Path("/tmp/opir-was-here.png").exists()


def test_what_is_no_http(live: Live) -> None:
    for garbage in (
        "\x16\x03\x01\x02\x00\x01",
        "GET / HTTP/9.9\nHost: x",
        "POST /v1/restore HTTP/1.1\nContent-Length: -1",
    ):
        with live.raw(garbage, b"\x00" * 100) as connection:
            connection.settimeout(PATIENCE)
            assert not connection.recv(65_536).startswith(b"HTTP/1.1 2")

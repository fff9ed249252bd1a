"""``opir serve`` as a user starts it."""

from __future__ import annotations

import importlib.util
import io
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from opir.cli import main
from tiny_model import write_tiny_model


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_model(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture
def refusal(model: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Run a command that must fail with exit code 1 and one line, and return the line."""
    monkeypatch.delenv("OPIR_TOKEN", raising=False)

    def run(*arguments: str) -> str:
        result = CliRunner().invoke(main.app, ["serve", "--model", str(model), *arguments])
        assert result.exit_code == 1, result.output
        assert result.stderr.count("\n") == 1
        return result.stderr

    return run


def test_strangers_are_not_let_in_by_accident(refusal: Callable[..., str]) -> None:
    assert "needs a token" in refusal("--host", "0.0.0.0")
    assert "16 or more" in refusal("--host", "0.0.0.0", "--token", "short")


def test_a_port_in_use(refusal: Callable[..., str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = str(listener.getsockname()[1])
        assert f"cannot listen on 127.0.0.1 port {port}" in refusal("--port", port)


def test_an_unknown_model(refusal: Callable[..., str]) -> None:
    assert "nothing" in refusal("--model", "nothing")


def test_a_missing_package(refusal: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "fastapi" else find(name))
    assert "pip install 'opir[server]'" in refusal()


def test_nothing_of_the_server_is_loaded_for_other_commands() -> None:
    script = "import sys, opir\nfrom opir.cli import main\nsys.argv = ['opir', '--help']\n"
    script += "try: main.run()\nexcept SystemExit: pass\n"
    script += "sys.exit(any(name.startswith(('opir.server', 'fastapi', 'uvicorn')) for name in sys.modules))"
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, check=False).returncode == 0


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_a_server_from_start_to_end(model: Path, tmp_path: Path, picture, pixels_of) -> None:
    script = "from opir.cli.main import run; run()"
    options = ["serve", "--port", "0", "--threads", "1", "--model", str(model)]
    environment = {name: value for name, value in os.environ.items() if name != "OPIR_TOKEN"}
    data = picture("PNG", height=40, width=50)
    (tmp_path / "in.png").write_bytes(data)
    with subprocess.Popen(
        [sys.executable, "-c", script, *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    ) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            url = next(word for word in line.split() if word.startswith("http://127.0.0.1:"))
            with httpx.Client(base_url=url, timeout=60, trust_env=False) as client:
                assert client.get("/healthz").text == "ok\n"
                query = {"task": ["noise", "haze"], "strength": "0.7"}
                restored = client.post("/v1/restore", content=data, params=query)
                refused = client.post("/v1/restore", content=data[:-50])
                job = client.post("/v1/jobs", content=data, params=query).json()["id"]
                with client.stream("GET", f"/v1/jobs/{job}/events") as events:
                    text = events.read().decode()
                fetched = client.get(f"/v1/jobs/{job}/result")
                with ThreadPoolExecutor(1) as other:
                    large = picture("BMP", height=500, width=500)
                    last = other.submit(httpx.post, f"{url}/v1/restore", content=large, timeout=60, trust_env=False)
                    while not last.done() and "opir_running 1.0" not in client.get("/metrics").text:
                        continue
                    process.send_signal(signal.SIGTERM)
                    finished = last.result()
            _, log = process.communicate(timeout=60)
        finally:
            process.kill()
    assert process.returncode == 0
    assert finished.status_code == 200  # the request in work was finished
    assert restored.status_code == 200
    assert (refused.status_code, refused.json()["error"]["kind"]) == (422, "unreadable_image")
    assert "event: done" in text
    assert fetched.content == restored.content
    assert job not in log
    assert "ERROR" not in log

    arguments = [str(tmp_path / "in.png"), "-o", str(tmp_path / "out.png"), "--model", str(model), "--threads", "1"]
    arguments += ["--task", "noise", "--task", "haze", "--strength", "0.7"]
    result = CliRunner().invoke(main.app, ["restore", *arguments])
    assert result.exit_code == 0, result.output
    np.testing.assert_array_equal(pixels_of(restored.content), pixels_of((tmp_path / "out.png").read_bytes()))
    with Image.open(io.BytesIO(restored.content)) as image:
        assert image.size == (50, 40)

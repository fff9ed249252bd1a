"""A running server with a tiny model, and a browser."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from headless_browser import CHROMEDRIVER, CHROMIUM, Browser, started, stop
from tiny_model import write_tiny_model


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_model(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="session")
def opir() -> Callable[..., list[str]]:
    """Return the words of a command."""
    return lambda *words: [sys.executable, "-c", "from opir.cli.main import run; run()", *map(str, words)]


@pytest.fixture(scope="session")
def serving(model: Path, opir: Callable[..., list[str]]) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A running server and its address."""
    command = opir("serve", "--model", model, "--port", 0, "--threads", 1, "--max-body-megabytes", 4)
    environment = {name: value for name, value in os.environ.items() if name != "OPIR_TOKEN"}
    process, url = started(command, r"(http://\S+)", stderr=subprocess.DEVNULL, env=environment)
    yield process, url
    stop(process)


@pytest.fixture
def server(serving: tuple[subprocess.Popen[str], str]) -> str:
    return serving[1]


@pytest.fixture
def server_id(serving: tuple[subprocess.Popen[str], str]) -> int:
    return serving[0].pid


@pytest.fixture(scope="session")
def driver() -> Iterator[str]:
    if CHROMIUM is None or CHROMEDRIVER is None:
        pytest.skip("no chromium and chromedriver here: apt-get install chromium chromium-driver")
    process, port = started([CHROMEDRIVER, "--port=0"], r"successfully on port (\d+)")
    yield f"http://127.0.0.1:{port}"
    stop(process)


@pytest.fixture
def browser(driver: str, tmp_path: Path) -> Iterator[Browser]:
    """A fresh browser; the test fails if the console complained."""
    opened = Browser(driver, tmp_path / "profile", tmp_path / "downloads")
    yield opened
    problems = opened.problems()
    opened.close()
    assert problems == []

"""The container files: what can be told without building one."""

from __future__ import annotations

import fnmatch
import http.server
import json
import re
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from opir.cli import main

ROOT = Path(__file__).parent.parent
DOCKERFILE = (ROOT / "Dockerfile").read_text()


def instructions(name: str) -> list[str]:
    """The arguments of every instruction of a name, continued lines joined."""
    joined = re.sub(r"\\\n\s*", " ", DOCKERFILE)
    return [line.removeprefix(name).strip() for line in joined.splitlines() if line.startswith(f"{name} ")]


def words_of(instruction: str) -> list[str]:
    """The exec form inside an instruction."""
    return json.loads(instruction[instruction.index("[") :])


def test_what_is_copied_exists_and_reaches_the_builder() -> None:
    rules = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and not line.startswith("#")]
    copied = [word for line in instructions("COPY") if "--from" not in line for word in line.split()[:-1]]
    assert "src" in copied
    for name in copied:
        assert (ROOT / name).exists()
        assert f"!{name}" in rules
    secrets = (".git", ".venv", "runs", "cache", ".env")
    assert all(any(fnmatch.fnmatch(name, rule) for rule in rules if not rule.startswith("!")) for name in secrets)


def test_nobody_special_runs_it() -> None:
    (user,) = instructions("USER")
    assert all(int(number) > 0 for number in user.split(":"))
    assert DOCKERFILE.index("USER") < DOCKERFILE.index("ENTRYPOINT")


def test_compose_takes_away_what_is_not_needed() -> None:
    service = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]["opir"]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert all(port.startswith("127.0.0.1:") for port in service["ports"])
    assert service["environment"]["OPIR_TOKEN"].startswith("${OPIR_TOKEN:?")  # it does not start without one
    assert {"mem_limit", "pids_limit"} <= service.keys()


def test_the_command_is_understood(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a token the server must refuse, and not for another reason."""
    monkeypatch.delenv("OPIR_TOKEN", raising=False)
    service = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]["opir"]
    program, *words = words_of(instructions("ENTRYPOINT")[0])
    assert program.endswith("/bin/opir")
    result = CliRunner().invoke(main.app, [*words, *service["command"]])
    assert result.exit_code == 1
    assert "needs a token" in result.stderr


@pytest.fixture
def health() -> Callable[[int], int]:
    """Run the health check against a server on a port, and return its exit code."""

    def check(port: int) -> int:
        _, *words = words_of(instructions("HEALTHCHECK")[0])
        assert "8000" in words[-1]
        words[-1] = words[-1].replace("8000", str(port))
        return subprocess.run([sys.executable, *words], capture_output=True, check=False).returncode

    return check


@pytest.mark.parametrize(("status", "code"), [(200, 0), (503, 1)])
def test_the_health_check_tells_ready_from_not(health: Callable[[int], int], status: int, code: int) -> None:
    asked = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(status)
            self.end_headers()

        def log_message(self, *words: object) -> None: ...

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        assert health(server.server_address[1]) == code
        thread.join()
    assert asked == ["/readyz"]


def test_the_health_check_fails_where_nothing_listens(health: Callable[[int], int]) -> None:
    with http.server.HTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler) as server:
        port = server.server_address[1]
    assert health(port) != 0

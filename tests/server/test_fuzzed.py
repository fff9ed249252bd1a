"""The whole interface against its own description, with what schemathesis makes up from it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from headless_browser import started, stop
from opir.tasks import TASKS
from tiny_model import write_tiny_model

TOKEN = "a-token-of-some-length"

CONFIGURATION = """
[checks.positive_data_acceptance]
# Content decides whether a body is a picture, and no schema can say what the content of a picture is.
expected-statuses = ["2xx", 401, 404, 409, 410, 415, 422, 429]
"""


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A tiny model that says it knows every task, as the shipped one does."""
    folder = write_tiny_model(tmp_path / "tiny")
    entries = json.loads((folder / "model.json").read_text())
    (folder / "model.json").write_text(json.dumps({**entries, "trained_tasks": list(TASKS)}))
    return folder


def test_the_description_is_true(model: Path, tmp_path: Path) -> None:
    """No 5xx, no undocumented status, type or shape, no invalid option accepted, no way around the token."""
    (tmp_path / "schemathesis.toml").write_text(CONFIGURATION)
    script = "from opir.cli.main import run; run()"
    command = [sys.executable, "-c", script, "serve", "--model", model, "--port", 0, "--threads", 1]
    log = tmp_path / "log"
    with log.open("w") as sink:
        process, url = started(command, r"(http://\S+)", stderr=sink, env={**os.environ, "OPIR_TOKEN": TOKEN})
        try:
            options = ["--checks", "all", "--generation-deterministic", "--max-examples", "20", "--no-color"]
            options += ["--suppress-health-check", "all", "--continue-on-failure", "--warnings", "off"]
            options += ["--header", f"Authorization: Bearer {TOKEN}"]
            tool = "import sys; from schemathesis.cli import schemathesis; sys.exit(schemathesis())"
            found = subprocess.run(
                [sys.executable, "-c", tool, "run", f"{url}/openapi.json", *options],
                cwd=tmp_path,
                capture_output=True,
                text=True,
                check=False,
            )
        finally:
            stop(process)
    assert found.returncode == 0, found.stdout[-8000:] + found.stderr[-2000:]
    tested = re.search(r"(\d+) generated", found.stdout)
    assert tested is not None
    assert int(tested[1]) > 300
    assert "ERROR" not in log.read_text()  # nothing unforeseen inside

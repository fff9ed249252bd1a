"""``opir doctor`` is green where restoring works, red where it does not, and says why."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from opir.cli.main import app


@pytest.fixture(autouse=True)
def _no_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pretend that the optional torch is not installed: quick, and the usual case for users."""
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "torch" else find_spec(name))


def diagnosis() -> tuple[int, dict[str, tuple[str, str]]]:
    """Exit code, and state and detail of every check by name."""
    result = CliRunner().invoke(app, ["doctor", "--json"])
    report = json.loads(result.stdout)
    assert report["ok"] == (result.exit_code == 0)
    return result.exit_code, {check["name"]: (check["state"], check["detail"]) for check in report["checks"]}


def test_sound_installation(bundle: Path) -> None:
    code, checks = diagnosis()
    assert code == 0
    assert {state for name, (state, _) in checks.items() if name != "engine torch"} == {"ok"}
    assert "self-test passed" in checks["engine onnxruntime"][1]
    assert checks["engine torch"] == ("absent", "optional: pip install 'opir[torch]'")


def test_text_has_a_line_per_check_and_a_verdict(bundle: Path) -> None:
    lines = CliRunner().invoke(app, ["doctor"]).stdout.splitlines()
    assert lines[-1] == "opir is ready"
    assert any(line.startswith("ok") and "model base" in line for line in lines)


def test_damaged_model(bundle: Path) -> None:
    (bundle / "base" / "stage.onnx").write_bytes(b"")
    code, checks = diagnosis()
    assert code == 1
    assert checks["model base"][0] == checks["engine onnxruntime"][0] == "broken"
    assert "stage.onnx is damaged" in checks["model base"][1]


def test_missing_models(bundle: Path) -> None:
    (bundle / "base" / "model.json").unlink()
    code, checks = diagnosis()
    assert code == 1
    assert checks["model base"][0] == "broken"


def test_broken_onnxruntime(bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    code, checks = diagnosis()
    assert code == 1
    assert "pip install onnxruntime" in checks["engine onnxruntime"][1]
    result = CliRunner().invoke(app, ["doctor"])
    assert "cannot restore pictures here: see engine onnxruntime" in result.stdout
    assert "Traceback" not in result.output


def test_temporary_folder_is_not_needed_for_restoring(bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("tempfile.TemporaryFile", refuse)
    code, checks = diagnosis()
    assert code == 0
    assert checks["temporary files"][0] == "broken"
    assert "TMPDIR" in checks["temporary files"][1]

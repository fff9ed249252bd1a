"""``opir models`` lists what is bundled and finds what is damaged."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from typer.testing import CliRunner

from opir.cli.main import app
from opir.runtime.spec import ModelSpec


def test_table(bundle: Path) -> None:
    result = CliRunner().invoke(app, ["models"])
    assert result.exit_code == 0, result.output
    headings, row = result.stdout.splitlines()
    assert headings.split()[:3] == ["NAME", "VERSION", "PARAMETERS"]
    assert row.split()[:4] == ["base", "0.0.1", "1,234", "0.50"]
    assert ModelSpec.load(bundle / "base").fingerprint[:12] in row
    assert row.endswith("noise, rain, haze, low_light")


def test_json(bundle: Path) -> None:
    shutil.copytree(bundle / "base", bundle / "other")
    result = CliRunner().invoke(app, ["models", "--json"])
    entries = [json.loads(line) for line in result.stdout.splitlines()]
    assert len(entries) == 2
    assert entries[0]["sha256"] == ModelSpec.load(bundle / "base").fingerprint
    expected = sum(path.stat().st_size for path in (bundle / "base").glob("*.onnx"))
    assert entries[0]["size_bytes"] == expected


def test_verify_passes_intact_models(bundle: Path) -> None:
    result = CliRunner().invoke(app, ["models", "--verify"])
    assert result.exit_code == 0
    assert "1 of 1 models are intact" in result.stdout


def test_verify_finds_damage_and_still_lists_the_rest(bundle: Path) -> None:
    shutil.copytree(bundle / "base", bundle / "other")
    (bundle / "base" / "encoder.onnx").write_bytes(b"")
    result = CliRunner().invoke(app, ["models", "--verify"])
    assert result.exit_code == 1
    assert len(result.stderr.splitlines()) == 1
    assert "encoder.onnx is damaged" in result.stderr
    assert "1 of 2 models are intact" in result.stdout
    result = CliRunner().invoke(app, ["models", "--verify", "--json"])
    entries = [json.loads(line) for line in result.stdout.splitlines()]
    assert "error" in entries[0]
    assert "error" not in entries[1]


def test_no_models(bundle: Path) -> None:
    shutil.rmtree(bundle)
    result = CliRunner().invoke(app, ["models"])
    assert (result.exit_code, result.stdout) == (1, "")
    assert "install opir again" in result.stderr

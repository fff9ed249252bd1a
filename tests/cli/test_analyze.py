"""``opir analyze``: the findings of a restoration without the restoration."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from opir.cli.main import app
from opir.runtime.onnx_engine import OnnxEngine
from opir.runtime.restore import Restorer

Picture = Callable[..., Path]
Analyze = Callable[..., Result]


@pytest.fixture
def analyze(tiny_model: Path) -> Analyze:
    """Run ``opir analyze`` with the tiny model."""

    def run(*arguments: object) -> Result:
        return CliRunner().invoke(app, ["analyze", "--model", str(tiny_model), "--threads", "1", *map(str, arguments)])

    return run


def test_the_findings_are_those_of_a_restoration(
    analyze: Analyze, picture: Picture, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = Restorer(tiny_model).restore(picture()).found
    monkeypatch.delattr(OnnxEngine, "stage")  # nothing is restored
    result = analyze(picture(), "--json")
    assert result.exit_code == 0, result.output
    entry = json.loads(result.stdout)
    assert entry["found"] == pytest.approx(dict(expected))
    assert tuple(entry["likely"]) == expected.likely()
    assert len(entry["model"]["weights_sha256"]) == 64


def test_in_words_most_likely_first(analyze: Analyze, picture: Picture, tiny_model: Path) -> None:
    path = picture()
    found = Restorer(tiny_model).analyze(path)
    (line,) = analyze(path).stdout.splitlines()
    assert line.startswith(f"{path}: ")
    positions = [line.index(name) for name in found.likely(0.0)]
    assert positions == sorted(positions)
    assert all(f"{name} {value:.0%}" in line for name, value in found.items())


def test_folders_and_bad_files(analyze: Analyze, picture: Picture, tmp_path: Path) -> None:
    picture("in/a.png")
    picture("in/sub/b.jpg")
    (tmp_path / "in" / "bad.png").write_text("no picture")
    result = analyze(tmp_path / "in")
    assert result.exit_code == 1
    assert [line.split(":")[0] for line in result.stdout.splitlines()] == [
        str(tmp_path / "in" / "a.png"),
        str(tmp_path / "in" / "sub" / "b.jpg"),
    ]
    assert len(result.stderr.splitlines()) == 1

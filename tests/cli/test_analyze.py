"""``opir analyze`` and ``opir features``: findings, strengths and whether the model has seen the like."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from opir.analysis.analyze import analyze as analyze_picture
from opir.cli.main import app
from opir.runtime.restore import Restorer

Picture = Callable[..., Path]
Analyze = Callable[..., Result]


@pytest.fixture
def analyze(tiny_model: Path) -> Analyze:
    """Run ``opir analyze`` with the tiny model."""

    def run(*arguments: object) -> Result:
        return CliRunner().invoke(app, ["analyze", "--model", str(tiny_model), "--threads", "1", *map(str, arguments)])

    return run


def test_the_findings_are_those_of_a_restoration(analyze: Analyze, picture: Picture, tiny_model: Path) -> None:
    expected = Restorer(tiny_model).restore(picture()).found
    result = analyze(picture(), "--json")
    assert result.exit_code == 0, result.output
    entry = json.loads(result.stdout)
    assert entry["found"] == pytest.approx(dict(expected))
    assert tuple(entry["likely"]) == expected.likely()
    assert len(entry["model"]["weights_sha256"]) == 64


def test_all_of_the_analysis_is_in_the_json(analyze: Analyze, picture: Picture, tiny_model: Path) -> None:
    path = picture("photo.jpg", 64, 80)
    entry = json.loads(analyze(path, "--json").stdout)
    expected = json.loads(json.dumps(analyze_picture(path, Restorer(tiny_model)).entries()))
    assert {name: entry[name] for name in expected} == expected
    assert entry["jpeg_quality"] == 75
    assert entry["familiarity"] is None


def test_in_words_most_likely_first(analyze: Analyze, picture: Picture, tiny_model: Path) -> None:
    path = picture("photo.jpg", 64, 80)
    found = Restorer(tiny_model).analyze(path)
    head, *rows = analyze(path).stdout.splitlines()
    assert head == str(path)
    table = {row.split()[0]: row for row in rows[: len(found)]}
    assert tuple(table) == found.likely(0.0)
    for name, value in found.items():
        assert table[name].split()[1] == f"{value:.0%}"
    assert "sigma 5" in table["noise"]  # the file has uniform noise of 74 grey levels, less what JPEG took away
    assert "middle grey" in table["low_light"]
    assert "grey levels on average" in rows[-2]
    assert rows[-1] == "  whether the model has seen such pictures is not known"


def test_whether_the_model_has_seen_the_like(
    analyze: Analyze, picture: Picture, tiny_model: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "model"
    shutil.copytree(tiny_model, folder)
    for number in range(9):
        name = picture(f"train/{number}.png", 100, 100)
        Image.effect_noise((100, 100), 10 + number).convert("RGB").save(name)
    arguments = ["features", str(tmp_path / "train"), "--model", str(folder), "--threads", "1", "--side", "64"]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith(f"{folder}/features.json: 9 pictures, distance ")
    first = (folder / "features.json").read_bytes()
    CliRunner().invoke(app, arguments)
    assert (folder / "features.json").read_bytes() == first
    result = analyze(picture(), "--model", folder, "--json")
    assert set(json.loads(result.stdout)["familiarity"]) == {"distance", "share_nearer", "is_outside"}
    assert "what the model has seen" in analyze(picture(), "--model", folder).stdout


def test_too_few_training_pictures_are_refused(picture: Picture, tiny_model: Path, tmp_path: Path) -> None:
    picture("train/a.png")
    result = CliRunner().invoke(app, ["features", str(tmp_path / "train"), "--model", str(tiny_model)])
    assert result.exit_code == 1
    assert "need 8 training pictures or more; got 1" in result.stderr
    assert not (tiny_model / "features.json").exists()


def test_folders_and_bad_files(analyze: Analyze, picture: Picture, tmp_path: Path) -> None:
    picture("in/a.png")
    picture("in/sub/b.jpg")
    (tmp_path / "in" / "bad.png").write_text("no picture")
    result = analyze(tmp_path / "in")
    assert result.exit_code == 1
    assert [line for line in result.stdout.splitlines() if not line.startswith(" ")] == [
        str(tmp_path / "in" / "a.png"),
        str(tmp_path / "in" / "sub" / "b.jpg"),
    ]
    assert len(result.stderr.splitlines()) == 1

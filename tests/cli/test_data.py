"""``opir data check``."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from miniatures import write_picture, write_pictures
from opir.cli.main import app


def _check(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["data", "check", *map(str, arguments)])


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    names = ["hazy/0001_0.8_0.2.jpg", "hazy/0002_1_0.1.jpg", "gt/0001.png", "gt/0002.png"]
    return write_pictures(tmp_path / "SOTS", [f"outdoor/{name}" for name in names])


def test_a_sound_set_is_summarised(sound: Path) -> None:
    result = _check(sound)
    assert result.exit_code == 0, result.output
    lines = dict(line.split("  ", 1) for line in result.stdout.splitlines() if "  " in line)
    assert lines["data set"].strip() == "RESIDE SOTS (test set) [sots]"
    assert lines["split"].strip() == "outdoor"
    assert lines["pairs"].strip() == "2 (published: 500)"
    assert lines["tasks"].strip() == "haze 2"
    assert lines["sizes"].strip() == "12x8 (2)"
    assert "dB mean PSNR" in lines["inputs"]
    assert lines["result"].strip() == "sound"


def test_json_is_one_object_per_split(tmp_path: Path) -> None:
    names = [f"{split}/{kind}/{n}.png" for split in ("our485", "eval15") for kind in ("low", "high") for n in (1, 2)]
    result = _check(write_pictures(tmp_path, names), "--json")
    assert result.exit_code == 0, result.output
    reports = [json.loads(line) for line in result.stdout.splitlines()]
    assert [(report["split"], report["count"], report["sound"]) for report in reports] == [
        ("train", 2, True),
        ("test", 2, True),
    ]
    assert reports[0]["published_count"] == 485
    assert reports[0]["sizes"] == [{"width": 12, "height": 8, "count": 2}]
    assert reports[0]["input_psnr_db"]["pairs"] == 2


def test_everything_that_is_wrong_is_told_and_the_exit_code_is_1(tmp_path: Path) -> None:
    root = write_pictures(tmp_path / "x", [f"{kind}/{n}.png" for kind in ("input", "target") for n in range(9)])
    (root / "target" / "1.png").unlink()
    write_picture(root / "input" / "2.png", (20, 8))
    (root / "input" / "3.png").write_bytes((root / "input" / "4.png").read_bytes())
    result = _check(root)
    assert result.exit_code == 1
    assert "no clean partner: input/1.png" in result.stdout
    assert "sizes differ: input/2.png (20x8, but 2.png is 12x8)" in result.stdout
    assert "input/3.png = input/4.png" in result.stdout
    report = json.loads(_check(root, "--json").stdout)
    assert not report["sound"]
    assert {problem["file"] for problem in report["problems"]} == {"input/1.png", "input/2.png"}
    assert report["duplicates"] == [["input/3.png", "input/4.png"]]


def test_overlap_with_a_test_set_of_any_layout_is_told(sound: Path, tmp_path: Path) -> None:
    other = write_pictures(tmp_path / "strange", ["deep/down/a.png"])
    assert _check(sound, "--against", other).exit_code == 0
    (other / "deep" / "b.png").write_bytes((sound / "outdoor/gt/0002.png").read_bytes())
    result = _check(sound, "--against", other)
    assert result.exit_code == 1
    assert "outdoor/gt/0002.png ~ deep/b.png" in result.stdout
    report = json.loads(_check(sound, "--against", other, "--json").stdout)
    assert report["overlap"] == [["outdoor/gt/0002.png", "deep/b.png"]]


def test_an_unreadable_picture_in_the_other_folder_is_not_passed_over(sound: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "a.png").write_bytes(b"broken")
    result = _check(sound, "--against", tmp_path / "other")
    assert result.exit_code == 1
    assert "unreadable: a.png" in result.stderr


def test_an_unknown_layout_lists_the_patterns_line_by_line(tmp_path: Path) -> None:
    result = _check(write_pictures(tmp_path / "x", ["before/1.png", "after/1.png"]))
    assert result.exit_code == 1
    assert result.stderr.startswith("opir: no known data set layout")
    assert "  input/{name} with target|gt|clean" in result.stderr
    assert len(result.stderr.splitlines()) > 20
    assert result.stdout == ""


def test_one_split_and_another_reader_can_be_asked_for(sound: Path) -> None:
    report = json.loads(_check(sound, "--name", "picture_tree", "--split", "all", "--json").stdout)
    assert (report["data_set"], report["kind"], report["count"]) == ("picture_tree", "clean", 4)
    assert _check(sound, "--split", "indoor").exit_code == 1


def test_help_does_not_load_the_readers_and_the_check_does_not_load_torch(sound: Path) -> None:
    code = (
        "import sys, opir.cli.data\n"
        "assert 'opir.data.readers' not in sys.modules and 'numpy' not in sys.modules\n"
        "from typer.testing import CliRunner\n"
        f"result = CliRunner().invoke(opir.cli.data.data_app, ['check', {str(sound)!r}])\n"
        "assert result.exit_code == 0, result.output\n"
        "assert 'torch' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)

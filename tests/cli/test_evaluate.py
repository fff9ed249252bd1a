"""``opir eval`` in process."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from opir.cli.main import app


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["eval", *map(str, arguments)])


@pytest.fixture
def clean(tmp_path: Path) -> Path:
    folder = tmp_path / "clean"
    folder.mkdir()
    for n in (1, 2):
        pixels = np.kron(np.random.default_rng(n).integers(50, 200, (4, 4, 3)), np.ones((5, 5, 1))).astype(np.uint8)
        Image.fromarray(pixels).save(folder / f"{n}.png")
    return folder


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    """Grey 110 instead of 100: 28.13 dB under every RGB protocol."""
    for kind, level in (("hazy", 110), ("gt", 100)):
        for n in (1, 2):
            (tmp_path / "pairs" / kind).mkdir(parents=True, exist_ok=True)
            Image.new("RGB", (20, 20), (level,) * 3).save(tmp_path / "pairs" / kind / f"{n}.png")
    return tmp_path / "pairs"


def test_a_model_on_noise(clean: Path, tiny_model: Path, tmp_path: Path):
    files = ["--json", tmp_path / "scores.json", "--html", tmp_path / "page.html"]
    result = run("--protocol", "aio", "--data", clean, "--noise", 25, "--noise", 15, "--model", tiny_model, *files)
    assert (result.exit_code, result.stderr) == (0, "")
    assert "centre crop to a multiple of 16" in result.stdout
    assert "model: tiny 0.0.1, sha256 " in result.stdout
    rows = [line.split("  ")[0] for line in result.stdout.splitlines() if " psnr " in line]
    assert rows == ["noise 15", "noise 25", "all"]
    document = json.loads((tmp_path / "scores.json").read_text())
    assert [row["row"] for row in document["rows"]] == ["noise 15", "noise 25", "all"]
    assert document["rows"][0]["input"]["psnr"] > document["rows"][1]["input"]["psnr"] > 15
    assert f"{document['rows'][1]['results']['tiny']['psnr']:.2f}" in result.stdout
    assert document["command"].split()[0] == "opir"
    page = (tmp_path / "page.html").read_text()
    assert page.startswith("<!DOCTYPE html>")
    assert page.count('<img alt="reference"') == 4


def test_peers_beside_a_model(pairs: Path, tiny_model: Path, tmp_path: Path):
    for name, level in (("good", 101), ("bad", 150)):
        for n in (1, 2):
            (tmp_path / name).mkdir(exist_ok=True)
            Image.new("RGB", (20, 20), (level,) * 3).save(tmp_path / name / f"{n}.png")
    folders = ["--results", tmp_path / "good", "--results", tmp_path / "bad"]
    result = run("--protocol", "basicsr", "--data", pairs, "--model", tiny_model, *folders)
    assert (result.exit_code, result.stderr) == (0, "")
    (heading,) = (line for line in result.stdout.splitlines() if line.startswith("ROW") and "MEASURE" in line)
    assert heading.split()[3:] == ["INPUT", "TINY", "CHANGE", "GOOD", "CHANGE", "BAD", "CHANGE"]
    (psnr,) = (line.split() for line in result.stdout.splitlines() if line.startswith("haze") and "psnr" in line)
    assert (psnr[3], psnr[6], psnr[8]) == ("28.13", "48.13", "14.15")


def test_results_alone_need_no_model(pairs: Path):
    result = run("--protocol", "derain-y", "--data", pairs, "--results", pairs / "hazy")
    assert (result.exit_code, result.stderr) == (0, "")
    assert "model" not in result.stdout
    (psnr,) = (line.split() for line in result.stdout.splitlines() if line.startswith("haze"))
    assert psnr[3:] == ["30.07", "30.07", "+0.00"]  # Y of 102 and 110


def test_the_default_model_is_the_bundled_one(pairs: Path, bundle: Path):
    result = run("--protocol", "ours", "--data", pairs, "--limit", 1, "--threads", 1)
    assert (result.exit_code, result.stderr) == (0, "")
    assert "model: base 0.0.1" in result.stdout


def test_baselines_and_a_model_told_the_task_have_columns_of_their_own(clean: Path, tiny_model: Path, tmp_path: Path):
    contestants = ["--model", tiny_model, "--baseline", "nlm", "--baseline", "guided", "--task", "given"]
    files = ["--json", tmp_path / "scores.json", "--html", tmp_path / "page.html"]
    result = run("--protocol", "ours", "--data", clean, "--noise", 25, *contestants, *files)
    assert (result.exit_code, result.stderr) == (0, "")
    (heading,) = (line for line in result.stdout.splitlines() if line.startswith("ROW") and "MEASURE" in line)
    names = [name for name in heading.split("  ") if name.strip() and name.strip() != "CHANGE"]
    assert [name.strip() for name in names][4:] == ["TINY", "TINY, TOLD", "NLM", "GUIDED"]
    assert "baseline: non-local means (A. Buades, B. Coll, J.-M. Morel, CVPR 2005), scikit-image " in result.stdout
    assert ", told given, sha256 " in result.stdout
    document = json.loads((tmp_path / "scores.json").read_text())
    told = [(one["column"], one["kind"], one["told"]) for one in document["contestants"]]
    assert told[:3] == [("tiny", "model", None), ("tiny, told", "model", "given"), ("nlm", "baseline", None)]
    results = document["rows"][0]["results"]
    assert results["nlm"]["psnr_rgb"] > document["rows"][0]["input"]["psnr_rgb"] + 2
    assert results["tiny, told"]["psnr_rgb"] != results["tiny"]["psnr_rgb"]
    assert "noise estimated from the picture" in (tmp_path / "page.html").read_text()


def test_baselines_alone_need_no_model(pairs: Path):
    result = run("--protocol", "ours", "--data", pairs, "--baseline", "dark-channel", "--baseline", "dark-channel")
    assert (result.exit_code, result.stderr) == (0, "")
    assert "model" not in result.stdout
    assert result.stdout.count("DARK-CHANNEL") == 1


def test_the_inputs_alone(pairs: Path):
    result = run("--protocol", "aio", "--data", pairs, "--inputs-only")
    assert (result.exit_code, result.stderr) == (0, "")
    assert [line.split() for line in result.stdout.splitlines() if " psnr " in line] == [["haze", "2", "psnr", "28.13"]]


def test_several_tasks_are_told_together(pairs: Path, tiny_model: Path):
    for first, second in (("noise", "haze"), ("haze", "noise")):
        tasks = ["--task", first, "--task", second]
        result = run("--protocol", "ours", "--data", pairs, "--limit", 1, "--model", tiny_model, *tasks)
        assert (result.exit_code, result.stderr) == (0, "")
        assert "TINY, TOLD NOISE+HAZE" in result.stdout


def test_a_missing_library_is_named_with_the_install_line(pairs: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "cv2", None)
    result = run("--protocol", "ours", "--data", pairs, "--baseline", "median")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "pip install 'opir[benchmark]'" in result.stderr


def test_inputs_for_others_to_restore(clean: Path, tmp_path: Path):
    noise = ["--data", clean, "--noise", 15, "--noise", 25]
    result = run("--protocol", "aio", *noise, "--save-inputs", tmp_path / "inputs")
    assert (result.exit_code, result.stderr) == (0, "")
    names = sorted(path.relative_to(tmp_path / "inputs").as_posix() for path in tmp_path.glob("inputs/*/*"))
    assert names == ["noise_15/1.png", "noise_15/2.png", "noise_25/1.png", "noise_25/2.png"]
    again = run("--protocol", "aio", *noise, "--results", tmp_path / "inputs")
    assert [line.split()[-1] for line in again.stdout.splitlines() if " psnr " in line] == ["+0.00"] * 3


def test_missing_results_are_listed_line_by_line(pairs: Path, tmp_path: Path):
    (tmp_path / "empty").mkdir()
    result = run("--protocol", "ours", "--data", pairs, "--results", tmp_path / "empty")
    assert result.exit_code == 1
    assert result.stderr.splitlines()[1:3] == ["  1", "  2"]
    assert result.stdout == ""


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--protocol", "aoi"], 2, "did you mean aio?"),
        (["--protocol", "aio", "--data", "nowhere"], 1, "nowhere does not exist"),
        (["--protocol", "aio"], 1, "say how to degrade them"),
        (["--protocol", "weather", "--noise", 3], 1, "scores pairs only"),
        (["--protocol", "aio", "--noise", 25, "--model", "bese"], 1, "got 'bese'"),
        (["--protocol", "aio", "--noise", 25, "--engine", "onyx"], 2, "expected one of auto"),
        (["--protocol", "aio", "--noise", 25, "--tile", "big"], 2, "number of pixels"),
        (["--protocol", "aio", "--noise", 25, "--json", "no/such/x.json"], 1, "the folder no/such does not exist"),
        (["--protocol", "aio", "--noise", 25, "--html", "."], 1, "is a folder"),
        (["--protocol", "ours", "--noise", 25, "--baseline", "medain"], 2, "did you mean median?"),
        (["--protocol", "ours", "--noise", 25, "--baseline", "tv", "--inputs-only"], 2, "name none"),
        (["--protocol", "ours", "--noise", 25, "--baseline", "tv", "--task", "noise"], 2, "name one with --model"),
        (["--protocol", "ours", "--noise", 25, "--task", "nose"], 2, "did you mean noise?"),
        (["--protocol", "ours", "--noise", 25, "--task", "given", "--task", "rain"], 2, "name none beside it"),
        (["--protocol", "ours", "--noise", 25, "--name", "kodak42"], 1, "got 'kodak42': did you mean kodak24"),
        (["--protocol", "ours", "--noise", "nan"], 1, "noise must be a sigma of 0 to 255 grey levels; got nan"),
    ],
)
def test_wrong_usage(clean: Path, arguments: list[object], code: int, message: str):
    data = [] if "--data" in arguments else ["--data", clean]
    result = run(*arguments, *data)
    assert result.exit_code == code
    assert message in " ".join(result.stderr.replace("│", " ").split())
    assert result.stdout == ""


def test_a_damaged_picture_is_named(pairs: Path):
    (pairs / "hazy" / "2.png").write_bytes(b"damaged")
    result = run("--protocol", "ours", "--data", pairs, "--results", pairs / "gt")
    assert result.exit_code == 1
    assert "hazy/2.png" in result.stderr


def test_pictures_of_different_sizes_are_named(pairs: Path):
    Image.new("RGB", (20, 21)).save(pairs / "hazy" / "2.png")
    result = run("--protocol", "ours", "--data", pairs, "--baseline", "gamma")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "hazy/2.png" in result.stderr
    assert "20x21" in result.stderr.replace(" ", "")


def test_results_of_another_size_and_with_nan_are_named(pairs: Path, tmp_path: Path):
    for name, array in (("small", np.zeros((20, 19, 3))), ("nan", np.full((20, 20, 3), np.nan))):
        (tmp_path / name).mkdir()
        for n in (1, 2):
            np.save(tmp_path / name / f"{n}.npy", array)
        result = run("--protocol", "ours", "--data", pairs, "--results", tmp_path / name)
        assert (result.exit_code, result.stdout) == (1, "")
        assert f"{name}/1.npy" in result.stderr


def test_a_task_that_the_data_do_not_tell(pairs: Path, tiny_model: Path, tmp_path: Path):
    (pairs / "hazy").rename(pairs / "input")
    given = ["--model", tiny_model, "--task", "given"]
    result = run("--protocol", "ours", "--data", pairs, *given)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "labelled with none: name the task instead" in result.stderr


def test_the_baselines_are_listed_without_data_and_libraries(monkeypatch: pytest.MonkeyPatch):
    for module in ("cv2", "skimage", "pywt"):
        monkeypatch.setitem(sys.modules, module, None)
    result = run("--list-baselines")
    assert result.exit_code == 0
    assert "dark-channel: for haze; dark channel prior, refined by a guided filter" in result.stdout
    assert "  K. He, J. Sun, X. Tang, CVPR 2009 and ECCV 2010" in result.stdout


def test_the_protocols_are_listed_without_data():
    result = run("--list")
    assert result.exit_code == 0
    assert "derain-y: PReNet, RCDNet, Restormer" in result.stdout
    assert "truncated to 8 bits" in result.stdout


def test_help_loads_nothing_heavy_and_scoring_no_torch(pairs: Path):
    code = (
        "import sys, opir.cli.evaluate\n"
        "assert not {'numpy', 'opir.evaluation', 'opir.data'} & set(sys.modules)\n"
        "from typer.testing import CliRunner\n"
        "from opir.cli.main import app\n"
        f"words = ['eval', '--protocol', 'ours', '--data', {str(pairs)!r}, '--results', {str(pairs / 'gt')!r}]\n"
        "result = CliRunner().invoke(app, words)\n"
        "assert result.exit_code == 0, result.output\n"
        "assert 'torch' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)

"""``opir restore`` on folders, in pipes and in place: trees, resuming, dry runs, one result whatever the way."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from opir.batch.manifest import MANIFEST_NAME
from opir.cli.main import app
from opir.runtime.restore import Restorer
from opir.runtime.settings import RestoreSettings

Picture = Callable[..., Path]
Restore = Callable[..., Result]


@pytest.fixture
def restore(tiny_model: Path) -> Restore:
    """Run ``opir restore`` with the tiny model."""

    def run(*arguments: object, stdin: bytes | None = None) -> Result:
        words = ["restore", "--model", tiny_model, "--threads", 1, *arguments]
        return CliRunner().invoke(app, [str(word) for word in words], input=stdin)

    return run


def files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


@pytest.fixture
def photos(picture: Picture, tmp_path: Path) -> Path:
    picture("in/a.png")
    picture("in/sub/b.jpg")
    return tmp_path / "in"


def test_a_folder_keeps_its_tree(restore: Restore, photos: Path, tmp_path: Path) -> None:
    result = restore(photos, "-o", tmp_path / "out", "--uncertainty", tmp_path / "maps")
    assert result.exit_code == 0, result.output
    assert files(tmp_path / "out") == ["a.png", MANIFEST_NAME, "sub/b.jpg"]
    assert files(tmp_path / "maps") == ["a.png", "sub/b.png"]
    assert result.stdout.splitlines()[-1] == "2 of 2 pictures restored, 0 failed"


def test_resume(restore: Restore, photos: Path, tmp_path: Path) -> None:
    restore(photos, "-o", tmp_path / "out")
    (tmp_path / "out" / "a.png").unlink()
    result = restore(photos, "-o", tmp_path / "out", "--resume", "--json")
    assert result.exit_code == 0
    assert [json.loads(line)["skipped"] for line in result.stdout.splitlines()] == [False, True]
    result = restore(photos, "-o", tmp_path / "out", "--resume")
    assert result.stdout.splitlines()[-1] == "0 of 2 pictures restored, 2 done already, 0 failed"


def test_dry_run_writes_nothing(restore: Restore, photos: Path, tmp_path: Path) -> None:
    before = files(tmp_path)
    result = restore(photos, "-o", tmp_path / "out", "--dry-run")
    assert result.exit_code == 0
    assert result.stdout.splitlines()[1] == f"{photos}/a.png -> {tmp_path}/out/a.png: would be restored, 0.0 megapixels"
    assert files(tmp_path) == before
    assert not (tmp_path / "out").exists()
    restore(photos, "-o", tmp_path / "out")
    result = restore(photos, "-o", tmp_path / "out", "--dry-run", "--json")
    assert result.exit_code == 1
    assert [json.loads(line)["ok"] for line in result.stdout.splitlines()] == [False, False]
    result = restore(photos, "-o", tmp_path / "out", "--dry-run", "--resume")
    assert result.exit_code == 0
    assert result.stdout.count("is done already") == 2


def test_in_place_replaces_only_when_asked(restore: Restore, photos: Path, tiny_model: Path) -> None:
    before = (photos / "a.png").read_bytes()
    assert restore(photos, "-o", photos).exit_code == 2
    assert (photos / "a.png").read_bytes() == before
    expected = Restorer(tiny_model).restore(photos / "a.png").image
    assert restore(photos, "--in-place").exit_code == 0
    with Image.open(photos / "a.png") as image:
        np.testing.assert_array_equal(np.asarray(image), expected)
    assert files(photos) == ["a.png", MANIFEST_NAME, "sub/b.jpg"]


def test_every_way_gives_the_same_bytes(restore: Restore, photos: Path, tmp_path: Path, tiny_model: Path) -> None:
    """One picture, one of a folder, through a pipe, in place, from Python: one settings object, one result."""
    options = ("--strength", 0.6, "--max-uncertainty", 200, "--quality", 70, "--metadata", "safe", "--task", "rain")
    settings = RestoreSettings(strength=0.6, max_uncertainty=200, quality=70, metadata="safe", task=("rain",))
    source = photos / "sub" / "b.jpg"
    Restorer(tiny_model).restore(source, settings=settings).save(tmp_path / "python.jpg")
    expected = (tmp_path / "python.jpg").read_bytes()
    assert restore(source, "-o", tmp_path / "one.jpg", *options).exit_code == 0
    assert (tmp_path / "one.jpg").read_bytes() == expected
    assert restore(photos, "-o", tmp_path / "out", *options).exit_code == 0
    assert (tmp_path / "out" / "sub" / "b.jpg").read_bytes() == expected
    piped = restore("-", "-o", "-", *options, stdin=source.read_bytes())
    assert (piped.exit_code, piped.stderr, piped.stdout_bytes) == (0, "", expected)
    assert restore("-", "-o", tmp_path / "pipe.jpg", *options, stdin=source.read_bytes()).exit_code == 0
    assert (tmp_path / "pipe.jpg").read_bytes() == expected
    assert restore(photos, "--in-place", *options).exit_code == 0
    assert source.read_bytes() == expected


def test_standard_output_takes_the_format_of_the_picture_or_the_one_asked_for(restore: Restore, photos: Path) -> None:
    for arguments, kind in (((), "JPEG"), (("--format", "webp"), "WEBP"), (("--format", "tif"), "TIFF")):
        result = restore(photos / "sub" / "b.jpg", "-o", "-", *arguments)
        assert result.exit_code == 0
        with Image.open(io.BytesIO(result.stdout_bytes)) as image:
            assert image.format == kind


def test_a_bad_picture_in_a_pipe(restore: Restore, tmp_path: Path) -> None:
    result = restore("-", "-o", "-", stdin=b"hello")
    assert result.exit_code == 1
    assert result.stdout_bytes == b""
    assert result.stderr.startswith("opir: standard input: ")


@pytest.mark.parametrize("closed", ["<&-", ">&-"])
def test_a_closed_standard_stream_is_told_and_not_taken_for_success(
    photos: Path, tiny_model: Path, tmp_path: Path, closed: str
) -> None:
    arguments = ("-", "-o", tmp_path / "a.png") if closed == "<&-" else (photos / "sub" / "b.jpg", "-o", "-")
    program = [sys.executable, "-c", "from opir.cli.main import run; run()", "restore", "--model", str(tiny_model)]
    command = ["sh", "-c", f'"$@" {closed}', "sh", *program, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith(f"opir: standard {'input' if closed == '<&-' else 'output'}: is closed")
    assert not (tmp_path / "a.png").exists()


def test_format_renames(restore: Restore, photos: Path, tmp_path: Path) -> None:
    assert restore(photos, "-o", tmp_path / "out", "--format", "webp").exit_code == 0
    assert files(tmp_path / "out") == ["a.webp", MANIFEST_NAME, "sub/b.webp"]


def test_record_and_metadata(restore: Restore, photos: Path, tmp_path: Path) -> None:
    noted = {(): True, ("--no-record",): False, ("--metadata", "strip"): False, ("--metadata", "safe"): True}
    for number, (arguments, expected) in enumerate(noted.items()):
        restore(photos / "a.png", "-o", tmp_path / f"{number}.png", *arguments)
        content = (tmp_path / f"{number}.png").read_bytes()
        assert (b"urn:opir:restoration" in content) is expected


def test_max_uncertainty_is_told(restore: Restore, photos: Path, tmp_path: Path) -> None:
    result = restore(photos / "a.png", "-o", tmp_path / "out.png", "--max-uncertainty", 0.001)
    assert "100% of it withheld" in result.stdout
    with Image.open(photos / "a.png") as before, Image.open(tmp_path / "out.png") as after:
        np.testing.assert_array_equal(np.asarray(before), np.asarray(after))


def test_a_folder_without_pictures(restore: Restore, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    result = restore(tmp_path / "empty", "-o", tmp_path / "out")
    assert (result.exit_code, result.stderr) == (1, f"opir: {tmp_path}/empty: holds no pictures\n")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ("in",),
        ("in", "--in-place", "-o", "out"),
        ("in", "--in-place", "--watch"),
        ("in/a.png", "--watch", "-o", "out"),
        ("in", "--watch", "--dry-run", "-o", "out"),
        ("-", "in/a.png", "-o", "out"),
        ("-", "-o", "out/"),
        ("-", "--in-place"),
        ("in/a.png", "-o", "-", "--json"),
        ("in/a.png", "-o", "-", "--resume"),
        ("in", "-o", "-"),
        ("in/a.png", "-o", "out.png", "--resume"),
        ("in/a.png", "in/sub/b.jpg", "--in-place", "--resume"),
        ("in", "-o", "out", "--jobs", "-1"),
        ("in", "-o", "out", "--metadata", "most"),
        ("in", "-o", "out", "--format", "bmpp"),
        ("in", "-o", "out", "--max-uncertainty", "0"),
        ("in/a.png", "-o", "out.png", "--format", "jpeg"),
        ("in", "in", "-o", "out"),
    ],
)
def test_wrong_usage(
    restore: Restore, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    before = files(tmp_path)
    result = restore(*arguments)
    assert result.exit_code == 2, result.output
    assert files(tmp_path) == before

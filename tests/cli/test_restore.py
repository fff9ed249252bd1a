"""``opir restore`` in process: results, where they go, and what happens to bad input."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from opir.batch.manifest import MANIFEST_NAME
from opir.cli.main import app
from opir.runtime.restore import Restorer
from tiny_model import write_tiny_model

Picture = Callable[..., Path]


@pytest.fixture
def restore(tiny_model: Path) -> Callable[..., Result]:
    """Run ``opir restore`` with the tiny model."""

    def run(*arguments: object) -> Result:
        words = ["restore", "--model", tiny_model, "--threads", 1, *arguments]
        return CliRunner().invoke(app, [str(word) for word in words])

    return run


Restore = Callable[..., Result]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("*"))


def test_one_picture(restore: Restore, picture: Picture, tiny_model: Path, tmp_path: Path) -> None:
    source, output = picture(), tmp_path / "out.png"
    result = restore(source, "-o", output)
    assert (result.exit_code, result.stderr) == (0, "")
    expected = Restorer(tiny_model).restore(source).image
    with Image.open(output) as image:
        np.testing.assert_array_equal(np.asarray(image), expected)
    introduction, line = result.stdout.splitlines()
    assert introduction == "model tiny 0.0.1, onnxruntime on cpu, float32, tiles as memory allows"
    assert line.startswith(f"{source} -> {output}: 30 x 21, found ")
    assert "expected error" in line


@pytest.mark.parametrize("existing", [True, False])
def test_into_a_folder(restore: Restore, picture: Picture, tmp_path: Path, existing: bool) -> None:
    folder = tmp_path / "new" / "out"
    if existing:
        folder.mkdir(parents=True)
    assert restore(picture("a.png"), "-o", folder if existing else f"{folder}/").exit_code == 0
    assert [path.name for path in folder.iterdir()] == ["a.png"]


def test_several_pictures_and_their_maps(restore: Restore, picture: Picture, tmp_path: Path) -> None:
    sources = [picture("a.png"), picture("b.jpg")]
    result = restore(*sources, "-o", tmp_path / "out", "--uncertainty", tmp_path / "maps")
    assert result.exit_code == 0
    assert names(tmp_path / "out") == ["a.png", "b.jpg", MANIFEST_NAME]
    assert sorted(path.name for path in (tmp_path / "maps").iterdir()) == ["a.png", "b.png"]
    assert result.stdout.splitlines()[-1] == "2 of 2 pictures restored, 0 failed"


def test_one_bad_file_does_not_end_the_batch(restore: Restore, picture: Picture, tmp_path: Path) -> None:
    bad = tmp_path / "bad.png"
    bad.write_text("not a picture")
    result = restore(picture("a.png"), bad, picture("z.png"), "-o", tmp_path / "out")
    assert result.exit_code == 1
    assert names(tmp_path / "out") == ["a.png", MANIFEST_NAME, "z.png"]
    assert len(result.stderr.splitlines()) == 1
    assert str(bad) in result.stderr
    assert result.stdout.splitlines()[-1] == "2 of 3 pictures restored, 1 failed"


def test_json_is_one_object_per_picture_and_nothing_else(restore: Restore, picture: Picture, tmp_path: Path) -> None:
    missing = tmp_path / "missing.png"
    result = restore(picture(), missing, "-o", tmp_path / "out", "--json", "--task", "rain", "--tile", "16")
    assert result.exit_code == 1
    done, failed = (json.loads(line) for line in result.stdout.splitlines())
    assert done["ok"] is True
    assert done["output"] == str(tmp_path / "out" / "photo.png")
    assert set(done["found"]) == {"noise", "rain", "haze", "low_light"}
    assert done["report"]["task"] == ["rain"]
    assert (done["report"]["tile"], done["report"]["n_tiles"]) == (16, 4)
    assert done["expected_error"] > 0
    assert failed["ok"] is False
    assert failed["input"] == str(missing)
    assert failed["error"]["kind"] == "UnreadableImageError"


def bad_input(kind: str, folder: Path) -> Path:
    path = folder / "bad.png"
    if kind == "truncated":
        Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)).save(path)
        path.write_bytes(path.read_bytes()[:2000])
    elif kind == "text":
        path.write_text("hello")
    elif kind == "empty":
        path.write_bytes(b"")
    elif kind == "folder":
        path.mkdir()
    return path


@pytest.mark.parametrize("kind", ["truncated", "text", "empty", "folder", "missing"])
def test_bad_input_is_one_line_and_no_file(restore: Restore, tmp_path: Path, kind: str) -> None:
    result = restore(bad_input(kind, tmp_path), "-o", f"{tmp_path}/out/")
    assert result.exit_code == 1
    assert len(result.stderr.splitlines()) == 1
    assert "bad.png" in result.stderr
    assert names(tmp_path / "out") == []


@pytest.mark.parametrize("target", ["photo.png", "./photo.png", ".", "link.png"])
def test_the_original_is_never_replaced(
    restore: Restore, picture: Picture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, target: str
) -> None:
    source = picture()
    (tmp_path / "link.png").symlink_to(source)
    before = source.read_bytes()
    monkeypatch.chdir(tmp_path)
    for option in ("-o", "--uncertainty"):
        others = ("-o", "elsewhere.png") if option == "--uncertainty" else ()
        result = restore("photo.png", option, target, *others, "--overwrite")
        assert result.exit_code == 2
        assert "would be replaced" in result.stderr
    assert source.read_bytes() == before
    assert not (tmp_path / "elsewhere.png").exists()


@pytest.mark.parametrize("maps", [False, True])
def test_two_results_in_one_file_are_refused_before_work(
    restore: Restore, picture: Picture, tmp_path: Path, maps: bool
) -> None:
    names = ("x/a.png", "y/a.jpg") if maps else ("x/a.png", "y/a.png")
    extra = ("--uncertainty", tmp_path / "maps") if maps else ()
    result = restore(*map(picture, names), "-o", tmp_path / "out", *extra)
    assert result.exit_code == 2
    assert "would hold two results" in result.stderr
    assert not (tmp_path / "out").exists()


def test_existing_results_need_overwrite(restore: Restore, picture: Picture, tmp_path: Path) -> None:
    output = tmp_path / "out.png"
    output.write_bytes(b"precious")
    result = restore(picture(), "-o", output)
    assert result.exit_code == 1
    assert "add --overwrite" in result.stderr
    assert output.read_bytes() == b"precious"
    assert restore(picture(), "-o", output, "--overwrite").exit_code == 0
    assert output.read_bytes()[:4] == b"\x89PNG"


def test_an_existing_map_needs_overwrite_too(restore: Restore, picture: Picture, tmp_path: Path) -> None:
    (tmp_path / "map.png").write_bytes(b"precious")
    result = restore(picture(), "-o", tmp_path / "out.png", "--uncertainty", tmp_path / "map.png")
    assert result.exit_code == 1
    assert not (tmp_path / "out.png").exists()


@pytest.mark.parametrize(
    ("output", "message"),
    [("nowhere/out.png", "does not exist"), ("out.xyz", "must end in one of"), ("file/out.png", "does not exist")],
)
def test_impossible_outputs(restore: Restore, picture: Picture, tmp_path: Path, output: str, message: str) -> None:
    (tmp_path / "file").write_text("in the way")
    before = sorted(tmp_path.rglob("*"))
    source = picture()
    result = restore(source, "-o", tmp_path / output)
    assert result.exit_code == 1
    assert len(result.stderr.splitlines()) == 1
    assert message in result.stderr
    assert sorted(tmp_path.rglob("*")) == sorted([*before, source])


def test_folder_that_cannot_be_created(restore: Restore, picture: Picture, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    result = restore(picture(), "-o", f"{tmp_path}/file/out/")
    assert result.exit_code == 1
    assert result.stderr == f"opir: cannot create the folder {tmp_path}/file/out/: Not a directory\n"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="the administrator may write anywhere")
def test_folder_without_permission(restore: Restore, picture: Picture, tmp_path: Path) -> None:
    (tmp_path / "locked").mkdir(mode=0o555)
    result = restore(picture(), "-o", tmp_path / "locked" / "out.png")
    assert result.exit_code == 1
    assert "permission" in result.stderr


def test_a_picture_that_may_not_be_read_is_no_wrong_usage(
    restore: Restore, picture: Picture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Permissions are found out by reading, one picture at a time, so that the batch goes on."""
    monkeypatch.setattr("os.access", lambda path, mode: mode != os.R_OK)
    assert restore(picture(), "-o", tmp_path / "out.png").exit_code == 0


def test_folder_reported_as_not_writable(
    restore: Restore, picture: Picture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.access", lambda path, mode: mode != os.W_OK)
    result = restore(picture(), "-o", tmp_path / "out.png")
    assert result.exit_code == 1
    assert "no permission to write" in result.stderr
    assert not (tmp_path / "out.png").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--task", "raim"), "did you mean rain?"),
        (("--engine", "tensorrt"), "expected one of auto, onnxruntime, torch"),
        (("--tile", "big"), "expected auto, 0 or a number of pixels"),
        (("--tile", "-5"), "expected auto, 0 or a number of pixels"),
        (("--strength", "1.5"), "'--strength'"),
        (("--quality", "0"), "'--quality'"),
        (("--threads", "0"), "'--threads'"),
    ],
)
def test_wrong_usage(
    restore: Restore, picture: Picture, tmp_path: Path, arguments: tuple[str, str], message: str
) -> None:
    result = restore(picture(), "-o", tmp_path / "out.png", *arguments)
    assert result.exit_code == 2
    assert message in result.stderr
    assert not (tmp_path / "out.png").exists()


def test_missing_arguments(restore: Restore, picture: Picture) -> None:
    assert restore().exit_code == 2
    assert restore(picture()).exit_code == 2


def test_strength_zero_writes_the_original_pixels(restore: Restore, picture: Picture, tmp_path: Path) -> None:
    source = picture()
    restore(source, "-o", tmp_path / "out.png", "--strength", "0")
    with Image.open(source) as before, Image.open(tmp_path / "out.png") as after:
        np.testing.assert_array_equal(np.asarray(before), np.asarray(after))


def test_unknown_model(picture: Picture, tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["restore", str(picture()), "-o", f"{tmp_path}/out/", "--model", "nothing"])
    assert result.exit_code == 1
    assert result.stderr.startswith("opir: expected a bundled model or a model folder, got 'nothing'")
    assert not (tmp_path / "out").exists()


def test_task_that_the_model_was_not_trained_on(restore: Restore, picture: Picture, tmp_path: Path) -> None:
    result = restore(picture(), "-o", tmp_path / "out.png", "--task", "snow")
    assert result.exit_code == 1
    assert "not trained on the task 'snow'" in result.stderr


def test_black_pictures_are_never_written(picture: Picture, tmp_path: Path) -> None:
    model = write_tiny_model(tmp_path / "model", gain=float("nan"))
    result = CliRunner().invoke(
        app, ["restore", str(picture()), "-o", str(tmp_path / "out.png"), "--model", str(model)]
    )
    assert result.exit_code == 1
    assert "not finite in tile 1" in result.stderr
    assert not (tmp_path / "out.png").exists()


def test_interrupt_ends_the_batch_and_keeps_what_is_done(
    restore: Restore, picture: Picture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original, calls = Restorer.restore, []

    def once(self: Restorer, source: object, **settings: object) -> object:
        calls.append(source)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return original(self, source, **settings)

    monkeypatch.setattr(Restorer, "restore", once)
    result = restore(picture("a.png"), picture("b.png"), picture("c.png"), "-o", tmp_path / "out")
    assert result.exit_code == 130
    assert result.stderr == "opir: interrupted: 1 of 3 pictures had their turn\n"
    assert names(tmp_path / "out") == ["a.png", MANIFEST_NAME]


def test_names_cannot_control_the_terminal(restore: Restore, tmp_path: Path) -> None:
    result = restore(tmp_path / "a\x1b[2J\nb.png", "-o", f"{tmp_path}/out/")
    assert result.exit_code == 1
    assert "\x1b" not in result.output
    assert len(result.stderr.splitlines()) == 1

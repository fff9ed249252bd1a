"""The end of a batch: a table of what became of the pictures, reasons, exit codes, complete lines for machines."""

from __future__ import annotations

import errno
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from opir.batch import placing
from opir.batch.manifest import MANIFEST_NAME
from opir.cli.main import app
from opir.errors import OutputError

Picture = Callable[..., Path]
Restore = Callable[..., Result]


@pytest.fixture
def restore(tiny_model: Path) -> Restore:
    def run(*arguments: object) -> Result:
        words = ["restore", "--model", tiny_model, "--threads", 1, *arguments]
        return CliRunner().invoke(app, [str(word) for word in words])

    return run


@pytest.fixture
def photos(picture: Picture, tmp_path: Path) -> Path:
    """Two pictures, one file that is none and one whose result is in the way."""
    for name in ("in/a.png", "in/b.png", "in/taken.png", "out/taken.png"):
        picture(name, 1000, 600) if name == "in/a.png" else picture(name)
    (tmp_path / "in" / "broken.png").write_text("not a picture")
    return tmp_path / "in"


def table(result: Result) -> dict[str, list[str]]:
    """The rows of the table by their name."""
    lines = result.stdout.splitlines()
    start = next(index for index, line in enumerate(lines) if line.split() == ["pictures", "megapixels", "seconds"])
    rows = lines[start + 1 : 1 + next(i for i, line in enumerate(lines) if line.startswith("all, with files"))]
    return {" ".join(row.split()[:-3]): row.split()[-3:] for row in rows}


def test_every_picture_is_in_one_row(restore: Restore, photos: Path, tmp_path: Path) -> None:
    result = restore(photos, "-o", tmp_path / "out")
    rows = table(result)
    assert list(rows) == ["restored", "refused", "failed", "all, with files"]
    assert rows["restored"][:2] == ["2", "0.6"]
    assert float(rows["restored"][2]) > 0
    assert rows["refused"] == rows["failed"] == ["1", "-", "-"]
    assert rows["all, with files"][:2] == ["4", "0.6"]
    *reasons, sentence = result.stdout.splitlines()[-3:]
    assert reasons[0].startswith(f"refused: {photos}/broken.png: not a picture")
    assert reasons[1].startswith("failed: ")
    assert "exists already" in reasons[1]
    assert sentence == "2 of 4 pictures restored, 2 failed"


def test_done_already_and_kept(restore: Restore, photos: Path, tmp_path: Path) -> None:
    restore(photos, "-o", tmp_path / "out")
    assert table(restore(photos, "-o", tmp_path / "out", "--resume"))["done already"] == ["2", "-", "-"]
    result = restore(photos / "a.png", photos / "b.png", "-o", tmp_path / "kept", "--max-uncertainty", 0.001)
    assert result.exit_code == 0
    assert table(result)["kept, unsure"][:2] == ["2", "0.6"]
    assert "restored" not in table(result)


def test_many_reasons_are_cut_short(restore: Restore, tmp_path: Path) -> None:
    result = restore(*(tmp_path / f"{number}.png" for number in range(25)), "-o", tmp_path / "out")
    assert result.exit_code == 1
    assert len([line for line in result.stdout.splitlines() if line.startswith("refused: ")]) == 20
    assert "and 5 more without a result" in result.stdout
    assert len(result.stderr.splitlines()) == 25


def test_the_exit_code(restore: Restore, picture: Picture, photos: Path, tmp_path: Path) -> None:
    assert restore(picture("c.png"), picture("d.png"), "-o", tmp_path / "good").exit_code == 0
    assert restore(photos, "-o", tmp_path / "other").exit_code == 1
    assert restore(photos, "-o", tmp_path / "other", "--strength", 2).exit_code == 2
    assert restore(photos, "-o", photos).exit_code == 2


def test_an_interrupted_batch_is_summed_up_as_well(
    restore: Restore, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from opir.runtime.restore import Restorer

    original, calls = Restorer.restore, []

    def once(self: Restorer, source: object, **settings: object) -> object:
        calls.append(source)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return original(self, source, **settings)

    monkeypatch.setattr(Restorer, "restore", once)
    result = restore(photos, "-o", tmp_path / "new")
    assert result.exit_code == 130
    assert table(result)["all, with files"][:2] == ["1", "0.6"]
    assert result.stdout.splitlines()[-1] == "1 of 4 pictures restored, 0 failed"


def test_one_object_per_picture_with_the_same_fields(restore: Restore, photos: Path, tmp_path: Path) -> None:
    result = restore(photos, "-o", tmp_path / "out", "--json", "--uncertainty", tmp_path / "maps")
    entries = {Path(entry["input"]).name: entry for entry in map(json.loads, result.stdout.splitlines())}
    assert list(entries) == ["a.png", "b.png", "broken.png", "taken.png"]
    for name, entry in entries.items():
        assert {"input", "ok", "skipped", "output", "uncertainty"} <= set(entry)
        assert entry["output"] == str(tmp_path / "out" / name)
        assert entry["uncertainty"] == str(tmp_path / "maps" / name)
        assert set(entry) & {"found", "expected_error", "report"} == (
            {"found", "expected_error", "report"} if entry["ok"] else set()
        )
    assert entries["broken.png"]["error"]["kind"] == "UnreadableImageError"


def test_a_full_disk_fails_every_picture_and_is_summed_up(
    restore: Restore, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {path.name: path.read_bytes() for path in photos.iterdir()}

    def full(path: Path, *_: object, **__: object) -> None:
        raise OutputError(f"{path}: cannot be written ({OSError(errno.ENOSPC, 'No space left on device').strerror})")

    monkeypatch.setattr(placing, "write_atomically", full)
    monkeypatch.setattr("opir.batch.manifest._append", lambda *_: (_ for _ in ()).throw(OSError(errno.ENOSPC, "full")))
    result = restore(photos, "-o", tmp_path / "new")
    assert result.exit_code == 1
    assert table(result)["failed"][0] == "3"
    assert [path.name for path in (tmp_path / "new").iterdir() if path.name != MANIFEST_NAME] == []
    assert {path.name: path.read_bytes() for path in photos.iterdir()} == before

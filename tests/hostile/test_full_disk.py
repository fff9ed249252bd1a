"""Disks that are full or cannot be written: whole results or none, originals untouched, the reason said."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fake_engine import FakeEngine
from opir.batch.manifest import MANIFEST_NAME, Manifest
from opir.batch.options import BatchOptions
from opir.batch.outcome import Failed, Restored
from opir.batch.plan import Target, plan_jobs
from opir.batch.run import run_batch
from opir.errors import OutputError
from opir.runtime.restore import Restorer
from opir.runtime.settings import RestoreSettings

TESTS = Path(__file__).parents[1]

BATCH = """
import resource, sys
from pathlib import Path
from fake_engine import FakeEngine
from opir.batch.manifest import Manifest
from opir.batch.options import BatchOptions
from opir.batch.plan import Target, plan_jobs
from opir.batch.run import run_batch
from opir.errors import OutputError
from opir.runtime.restore import Restorer
from opir.runtime.settings import RestoreSettings

source, output, largest = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
if largest:
    resource.setrlimit(resource.RLIMIT_FSIZE, (largest, largest))
jobs = plan_jobs([source], Target(path=output, is_folder=True))
try:
    with Manifest(output) as manifest:
        restorer = Restorer.from_engine(FakeEngine())
        for outcome in run_batch(jobs, restorer, RestoreSettings(), options=BatchOptions(), manifest=manifest):
            print(type(outcome).__name__, outcome.job.output.name, getattr(outcome, "reason", ""), sep="|")
except OutputError as error:
    print("OutputError", "", error, sep="|")
"""
"""A batch in a process of its own, which prints what became of each picture."""


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """A small picture and one whose result takes some 200 kB."""
    random = np.random.default_rng(0)
    for name, side in (("a-small.png", 12), ("b-large.png", 250), ("c-small.png", 12)):
        (tmp_path / "in").mkdir(exist_ok=True)
        Image.fromarray(random.integers(0, 256, (side, side, 3), np.uint8)).save(tmp_path / "in" / name)
    return tmp_path / "in"


def outcomes_of(command: list[str]) -> list[list[str]]:
    environment = os.environ | {"PYTHONPATH": str(TESTS), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=300, check=False)
    if done.returncode == 77:
        pytest.skip(f"this machine does not allow to mount: {done.stderr.strip()}")
    assert done.returncode == 0, done.stderr
    return [line.split("|") for line in done.stdout.splitlines() if not line.startswith("#")]


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize("failing", ["write", "fsync", "replace"])
def test_no_space_at_any_step(photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str) -> None:
    before, output = content(photos), tmp_path / "out"
    output.mkdir()
    (output / "a-small.png").write_bytes(b"of an earlier run")
    full = OSError(errno.ENOSPC, "No space left on device")
    original_open, original_replace, original_fsync = Path.open, Path.replace, os.fsync

    class Full:
        """A file that takes nothing."""

        def __init__(self, stream: object) -> None:
            self.stream = stream

        def __enter__(self) -> Full:
            return self

        def __exit__(self, *_: object) -> None:
            self.stream.close()

        def write(self, data: bytes) -> int:
            self.stream.write(data[: len(data) // 2])
            raise full

    def open_full(path: Path, mode: str = "r", *more: object, **options: object) -> object:
        stream = original_open(path, mode, *more, **options)
        return Full(stream) if mode == "xb" else stream

    def refuse(*_: object, **__: object) -> None:
        raise full

    if failing == "write":
        monkeypatch.setattr(Path, "open", open_full)
    elif failing == "fsync":
        monkeypatch.setattr("opir.imaging.atomic.os.fsync", refuse)
    else:
        monkeypatch.setattr(Path, "replace", refuse)
    jobs = plan_jobs([photos], Target(path=output, is_folder=True))
    restorer = Restorer.from_engine(FakeEngine())
    options = BatchOptions(overwrite=True)
    outcomes = list(run_batch(jobs, restorer, RestoreSettings(), options=options))
    assert [type(outcome) for outcome in outcomes] == [Failed] * 3
    assert all("No space left on device" in outcome.reason for outcome in outcomes)
    assert content(output) == {"a-small.png": b"of an earlier run"}
    monkeypatch.undo()
    assert (Path.open, Path.replace, os.fsync) == (original_open, original_replace, original_fsync)
    assert content(photos) == before


def test_a_manifest_that_cannot_grow_does_not_end_the_batch(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("opir.batch.manifest._append", refuse)
    jobs = plan_jobs([photos], Target(path=tmp_path / "out", is_folder=True))
    restorer = Restorer.from_engine(FakeEngine())
    with Manifest(tmp_path / "out") as manifest:
        outcomes = list(run_batch(jobs, restorer, RestoreSettings(), options=BatchOptions(), manifest=manifest))
    assert [type(outcome) for outcome in outcomes] == [Failed] * 3
    assert all(isinstance(outcome.error, OutputError) for outcome in outcomes if isinstance(outcome, Failed))
    assert content(tmp_path / "out") == {}


def test_a_limit_on_the_size_of_files(photos: Path, tmp_path: Path) -> None:
    before = content(photos)
    command = [sys.executable, "-c", BATCH, str(photos), str(tmp_path / "out"), "40000"]
    outcomes = outcomes_of(command)
    assert [outcome[0] for outcome in outcomes] == ["Restored", "Failed", "Restored"]
    assert "File too large" in outcomes[1][2]
    assert set(content(tmp_path / "out")) == {"a-small.png", "c-small.png", MANIFEST_NAME}
    assert content(photos) == before


def mounted(options: str, script: str) -> list[str]:
    """A command in a mount namespace of its own, with $1 mounted; it ends with 77 where that is not allowed."""
    if sys.platform == "win32" or shutil.which("unshare") is None:
        pytest.skip("no namespaces on this system")
    # What was in the folder is told before the mount goes away with the namespace.
    text = f'mount {options} "$1" || exit 77; shift; {script}'
    return ["unshare", "--mount", "sh", "-c", text, "sh"]


def test_a_disk_of_100_kb(photos: Path, tmp_path: Path) -> None:
    output = tmp_path / "out"
    output.mkdir()
    before = content(photos)
    listing = f'"$@"; ls -A "{output}" | sed "s/^/left|/"'
    command = mounted("-t tmpfs -o size=100k none", listing)
    outcomes = outcomes_of([*command, str(output), sys.executable, "-c", BATCH, str(photos), str(output), "0"])
    if not outcomes:
        pytest.skip("this machine does not allow to mount")
    made = [outcome[0] for outcome in outcomes if outcome[0] != "left"]
    assert made == ["Restored", "Failed", "Restored"]
    left = {outcome[1] for outcome in outcomes if outcome[0] == "left"}
    assert left == {"a-small.png", "c-small.png", MANIFEST_NAME}
    assert content(photos) == before


def test_a_folder_that_cannot_be_written(photos: Path, tmp_path: Path) -> None:
    output = tmp_path / "out"
    output.mkdir()
    before = content(photos)
    command = mounted(f'--bind -o ro "{output}"', '"$@"')
    outcomes = outcomes_of([*command, str(output), sys.executable, "-c", BATCH, str(photos), str(output), "0"])
    assert {outcome[0] for outcome in outcomes} <= {"Failed", "OutputError"}
    assert outcomes
    assert content(output) == {}
    assert content(photos) == before


def test_originals_that_cannot_be_written_are_read(photos: Path, tmp_path: Path) -> None:
    command = mounted(f'--bind -o ro "{photos}"', '"$@"')
    command += [str(photos), sys.executable, "-c", BATCH, str(photos), str(tmp_path / "out"), "0"]
    assert [outcome[0] for outcome in outcomes_of(command)] == [Restored.__name__] * 3

"""A hostile folder through a batch: every picture has its line, every original is untouched, nothing is left behind."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import pytest

from fake_engine import FakeEngine
from hostile.corpus import Case, sample, spoilt_seeds
from hostile.make_corpus import write_cases
from hostile.odd_files import make_deep_path, make_odd_files, make_odd_names
from opir.batch.manifest import MANIFEST_NAME, Manifest
from opir.batch.options import BatchOptions
from opir.batch.outcome import Failed, Outcome, Restored
from opir.batch.plan import Target, plan_jobs
from opir.batch.preview import preview_batch
from opir.batch.run import run_batch
from opir.errors import OpirError
from opir.runtime.restore import Restorer
from opir.runtime.settings import RestoreSettings
from restore_process import Process

# Libraries may warn about what they find in a spoilt file; the corpus itself counts such warnings.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")


def run(source: Path, output: Path) -> list[Outcome]:
    jobs = plan_jobs([source], Target(path=output, is_folder=True))
    restorer = Restorer.from_engine(FakeEngine())
    with Manifest(output) as manifest:
        return list(run_batch(jobs, restorer, RestoreSettings(), options=BatchOptions(), manifest=manifest))


def fingerprint(folder: Path) -> dict[str, tuple[str, int]]:
    """Content and time of every regular file below a folder, links followed to none."""
    found = {}
    for top, _, names in os.walk(folder):
        for name in names:
            path = Path(top, name)
            if path.is_file() and not path.is_symlink():
                found[str(path)] = (hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mtime_ns)
    return found


def files_of(folder: Path) -> set[Path]:
    return {Path(top, name) for top, _, names in os.walk(folder) for name in names}


def check(outcomes: list[Outcome], output: Path) -> None:
    """Results are there for what was restored and for nothing else."""
    assert all(isinstance(outcome, Restored | Failed) for outcome in outcomes)
    errors = [outcome.error for outcome in outcomes if isinstance(outcome, Failed)]
    assert [error for error in errors if not isinstance(error, OpirError)] == []
    expected = {outcome.job.output for outcome in outcomes if isinstance(outcome, Restored)}
    assert files_of(output) - {output / MANIFEST_NAME} == expected


def chosen(every: int) -> list[Case]:
    return [case for case in sample(every) if case.seed != "tga"]


@pytest.mark.parametrize("every", [130, pytest.param(4, marks=pytest.mark.slow)])
def test_spoilt_pictures(tmp_path: Path, every: int) -> None:
    write_cases(chosen(every), tmp_path / "in")
    before = fingerprint(tmp_path / "in")
    outcomes = run(tmp_path / "in", tmp_path / "out")
    assert fingerprint(tmp_path / "in") == before
    check(outcomes, tmp_path / "out")
    assert {type(outcome) for outcome in outcomes} == {Restored, Failed}


def test_no_pipe_no_device_and_no_circle_stops_a_batch(tmp_path: Path) -> None:
    odd = make_odd_files(tmp_path / "in")
    outcomes = run(tmp_path / "in", tmp_path / "out")
    assert {outcome.job.source for outcome in outcomes if isinstance(outcome, Failed)} == set(odd)
    assert [outcome.job.name for outcome in outcomes if isinstance(outcome, Restored)] == [
        "folder.png/hidden behind a suffix.png"
    ]
    check(outcomes, tmp_path / "out")


def test_nor_its_preview(tmp_path: Path) -> None:
    make_odd_files(tmp_path / "in")
    jobs = plan_jobs([tmp_path / "in"], Target(path=tmp_path / "out", is_folder=True))
    manifest, restorer = Manifest(tmp_path / "out"), Restorer.from_engine(FakeEngine())
    options = BatchOptions(resume=True)
    seen = list(preview_batch(jobs, restorer, RestoreSettings(), options=options, manifest=manifest))
    assert len(seen) == 6


def test_odd_names_come_out_as_they_went_in(tmp_path: Path) -> None:
    names = {path.name for path in make_odd_names(tmp_path / "in")}
    outcomes = run(tmp_path / "in", tmp_path / "out")
    assert [outcome.reason for outcome in outcomes if isinstance(outcome, Failed)] == []
    check(outcomes, tmp_path / "out")
    assert {path.name for path in files_of(tmp_path / "out")} == names | {MANIFEST_NAME}


def test_a_deep_path(tmp_path: Path) -> None:
    make_deep_path(tmp_path / "in")
    check(run(tmp_path / "in", tmp_path / "out"), tmp_path / "out")


def test_the_command_says_one_line_per_picture(tmp_path: Path) -> None:
    folder, cases = tmp_path / "in", [case for case in spoilt_seeds() if case.seed == "png-RGB"][::20]
    write_cases(cases, folder)
    make_odd_names(folder / "names")
    make_odd_files(folder / "odd")
    n_pictures = len(plan_jobs([folder], Target(path=tmp_path / "out", is_folder=True)))
    before = fingerprint(folder)
    code, output, errors, _ = Process(folder, "-o", tmp_path / "out", "--json").finish()
    assert code == 1
    entries = [json.loads(line) for line in output.splitlines()]
    assert len(entries) == n_pictures
    assert len(errors.splitlines()) == sum(not entry["ok"] for entry in entries)
    assert "\x1b" not in errors
    assert "Traceback" not in errors
    assert fingerprint(folder) == before
    expected = {Path(entry["output"]) for entry in entries if entry["ok"]}
    assert files_of(tmp_path / "out") - {tmp_path / "out" / MANIFEST_NAME} == expected

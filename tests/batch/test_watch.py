"""A watched folder hands out complete pictures once, and again when they change."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from batch_folder import write_picture
from opir.batch.job import Job
from opir.batch.plan import Target, plan_jobs
from opir.batch.watch import Watch
from opir.errors import ConfigurationError
from restore_process import Process


@pytest.fixture
def watched(tmp_path: Path) -> Watch:
    (tmp_path / "in").mkdir()
    target = Target(path=tmp_path / "out", is_folder=True)
    return Watch(lambda: plan_jobs([tmp_path / "in"], target))


def names(jobs: tuple[Job, ...]) -> list[str]:
    return [job.name for job in jobs]


def test_a_file_is_taken_when_it_has_stopped_growing(watched: Watch, tmp_path: Path) -> None:
    path = tmp_path / "in" / "a.png"
    assert watched.look() == ()
    for size in (0, 0, 10, 20):
        path.write_bytes(b"x" * size)
        assert watched.look() == ()
    assert names(watched.look()) == ["a.png"]
    assert watched.look() == ()


def test_a_changed_file_is_taken_again(watched: Watch, tmp_path: Path) -> None:
    path = tmp_path / "in" / "a.png"
    path.write_bytes(b"one")
    watched.look()
    assert names(watched.look()) == ["a.png"]
    path.write_bytes(b"other")
    assert watched.look() == ()
    assert names(watched.look()) == ["a.png"]


def test_a_complaint_is_made_once(watched: Watch, tmp_path: Path) -> None:
    (tmp_path / "in" / "a.png").write_bytes(b"one")
    watched.look()
    watched._plan = lambda: plan_jobs([tmp_path / "in"] * 2, Target(path=tmp_path / "out", is_folder=True))
    with pytest.raises(ConfigurationError, match="two results"):
        watched.look()
    assert watched.look() == ()


def test_watching_until_stopped(tmp_path: Path) -> None:
    write_picture(tmp_path / "in" / "a.png")
    with Process(tmp_path / "in", "-o", tmp_path / "out", "--watch") as process:
        assert process.wait_for_line().startswith(b"model fake")
        assert b"a.png -> " in process.wait_for_line()
        write_picture(tmp_path / "in" / "sub" / "b.png")
        assert b"b.png -> " in process.wait_for_line()
        process.signal(signal.SIGINT)
        code, output, _, _ = process.finish()
    assert (code, output.splitlines()[-1]) == (0, "2 of 2 pictures restored, 0 failed")
    assert (tmp_path / "out" / "sub" / "b.png").exists()

"""One bar for a batch: pixels of all pictures, without those on which no time was spent."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest
from PIL import Image

from opir.batch.job import Job
from opir.cli.batch_bar import BatchBar, batch_bar
from opir.cli.console import progress_bar


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def jobs(folder: Path) -> tuple[Job, ...]:
    for name in ("a.png", "b.png", "c.png"):
        Image.new("RGB", (10, 10)).save(folder / name)
    return tuple(Job(source=folder / n, output=folder / f"out-{n}") for n in ("a.png", "b.png", "c.png"))


def test_pixels_of_the_whole_batch(tmp_path: Path) -> None:
    one, two, three = jobs(tmp_path)
    bar = progress_bar()
    shown = BatchBar(bar, dict.fromkeys((one.source, two.source, three.source), 100))
    shown.restoring(one, 72, 144)  # the network counts padded pixels
    assert (bar.tasks[0].completed, bar.tasks[0].total, bar.tasks[0].description) == (50, 300, "a.png")
    shown.restoring(one, 144, 144)
    shown.passed_over(two)
    shown.restoring(three, 36, 144)
    assert (bar.tasks[0].completed, bar.tasks[0].total, bar.tasks[0].description) == (125, 200, "c.png")


def test_lines_and_bar_on_a_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with batch_bar(jobs(tmp_path), wanted=True) as bar:
        bar.restoring(jobs(tmp_path)[0], 1, 2)
        bar.say("a line")
    assert capsys.readouterr().out == "a line\n"
    assert "a.png" in terminal.getvalue()


@pytest.mark.parametrize(("stream", "wanted"), [(io.StringIO(), True), (Terminal(), False)])
def test_no_bar_elsewhere(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    stream: io.StringIO,
    wanted: bool,
) -> None:
    monkeypatch.setattr(sys, "stderr", stream)
    with batch_bar(jobs(tmp_path), wanted=wanted) as bar:
        bar.restoring(jobs(tmp_path)[0], 1, 2)
        bar.say("a line")
    assert capsys.readouterr().out == "a line\n"
    assert stream.getvalue() == ""

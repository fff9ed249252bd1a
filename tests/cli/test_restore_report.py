"""The line of a restored picture."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from opir.batch.job import Job
from opir.batch.outcome import Restored
from opir.cli.batch_bar import BatchBar
from opir.cli.console import progress_bar
from opir.cli.restore_report import tell_outcome
from opir.runtime.restore import Restorer
from opir.runtime.result import Findings

FOUND = Findings((("noise", 0.9), ("rain", 0.03), ("snow", 0.2), ("blur", 0.3), ("low_light", 0.001), ("jpeg", 0.8)))


def line_about(outcome: Restored, capsys: pytest.CaptureFixture[str]) -> str:
    tell_outcome(outcome, BatchBar(progress_bar(), {outcome.job.source: 1}), as_json=False)
    return " ".join(capsys.readouterr().out.split())


def restored(tiny_model: Path, source: Path, *, told: bool) -> Restored:
    result = Restorer(tiny_model).restore(source, task="noise" if told else None)
    job = Job(source=source, output=Path("out.png"))
    return Restored(job=job, found=FOUND, expected_error=result.expected_error, report=result.report)


def test_what_may_be_overlooked(
    tiny_model: Path, picture: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    line = line_about(restored(tiny_model, picture(), told=False), capsys)
    hint = "perhaps snow 20%, rain 3% (if so: --task noise --task snow --task rain)"
    assert f"found noise 90%, jpeg 80%, {hint}; expected error" in line


def test_nothing_is_overlooked_where_tasks_are_told(
    tiny_model: Path, picture: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    line = line_about(restored(tiny_model, picture(), told=True), capsys)
    assert "found noise 90%, jpeg 80%; expected error" in line

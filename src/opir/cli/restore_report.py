"""What ``opir restore`` prints: lines for people, or one JSON object per picture for machines."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, assert_never

from opir.batch.outcome import Failed, Outcome, Restored, Skipped
from opir.batch.preview import Planned, Preview
from opir.cli.console import fail, say, say_json

if TYPE_CHECKING:
    from opir.batch.job import Job
    from opir.cli.batch_bar import BatchBar
    from opir.runtime.restore import Restorer


def introduce(restorer: Restorer, tile: str) -> None:
    """Say what computes, and how."""
    engine, spec = restorer.engine, restorer.spec
    size = {"auto": "tiles as memory allows", "0": "no tiles"}.get(tile, f"tiles of {tile} px")
    say(f"model {spec.name} {spec.version}, {engine.name} on {engine.device}, {engine.precision}, {size}")


def tell_outcome(outcome: Outcome, bar: BatchBar, *, as_json: bool) -> None:
    """Say what became of one picture."""
    match outcome:
        case Restored():
            if as_json:
                say_json(_restored_entry(outcome))
            else:
                for line in _restored_lines(outcome):
                    bar.say(line)
        case Skipped():
            bar.passed_over(outcome.job)
            if as_json:
                say_json(_entry(outcome.job, skipped=True))
        case Failed():
            bar.passed_over(outcome.job)
            _tell_failure(outcome, as_json=as_json)
        case _:
            assert_never(outcome)


def tell_preview(preview: Preview, *, as_json: bool) -> None:
    """Say what would be begun with one picture."""
    match preview:
        case Planned(job=job, n_pixels=n_pixels):
            if as_json:
                say_json(_entry(job, skipped=False) | {"planned": True, "pixels": n_pixels})
            else:
                say(f"{job.source} -> {job.output}: would be restored, {n_pixels / 1e6:.1f} megapixels")
        case Skipped(job=job):
            if as_json:
                say_json(_entry(job, skipped=True) | {"planned": False})
            else:
                say(f"{job.source} -> {job.output}: is done already")
        case Failed():
            _tell_failure(preview, as_json=as_json)
        case _:
            assert_never(preview)


def _tell_failure(failed: Failed, *, as_json: bool) -> None:
    fail(failed.reason)
    if as_json:
        error = {"kind": type(failed.error).__name__, "message": failed.message}
        say_json(_entry(failed.job, skipped=False) | {"ok": False, "error": error})


def _entry(job: Job, *, skipped: bool) -> dict[str, object]:
    return {
        "input": str(job.source),
        "ok": True,
        "skipped": skipped,
        "output": str(job.output),
        "uncertainty": None if job.uncertainty is None else str(job.uncertainty),
    }


def _restored_entry(outcome: Restored) -> dict[str, object]:
    return _entry(outcome.job, skipped=False) | {
        "found": dict(outcome.found),
        "expected_error": outcome.expected_error,
        "report": asdict(outcome.report),
    }


def _restored_lines(outcome: Restored) -> list[str]:
    job, report, found = outcome.job, outcome.report, outcome.found
    names = ", ".join(f"{name} {found[name]:.0%}" for name in found.likely()) or "nothing in particular"
    tiles = f"{report.n_tiles} tiles of at most {report.tile} px" if report.n_tiles > 1 else "no tiles"
    withheld = f"; {report.share_withheld:.0%} of it withheld" if report.max_uncertainty is not None else ""
    return [
        f"{job.source} -> {job.output}: {report.width} x {report.height}, found {names}{_overlooked(outcome)}; "
        f"expected error {outcome.expected_error:.1f} of 255{withheld}; {tiles}, {report.seconds:.1f} s",
        *(f"note: {note}" for note in report.notes),
    ]


def _overlooked(outcome: Restored) -> str:
    """Say what may have been overlooked, and how to have it undone beside what was found; nothing where it was told."""
    found = outcome.found
    perhaps = found.perhaps()
    if outcome.report.task is not None or not perhaps:
        return ""
    named = (*(task for task in found.likely() if task != "jpeg"), *perhaps)  # compression is undone where it is found
    options = " ".join(f"--task {task}" for task in named)
    return f", perhaps {', '.join(f'{task} {found[task]:.0%}' for task in perhaps)} (if so: {options})"

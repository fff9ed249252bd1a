"""``opir restore``: pictures in, restored pictures out."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from opir.cli.console import choice, fail, pixel_progress, say
from opir.cli.engine_options import ENGINES, parse_tile
from opir.cli.output_plan import Job, check_free, create_folders, plan_jobs
from opir.errors import OpirError
from opir.tasks import TASKS, Task

if TYPE_CHECKING:
    from opir.runtime.restore import Restorer
    from opir.runtime.result import Restoration

INTERRUPTED: Final = 130


def restore(
    inputs: Annotated[
        list[Path], typer.Argument(metavar="INPUT", help="Pictures to restore.", show_default=False, readable=False)
    ],
    output: Annotated[
        str,
        typer.Option(
            "--output",
            "-o",
            metavar="PATH",
            help="File to write. A folder if it is one, ends in a slash, or several pictures are given.",
            show_default=False,
        ),
    ],
    task: Annotated[
        list[str] | None,
        typer.Option(
            metavar="|".join(TASKS),
            help="What is wrong with the pictures, instead of finding out; repeatable.",
        ),
    ] = None,
    strength: Annotated[
        float, typer.Option(min=0.0, max=1.0, metavar="0..1", help="Share of the correction: 0 original, 1 restored.")
    ] = 1.0,
    uncertainty: Annotated[
        str | None,
        typer.Option(metavar="PATH", help="Also write a heat map of the expected error; PATH as for -o."),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace existing results.")] = False,
    quality: Annotated[
        int | None,
        typer.Option(min=1, max=100, metavar="1..100", help="JPEG or WebP quality.", show_default="like the input"),
    ] = None,
    tile: Annotated[
        str, typer.Option(metavar="auto|0|N", help="Largest side of a tile [px]; 0 for no tiles.")
    ] = "auto",
    model: Annotated[str, typer.Option(metavar="NAME|FOLDER", help="Bundled model or model folder.")] = "base",
    engine: Annotated[str, typer.Option(metavar="|".join(ENGINES), help="What computes.")] = "auto",
    threads: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Processor threads.", show_default="all")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object per picture and nothing else.")
    ] = False,
) -> None:
    """Restore pictures.

    Size, colour profile, metadata and transparency stay, and originals are never replaced. A picture that
    fails is reported and the others go on. The exit code is 0 if all are done, 1 if some failed, 2 for wrong
    usage, 130 if interrupted.
    """
    tile_size = parse_tile(tile)
    engine_name = choice(engine, ENGINES, option="--engine")
    tasks = tuple(choice(name, TASKS, option="--task") for name in task or [])
    jobs = plan_jobs(inputs, output, uncertainty)
    from opir.runtime.restore import Restorer

    restorer = Restorer(model, engine=engine_name, tile=tile_size, threads=threads)
    create_folders(inputs, output, uncertainty)
    settings = _Settings(
        task=tasks or None,
        strength=strength,
        overwrite=overwrite,
        quality=quality,
        as_json=as_json,
    )
    if not as_json:
        _introduce(restorer, tile)
    n_failed = _run(jobs, restorer, settings)
    if len(jobs) > 1 and not as_json:
        say(f"{len(jobs) - n_failed} of {len(jobs)} pictures restored, {n_failed} failed")
    if n_failed:
        raise typer.Exit(1)


@dataclass(frozen=True, kw_only=True)
class _Settings:
    """What holds for every picture of the batch."""

    task: tuple[Task, ...] | None
    strength: float
    overwrite: bool
    quality: int | None
    as_json: bool


def _introduce(restorer: Restorer, tile: str) -> None:
    engine, spec = restorer.engine, restorer.spec
    size = {"auto": "tiles as memory allows", "0": "no tiles"}.get(tile, f"tiles of {tile} px")
    say(f"model {spec.name} {spec.version}, {engine.name} on {engine.device}, {engine.precision}, {size}")


def _run(jobs: tuple[Job, ...], restorer: Restorer, settings: _Settings) -> int:
    """Restore every picture and return how many failed."""
    n_failed = 0
    for number, job in enumerate(jobs):
        try:
            restoration = _restore_one(job, restorer, settings)
        except KeyboardInterrupt as error:
            fail(f"interrupted: {number} of {len(jobs)} pictures had their turn")
            raise typer.Exit(INTERRUPTED) from error
        except (OpirError, OSError, MemoryError) as error:
            n_failed += 1
            _report_failure(job, error, settings)
        else:
            _report_success(job, restoration, settings)
    return n_failed


def _restore_one(job: Job, restorer: Restorer, settings: _Settings) -> Restoration:
    """Restore one picture and write its results; every check of the outputs comes before the work."""
    from opir.imaging import Photo, check_output_path, draw_heat_map, read_photo, write_photo

    for path in job.outputs:
        check_free(path, overwrite=settings.overwrite)
        check_output_path(path)
    photo = read_photo(job.source)
    check_output_path(job.output, transparent=photo.is_transparent, size=(photo.width, photo.height))
    with pixel_progress(job.source.name, wanted=not settings.as_json) as progress:
        restoration = restorer.restore(photo, task=settings.task, strength=settings.strength, progress=progress)
    if job.uncertainty is not None:
        write_photo(Photo(pixels=draw_heat_map(restoration.uncertainty)), job.uncertainty)
    restoration.save(job.output, quality=settings.quality)
    return restoration


def _report_failure(job: Job, error: Exception, settings: _Settings) -> None:
    # The message names the file in most cases, but not where a decoder or the system speaks.
    message = str(error) or type(error).__name__
    fail(message if str(job.source) in message else f"{job.source}: {message}")
    if settings.as_json:
        failure = {"kind": type(error).__name__, "message": message}
        _print_json({"input": str(job.source), "ok": False, "error": failure})


def _report_success(job: Job, restoration: Restoration, settings: _Settings) -> None:
    report = restoration.report
    if settings.as_json:
        _print_json(
            {
                "input": str(job.source),
                "ok": True,
                "output": str(job.output),
                "uncertainty": None if job.uncertainty is None else str(job.uncertainty),
                "found": dict(restoration.found),
                "expected_error": restoration.expected_error,
                "report": asdict(report),
            }
        )
        return
    found = restoration.found
    names = ", ".join(f"{name} {found[name]:.0%}" for name in found.likely()) or "nothing in particular"
    tiles = f"{report.n_tiles} tiles of at most {report.tile} px" if report.n_tiles > 1 else "no tiles"
    say(
        f"{job.source} -> {job.output}: {report.width} x {report.height}, found {names}; "
        f"expected error {restoration.expected_error:.1f} of 255; {tiles}, {report.seconds:.1f} s"
    )
    for note in report.notes:
        say(f"note: {note}")


def _print_json(entry: dict[str, object]) -> None:
    typer.echo(json.dumps(entry))

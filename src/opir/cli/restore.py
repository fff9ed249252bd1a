"""``opir restore``: pictures in, restored pictures out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from opir.cli.console import choice, fail
from opir.cli.engine_options import ENGINES, EngineOption, ModelOption, ThreadsOption, TileOption, parse_tile
from opir.cli.output_plan import create_folders, is_folder, plan_jobs
from opir.errors import ConfigurationError
from opir.tasks import TASKS

if TYPE_CHECKING:
    from opir.batch.job import Job
    from opir.runtime.restore import Restorer
    from opir.runtime.settings import RestoreSettings

STREAM: Final = "-"
"""Standard input as a picture, standard output as a result."""


def restore(
    inputs: Annotated[
        list[Path],
        typer.Argument(
            metavar="INPUT",
            help="Pictures, folders of pictures, or - for standard input.",
            show_default=False,
            readable=False,
        ),
    ],
    output: Annotated[
        str | None,
        typer.Option(
            "--output",
            "-o",
            metavar="PATH",
            help="File to write, or - for standard output. A folder if it is one, ends in a slash, or several "
            "pictures or a folder are given; it gets the tree of the folder that was given.",
            show_default=False,
        ),
    ] = None,
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
    effort: Annotated[
        str,
        typer.Option(
            metavar="fast|balanced|best",
            help="The first stage only, the second where the first expects to be wrong, or both everywhere.",
        ),
    ] = "best",
    max_uncertainty: Annotated[
        float | None,
        typer.Option(
            metavar="LEVELS",
            help="Keep the original where the expected error is above this many grey levels of 255.",
            show_default="no limit",
        ),
    ] = None,
    uncertainty: Annotated[
        str | None,
        typer.Option(metavar="PATH", help="Also write a heat map of the expected error; PATH as for -o."),
    ] = None,
    metadata: Annotated[
        str,
        typer.Option(
            metavar="keep|safe|strip",
            help="What of EXIF and XMP stays: all, all but places, serial numbers and the like, or nothing.",
        ),
    ] = "keep",
    no_record: Annotated[
        bool, typer.Option("--no-record", help="Do not note in the XMP what was done (strip implies it).")
    ] = False,
    format: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="File format of the results, such as png.", show_default="like the input"),
    ] = None,
    quality: Annotated[
        int | None,
        typer.Option(
            min=1, max=100, metavar="1..100", help="JPEG, WebP or AVIF quality.", show_default="like the input"
        ),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace existing results.")] = False,
    in_place: Annotated[
        bool, typer.Option("--in-place", help="Replace the originals, each once its result is complete.")
    ] = False,
    resume: Annotated[
        bool,
        typer.Option("--resume", help="Skip what the folder's manifest proves to be done in exactly the same way."),
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done and write nothing.")] = False,
    watch: Annotated[
        bool, typer.Option("--watch", help="Keep looking for new pictures in the folders until Ctrl-C.")
    ] = False,
    jobs: Annotated[
        int,
        typer.Option("--jobs", "-j", min=0, metavar="N", help="Pictures read ahead and written behind; 0 for none."),
    ] = 2,
    tile: TileOption = "auto",
    model: ModelOption = "base",
    engine: EngineOption = "auto",
    threads: ThreadsOption = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object per picture and nothing else.")
    ] = False,
) -> None:
    """Restore pictures.

    Size, colour profile, metadata and transparency stay, and originals are never replaced unless --in-place asks
    for it. A picture that fails is reported and the others go on. Several pictures, or a folder, leave a manifest
    beside the results, with which --resume goes on after an interruption. The exit code is 0 if all are done, 1 if
    some failed, 2 for wrong usage, 130 if interrupted.
    """
    request = _Request(
        inputs=tuple(inputs),
        output=output,
        uncertainty=uncertainty,
        settings=_settings(task, strength, effort, max_uncertainty, metadata, not no_record, format, quality),
        overwrite=overwrite,
        in_place=in_place,
        resume=resume,
        dry_run=dry_run,
        watch=watch,
        depth=jobs,
        as_json=as_json,
    )
    tile_size = parse_tile(tile)
    engine_name = choice(engine, ENGINES, option="--engine")
    _check_usage(request)
    planned = _plan(request)
    manifest_folder = _manifest_folder(request, len(planned))

    from opir.runtime.restore import Restorer

    restorer = Restorer(model, engine=engine_name, tile=tile_size, threads=threads)
    if request.is_stream:
        from opir.cli.restore_stream import restore_stream

        restore_stream(
            request.inputs[0],
            str(output),
            restorer,
            request.settings,
            uncertainty=uncertainty,
            overwrite=overwrite,
        )
        return
    if not as_json:
        from opir.cli.restore_report import introduce

        introduce(restorer, tile)
    _run(request, planned, restorer, manifest_folder)


@dataclass(frozen=True, kw_only=True)
class _Request:
    """The command line, as far as it is about files."""

    inputs: tuple[Path, ...]
    output: str | None
    uncertainty: str | None
    settings: RestoreSettings
    overwrite: bool
    in_place: bool
    resume: bool
    dry_run: bool
    watch: bool
    depth: int
    as_json: bool

    @property
    def is_stream(self) -> bool:
        return STREAM in (self.output, *map(str, self.inputs))

    @property
    def has_folders(self) -> bool:
        return any(path.is_dir() for path in self.inputs)


def _settings(
    task: list[str] | None,
    strength: float,
    effort: str,
    max_uncertainty: float | None,
    metadata: str,
    record: bool,
    format: str | None,
    quality: int | None,
) -> RestoreSettings:
    from opir.imaging import FORMATS
    from opir.imaging.metadata_policy import METADATA_POLICIES
    from opir.runtime.effort import EFFORTS
    from opir.runtime.settings import RestoreSettings

    tasks = tuple(choice(name, TASKS, option="--task") for name in task or [])
    try:
        return RestoreSettings(
            task=tasks or None,
            strength=strength,
            effort=choice(effort, EFFORTS, option="--effort"),
            max_uncertainty=max_uncertainty,
            metadata=choice(metadata, METADATA_POLICIES, option="--metadata"),
            format=None if format is None else choice(_format_name(format), tuple(FORMATS), option="--format"),
            quality=quality,
            record=record,
        )
    except ConfigurationError as error:
        raise typer.BadParameter(str(error)) from error


def _format_name(text: str) -> str:
    """Return what a person may call a format in the spelling of the table."""
    return {"JPG": "JPEG", "TIF": "TIFF"}.get(text.upper(), text.upper())


def _check_usage(request: _Request) -> None:
    """Raise :class:`typer.BadParameter` for options that contradict each other."""
    if request.output is None and not request.in_place:
        raise typer.BadParameter("say where the results go, or ask for --in-place", param_hint="--output")
    if request.in_place and (request.output is not None or request.watch):
        raise typer.BadParameter("goes with neither --output nor --watch", param_hint="--in-place")
    if request.watch and (request.dry_run or not all(path.is_dir() for path in request.inputs)):
        raise typer.BadParameter("watches folders, and not with --dry-run", param_hint="--watch")
    if not request.is_stream:
        return
    if len(request.inputs) > 1 or request.has_folders or request.output is None:
        raise typer.BadParameter("- stands for one picture: give one INPUT and one --output")
    if request.resume or request.dry_run or (request.as_json and request.output == STREAM):
        raise typer.BadParameter("- goes neither with --resume nor --dry-run, and --json not with -o -")
    if is_folder(request.output, request.inputs):
        raise typer.BadParameter("a picture from standard input has no name: name the file", param_hint="--output")


def _plan(request: _Request) -> tuple[Job, ...]:
    """Return what is to be done; empty for streams, and for folders that are watched and empty yet."""
    if request.is_stream:
        return ()
    jobs = plan_jobs(request.inputs, request.output, request.uncertainty, format=request.settings.format)
    if not jobs and not request.watch:
        fail(f"{', '.join(map(str, request.inputs))}: holds no pictures")
        raise typer.Exit(1)
    return jobs


def _manifest_folder(request: _Request, n_jobs: int) -> Path | None:
    """Return where the manifest lies: beside the results of several pictures or of a folder."""
    folder = None
    if request.is_stream:
        return None
    if request.output is None:
        folder = request.inputs[0] if len(request.inputs) == 1 and request.has_folders else None
    elif is_folder(request.output, request.inputs) and (n_jobs > 1 or request.has_folders or request.resume):
        folder = Path(request.output)
    if request.resume and folder is None:
        raise typer.BadParameter("needs one folder with a manifest: name it as the output", param_hint="--resume")
    return folder


def _run(request: _Request, planned: tuple[Job, ...], restorer: Restorer, manifest_folder: Path | None) -> None:
    from opir.batch.options import BatchOptions
    from opir.cli import restore_batch

    work = restore_batch.Work(
        restorer=restorer,
        settings=request.settings,
        options=BatchOptions(overwrite=request.overwrite, resume=request.resume or request.watch, depth=request.depth),
        manifest_folder=manifest_folder,
        as_json=request.as_json,
    )
    if request.dry_run:
        restore_batch.show_plan(planned, work)
        return
    create_folders(request.inputs, request.output, request.uncertainty)
    if request.watch:
        restore_batch.watch(lambda: _plan(request), work)
    else:
        restore_batch.restore_all(planned, work)

"""``opir data``: looking at data sets."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from opir.cli.console import pixel_progress

if TYPE_CHECKING:
    from opir.data.content import Fingerprint

data_app = typer.Typer(
    add_completion=False, no_args_is_help=True, rich_markup_mode=None, pretty_exceptions_enable=False
)


@data_app.callback()
def _data() -> None:
    """Look at data sets before training or testing on them."""


@data_app.command()
def check(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The data set, or the folder of one split.")],
    against: Annotated[
        Path | None,
        typer.Option(metavar="OTHER", help="Fail if pictures below this folder, a test set, occur in DIR."),
    ] = None,
    name: Annotated[str | None, typer.Option(help="Which data set it is; without it the layout is detected.")] = None,
    split: Annotated[str | None, typer.Option(help="Look at this split only.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object per split.")] = False,
) -> None:
    """Decode every picture of a data set: pairs, sizes, duplicates, PSNR of the inputs, overlap.

    Exit code 1 if files are unpaired, unreadable, of different sizes or there twice, or if they overlap.
    """
    from opir.cli.data_report import json_report, print_report
    from opir.data.inspection import inspect
    from opir.data.readers import detect

    detection = detect(folder, name)
    scans = detection.scans if split is None else (detection.scan(split),)
    other = None if against is None else _contents(against)
    sound = True
    for scan in scans:
        image_set = detection.reader.image_set(detection.root, scan)
        with _progress(f"{image_set.title}, {scan.split}", len(image_set.files)) as on_files:
            found = inspect(image_set, scan.problems, against=other or (), on_files=on_files)
        sound = sound and found.is_sound
        if as_json:
            typer.echo(json.dumps(json_report(found, against)))
        else:
            print_report(found, against)
    if not sound:
        raise typer.Exit(1)


def _contents(folder: Path) -> list[Fingerprint]:
    """Contents of all pictures below a folder, whatever its layout."""
    from opir.data.problems import describe_problems
    from opir.data.readers import detect
    from opir.data.survey import survey_clean
    from opir.errors import DatasetError

    paths = [image.path for image in detect(folder, "picture_tree").scan("all").clean_images]
    with _progress(str(folder), len(paths)) as on_files:
        survey = survey_clean(paths, on_files)
    if survey.problems:
        raise DatasetError(
            f"every picture below {folder} must be readable to be compared; {len(survey.problems)} are not:\n"
            + describe_problems(survey.problems, folder)
        )
    return list(survey.clean.values())


@contextmanager
def _progress(description: str, total: int) -> Iterator[Callable[[int], None]]:
    done = 0
    with pixel_progress(description) as show:

        def on_files(n: int) -> None:
            nonlocal done
            done += n
            if show is not None:
                show(done, total)

        yield on_files

"""``opir restore`` in a pipe: ``-`` for standard input, standard output, or both."""

from __future__ import annotations

import sys
from pathlib import Path

import typer

from opir.batch.placing import place
from opir.batch.reading import decode, read_bytes, read_stream
from opir.batch.steps import check_fits, encoded, heat_map_of, restore_any
from opir.cli.output_plan import check_free
from opir.cli.restore import STREAM
from opir.errors import ImageTooLargeError, OutputError, UnreadableImageError
from opir.imaging import check_output_path
from opir.runtime.restore import Restorer
from opir.runtime.settings import RestoreSettings


def restore_stream(
    source: Path,
    output: str,
    restorer: Restorer,
    settings: RestoreSettings,
    *,
    uncertainty: str | None,
    overwrite: bool,
) -> None:
    """Restore one picture and write nothing else to standard output.

    The bytes are those that the same picture gives as a file. Without a ``format`` in the settings, standard output
    gets the format of the picture.
    """
    if output == STREAM and sys.stdout is None:  # closed by whoever started us
        raise OutputError("standard output: is closed; send it to a file or a program")
    if output == STREAM and sys.stdout.isatty():
        raise typer.BadParameter("a picture would garble the terminal: send it to a file or a program")
    files = [Path(target) for target in (output, uncertainty) if target is not None and target != STREAM]
    for path in files:
        check_free(path, overwrite=overwrite)
        check_output_path(path)
    from_stream = str(source) == STREAM
    data = _read_standard_input() if from_stream else read_bytes(source)
    photo = decode(data, Path("standard input") if from_stream else source)
    if output != STREAM:
        check_fits(photo, Path(output), None)
    try:
        restoration = restore_any(restorer, photo, settings)
        if uncertainty is not None:
            place(Path(uncertainty), encoded(heat_map_of(restoration), Path(uncertainty), RestoreSettings()))
        if output == STREAM:
            typer.echo(restoration.encode(), nl=False)
        else:
            place(Path(output), encoded(restoration.photo, Path(output), settings))
    except MemoryError as error:
        raise ImageTooLargeError(f"{source}: there is not enough memory for it: close other programs") from error


def _read_standard_input() -> bytes:
    if sys.stdin is None:  # closed by whoever started us
        raise UnreadableImageError("standard input: is closed; send a picture to it")
    return read_stream(sys.stdin.buffer, "standard input")

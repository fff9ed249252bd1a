"""Talking to the person at the terminal: lines, aligned columns and a progress bar."""

from __future__ import annotations

import difflib
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

import typer

if TYPE_CHECKING:
    from rich.progress import Progress

_Name = TypeVar("_Name", bound=str)


def printable(text: str) -> str:
    """Return the text on one line; what cannot be printed or moves the cursor becomes a space or ``?``."""
    return "".join(c if c.isprintable() else " " if c.isspace() else "?" for c in text)


def say(text: str) -> None:
    """Print one line to standard output."""
    typer.echo(printable(text))


def say_json(entry: Mapping[str, object]) -> None:
    """Print an object as one line of JSON to standard output."""
    typer.echo(json.dumps(entry))


def fail(text: str) -> None:
    """Print one line to standard error."""
    typer.echo(f"opir: {printable(text)}", err=True)


def fail_with_list(text: str) -> None:
    """Print a message that names many files to standard error, one line each."""
    for line in f"opir: {text}".splitlines():
        typer.echo(printable(line), err=True)


def say_columns(rows: Sequence[Sequence[str]]) -> None:
    """Print rows of cells with the columns aligned; the last column may be of any length."""
    widths = [max(len(printable(cell)) for cell in column) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (printable(cell).ljust(width) for cell, width in zip(row, widths, strict=True))
        typer.echo("  ".join(cells).rstrip())


def choice(text: str, allowed: Sequence[_Name], *, option: str) -> _Name:
    """Return the entry of ``allowed`` that the text spells, or raise :class:`typer.BadParameter`."""
    for name in allowed:
        if text == name:
            return name
    near = difflib.get_close_matches(text, allowed, n=1)
    hint = f"; did you mean {near[0]}?" if near else ""
    raise typer.BadParameter(f"expected one of {', '.join(allowed)}; got {text!r}{hint}", param_hint=option)


@contextmanager
def pixel_progress(description: str, *, wanted: bool = True) -> Iterator[Callable[[int, int], None] | None]:
    """Show a bar on standard error while the block runs; yields what to call with (done, total) pixels.

    Yields None, and shows nothing, where it is not wanted or standard error is not a terminal.
    """
    if not (wanted and sys.stderr.isatty()):
        yield None
        return
    with progress_bar() as bar:
        task = bar.add_task(printable(description), total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def progress_bar() -> Progress:
    """Return an empty bar on standard error: description, bar, share done, time left; gone when it ends."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeRemainingColumn(),
    )
    return Progress(*columns, console=Console(stderr=True), transient=True, redirect_stdout=False)

"""The command ``opir``: a table of commands, imported one by one, and the treatment of errors.

Exit codes: 0 all done, 1 something failed, 2 wrong usage, 130 interrupted.
"""

from __future__ import annotations

import difflib
import functools
import importlib
from collections.abc import Callable
from typing import Annotated, Final, ParamSpec

import typer
from typer.core import TyperCommand, TyperGroup

from opir import __version__
from opir.cli.console import fail, fail_with_list
from opir.cli.stop_signals import INTERRUPTED
from opir.errors import DatasetError, OpirError

COMMANDS: Final[dict[str, str]] = {
    "restore": "opir.cli.restore:restore",
    "analyze": "opir.cli.analyze:analyze",
    "compare": "opir.cli.compare:compare",
    "degrade": "opir.cli.degrade:degrade",
    "serve": "opir.cli.serve:serve",
    "bench": "opir.cli.bench:bench",
    "eval": "opir.cli.evaluate:evaluate",
    "models": "opir.cli.models:models",
    "doctor": "opir.cli.doctor:doctor",
    "data": "opir.cli.data:data_app",
    "train": "opir.cli.train:train",
    "train-kernel": "opir.cli.train_kernel:train_kernel",
    "train-reading": "opir.cli.train_reading:train_reading",
    "merge": "opir.cli.merge:merge",
    "export": "opir.cli.export:export",
    "features": "opir.cli.features:features",
    "presets": "opir.cli.presets:presets",
}
"""Every command and where it lives: a function, or a :class:`typer.Typer` with commands of its own."""

EXTRAS: Final[dict[str, str]] = {
    "torch": "torch",
    "safetensors": "torch",
    "tensorboard": "train",
    "onnx": "export",
    "fastapi": "server",
    "uvicorn": "server",
    "python_multipart": "server",
    "prometheus_client": "server",
}
"""Optional packages and the extra of opir that brings them."""

_Arguments = ParamSpec("_Arguments")


class CommandTable(TyperGroup):
    """Shows and finds the commands of :data:`COMMANDS`, importing each one when it is needed."""

    def list_commands(self, ctx: object) -> list[str]:  # noqa: ARG002 - the framework's signature
        """Return the names of the commands in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: object, cmd_name: str) -> TyperCommand | TyperGroup:  # noqa: ARG002
        """Import a command; an unknown name is wrong usage."""
        if cmd_name not in COMMANDS:
            near = difflib.get_close_matches(cmd_name, COMMANDS, n=1)
            hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(COMMANDS)}"
            raise typer.BadParameter(f"no such command: {cmd_name}; {hint}")
        return _load(cmd_name, COMMANDS[cmd_name])


app = typer.Typer(
    cls=CommandTable,
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"opir {__version__}")
        raise typer.Exit


@app.callback()
def opir(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit."),
    ] = False,
) -> None:
    """Restore photographs: find out what is wrong with them and undo it, with one model."""


def run() -> None:
    """Run the command line; the entry point of the installed script."""
    app(prog_name="opir")


def _load(name: str, target: str) -> TyperCommand | TyperGroup:
    module, _, attribute = target.partition(":")
    found = getattr(importlib.import_module(module), attribute)
    if isinstance(found, typer.Typer):
        table = found
    else:
        table = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
        table.command(name)(found)
    for entry in table.registered_commands:
        if entry.callback is not None:
            entry.callback = _errors_in_one_line(f"opir {name}", entry.callback)
    command = typer.main.get_command(table)
    if not isinstance(command, TyperCommand | TyperGroup):
        raise TypeError(f"{target} gave {type(command).__name__}, not a command")
    return command


def _errors_in_one_line(title: str, command: Callable[_Arguments, None]) -> Callable[_Arguments, None]:
    """Wrap a command: errors of the package, a missing extra and Ctrl-C become one line and an exit code.

    Only what is wrong with a data set takes several lines: one per file.
    """

    @functools.wraps(command)
    def wrapped(*args: _Arguments.args, **kwargs: _Arguments.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except DatasetError as error:
            fail_with_list(str(error))
            raise typer.Exit(1) from error
        except OpirError as error:
            fail(str(error))
            raise typer.Exit(1) from error
        except ModuleNotFoundError as error:
            extra = EXTRAS.get((error.name or "").partition(".")[0])
            if extra is None:
                raise
            fail(f"{title} needs {error.name}, which is not installed: pip install 'opir[{extra}]'")
            raise typer.Exit(1) from error
        except KeyboardInterrupt as error:
            fail("interrupted")
            raise typer.Exit(INTERRUPTED) from error

    return wrapped

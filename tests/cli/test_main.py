"""The table of commands, exit codes and one-line errors."""

from __future__ import annotations

import subprocess
import sys

import pytest
import typer
from typer.testing import CliRunner

import opir
from opir.cli import main
from opir.errors import WeightsError


@pytest.fixture
def runner() -> CliRunner:
    return CliRunner()


def test_help_lists_every_command(runner: CliRunner) -> None:
    result = runner.invoke(main.app, ["--help"])
    assert result.exit_code == 0
    assert "Restore photographs" in result.output
    for name in main.COMMANDS:
        assert f"\n  {name} " in result.output


@pytest.mark.parametrize("name", main.COMMANDS)
def test_every_command_explains_itself(runner: CliRunner, name: str) -> None:
    result = runner.invoke(main.app, [name, "--help"])
    assert result.exit_code == 0, result.output
    assert result.output.startswith(f"Usage: root {name}")


def test_version(runner: CliRunner) -> None:
    result = runner.invoke(main.app, ["--version"])
    assert (result.exit_code, result.output) == (0, f"opir {opir.__version__}\n")


def test_no_command_shows_the_help(runner: CliRunner) -> None:
    result = runner.invoke(main.app, [])
    assert result.exit_code == 2
    assert "Usage" in result.output


def test_unknown_command_suggests_the_nearest(runner: CliRunner) -> None:
    result = runner.invoke(main.app, ["restor"])
    assert result.exit_code == 2
    assert "did you mean restore?" in result.output


def failing(error: BaseException) -> object:
    def command() -> None:
        raise error

    return command


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (WeightsError("expected this,\ngot that"), 1, "opir: expected this, got that\n"),
        (
            ModuleNotFoundError("No module", name="torch"),
            1,
            "opir: opir models needs torch, which is not installed: pip install 'opir[torch]'\n",
        ),
        (
            ModuleNotFoundError("No module", name="onnx.helper"),
            1,
            "opir: opir models needs onnx.helper, which is not installed: pip install 'opir[export]'\n",
        ),
        (KeyboardInterrupt(), 130, "opir: interrupted\n"),
    ],
)
def test_expected_failures_are_one_line(
    runner: CliRunner, monkeypatch: pytest.MonkeyPatch, error: BaseException, code: int, line: str
) -> None:
    monkeypatch.setattr("opir.cli.models.models", failing(error))
    result = runner.invoke(main.app, ["models"])
    assert (result.exit_code, result.stdout, result.stderr) == (code, "", line)


def test_our_own_mistakes_are_not_hidden(runner: CliRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    for error in (ZeroDivisionError(), ModuleNotFoundError("typo", name="opir.nowhere")):
        monkeypatch.setattr("opir.cli.models.models", failing(error))
        assert runner.invoke(main.app, ["models"]).exception is error


def test_a_command_with_commands_of_its_own(runner: CliRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    group = typer.Typer()
    group.command("check")(failing(WeightsError("broken")))
    group.command("list")(lambda: typer.echo("listed"))
    monkeypatch.setattr("opir.cli.models.models", group)
    assert runner.invoke(main.app, ["models", "list"]).stdout == "listed\n"
    result = runner.invoke(main.app, ["models", "check"])
    assert (result.exit_code, result.stderr) == (1, "opir: broken\n")


@pytest.mark.parametrize(("arguments", "code"), [(["--version"], 0), (["nothing"], 2)])
def test_the_installed_script_exits_with_the_code(arguments: list[str], code: int) -> None:
    script = "import sys; from opir.cli.main import run; sys.argv[1:] = sys.argv[1:]; run()"
    done = subprocess.run([sys.executable, "-c", script, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == code
    assert "Traceback" not in done.stderr

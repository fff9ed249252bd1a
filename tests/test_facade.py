"""``import opir`` offers what it says, sorted, without loading anything heavy."""

from __future__ import annotations

import ast
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

import opir
from opir import errors


def test_all_is_sorted_and_complete() -> None:
    constants = [name for name in opir.__all__ if name.isupper()]
    classes = [name for name in opir.__all__ if name[0].isupper() and not name.isupper()]
    rest = [name for name in opir.__all__ if not name[0].isupper()]
    assert opir.__all__ == sorted(constants) + sorted(classes) + sorted(rest)
    assert set(opir.__all__) == {*opir._HOME, "__version__"}
    assert dir(opir) == sorted(opir.__all__)


@pytest.mark.parametrize("name", opir._HOME)
def test_every_name_is_the_one_of_its_module(name: str) -> None:
    assert getattr(opir, name) is getattr(importlib.import_module(opir._HOME[name]), name)


def test_type_checkers_see_the_same_names() -> None:
    tree = ast.parse(Path(opir.__file__).read_text(encoding="utf-8"))
    seen = {
        alias.name: node.module
        for block in tree.body
        if isinstance(block, ast.If)
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert seen == opir._HOME


def test_every_error_is_public() -> None:
    tree = {name for name, value in vars(errors).items() if isinstance(value, type)}
    assert tree <= set(opir.__all__)


def test_unknown_name() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'Restoror'"):
        opir.Restoror  # noqa: B018


def loaded_after(statement: str) -> set[str]:
    """Top-level packages in memory after a statement in a fresh interpreter."""
    script = f"{statement}\nimport sys\nsys.stderr.write(' '.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return {name.partition(".")[0] for name in done.stderr.split()}


def test_import_loads_nothing_heavy() -> None:
    assert loaded_after("import opir").isdisjoint({"numpy", "PIL", "onnxruntime", "torch", "typer", "rich"})


def test_errors_need_no_numpy() -> None:
    assert "numpy" not in loaded_after("from opir import OpirError, TASKS")


def test_help_loads_nothing_heavy() -> None:
    statement = (
        "import sys; sys.argv = ['opir', '--help']\nfrom opir.cli.main import run\ntry: run()\nexcept SystemExit: pass"
    )
    assert loaded_after(statement).isdisjoint({"numpy", "PIL", "onnxruntime", "torch"})


def test_restoring_needs_no_torch() -> None:
    assert "torch" not in loaded_after("from opir import Restorer")

"""Imports point one way, torch stays where it belongs, files stay readable."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "opir"
SOURCES = sorted(PACKAGE.rglob("*.py"))
LAYERS = (
    {"errors", "tasks", "srgb"},
    {"imaging", "physics", "ops", "metrics", "deconvolution"},
    {"model", "data", "baselines"},
    {"training", "evaluation", "runtime", "export"},
    {"batch", "analysis"},
    {"server", "cli"},
)
LEVEL = {name: level for level, names in enumerate(LAYERS) for name in names}
WITHOUT_TORCH = ("errors", "tasks", "srgb", "imaging", "deconvolution", "runtime", "batch", "analysis", "cli", "server")
TORCH_ENGINE = "opir.runtime.torch_"
"""Begins the names of the runtime's modules that need torch; they are loaded when the engine is asked for."""
LONGEST_FILE = 400


def part_of(module: str) -> str:
    """The top-level part that ``opir.part...`` belongs to; empty for ``opir`` itself."""
    return [*module.split("."), ""][1]


def module_name(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports_of(path: Path) -> Iterator[tuple[int, str]]:
    """Line and absolute name of every module that a file imports, at any depth."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: relative import"
            assert node.module is not None
            yield node.lineno, node.module
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def test_every_part_has_a_layer() -> None:
    parts = {path.stem for path in PACKAGE.glob("*.py")} | {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert parts - {"__init__"} <= set(LEVEL)


def test_imports_point_one_way() -> None:
    wrong = []
    for path in SOURCES:
        own = part_of(module_name(path))
        if not own:  # the façade may show anything
            continue
        for line, name in imports_of(path):
            other = part_of(name)
            if name.partition(".")[0] == "opir" and other in LEVEL and LEVEL[other] > LEVEL[own]:
                wrong.append(f"{path.relative_to(ROOT)}:{line}: {own} must not import {other}")
    assert wrong == []


def test_only_the_version_is_taken_from_the_facade() -> None:
    wrong = []
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module == "opir":
                names = {alias.name for alias in node.names} - {"__version__"}
                wrong += [f"{path.relative_to(ROOT)}:{node.lineno}: {name}" for name in sorted(names)]
    assert wrong == []


def test_parts_of_one_layer_do_not_import_each_other_in_circles() -> None:
    edges: dict[str, set[str]] = {name: set() for name in LEVEL}
    for path in SOURCES:
        own = part_of(module_name(path))
        if own:
            others = {part_of(name) for _, name in imports_of(path) if name.partition(".")[0] == "opir"}
            edges[own] |= others & set(LEVEL) - {own}
    while free := {name for name, others in edges.items() if not others}:
        edges = {name: others - free for name, others in edges.items() if name not in free}
    assert edges == {}


def test_the_checks_above_see_the_imports() -> None:
    assert "opir.runtime.engine" in {name for _, name in imports_of(PACKAGE / "runtime" / "restore.py")}
    assert "opir.runtime.torch_engine" in {name for _, name in imports_of(PACKAGE / "runtime" / "open_engine.py")}


@pytest.mark.parametrize("path", [*SOURCES, *sorted((ROOT / "tests").rglob("*.py"))], ids=lambda path: path.name)
def test_files_stay_readable(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST_FILE


def test_torch_is_loaded_only_where_it_computes() -> None:
    names = [name for name in map(module_name, SOURCES) if part_of(name) in WITHOUT_TORCH]
    modules = [name for name in names if not name.startswith(TORCH_ENGINE)]
    script = f"import importlib, sys\nfor name in {modules!r}:\n    importlib.import_module(name)\n"
    script += "    assert 'torch' not in sys.modules, name"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr

"""What a run was started with, beside its recipe: code, versions, machine, command."""

from __future__ import annotations

import json
import platform
import subprocess
import sys
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import opir
from opir.imaging.atomic import write_atomically
from opir.training.distributed import Processes

PACKAGES = ("opir", "torch", "numpy", "pillow", "safetensors", "tensorboard")
"""Packages whose versions are noted."""


@dataclass(frozen=True, kw_only=True)
class Start:
    """One start of a run."""

    time: str
    """UTC, ISO 8601."""

    step: int
    """Steps that were done already."""

    command: list[str]
    """The command line."""

    commit: str | None
    """Commit of the checkout that the package runs from, with ``-dirty`` if changed; None for an installed package."""

    versions: dict[str, str | None]
    """Versions of Python and of packages; None for one that is not installed."""

    platform: str
    """Operating system and processor."""

    device: str
    """Where the first process computes."""

    n_processes: int
    """Processes that train together."""

    seed: int
    """The recipe's seed."""


def record_start(file: Path, processes: Processes, *, step: int, seed: int) -> None:
    """Add this start to those in ``file``, a JSON list, oldest first."""
    start = Start(
        time=datetime.now(UTC).isoformat(timespec="seconds"),
        step=step,
        command=sys.argv,
        commit=_commit(),
        versions={"python": platform.python_version(), **{name: _version(name) for name in PACKAGES}},
        platform=f"{platform.system()} {platform.release()} {platform.machine()}",
        device=str(processes.device),
        n_processes=processes.n_processes,
        seed=seed,
    )
    before = json.loads(file.read_text(encoding="utf-8")) if file.exists() else []
    write_atomically(file, (json.dumps([*before, asdict(start)], indent=1) + "\n").encode())


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _commit() -> str | None:
    root = Path(opir.__file__).parents[2]
    if not (root / ".git").exists():
        return None
    command = ["git", "-C", str(root), "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=30).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return None

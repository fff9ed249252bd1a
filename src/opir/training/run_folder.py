"""The folder of a run: what it was asked to do, and with what."""

from __future__ import annotations

import json
from pathlib import Path

from opir.imaging.atomic import write_atomically
from opir.training.distributed import Processes
from opir.training.environment import record_start
from opir.training.recipe import Recipe
from opir.training.settings import settings_of


def prepare_run_folder(run: Path, recipe: Recipe, processes: Processes, *, step: int) -> None:
    """Make the folder, clear what a killed process left half-written, write ``recipe.json`` and ``environment.json``.

    Args:
        run: the folder; created if missing.
        recipe: all settings, resolved.
        processes: all that take part.
        step: steps that were done already.
    """
    run.mkdir(parents=True, exist_ok=True)
    for pattern in ("*.partial", ".opir-*.part", "pictures/.opir-*.part"):
        for leftover in run.glob(pattern):
            leftover.unlink()
    write_atomically(run / "recipe.json", (json.dumps(settings_of(recipe), indent=1) + "\n").encode())
    record_start(run / "environment.json", processes, step=step, seed=recipe.seed)

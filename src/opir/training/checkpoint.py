"""Checkpoints of a run: everything that the next step depends on, written so that none is ever half there."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from opir.model.network import RestorationNetwork
from opir.model.weights_file import save_network
from opir.training.average import WeightAverage
from opir.training.context_teacher import ContextTeacher
from opir.training.measurements import Means
from opir.training.optimiser import Optimisers
from opir.training.recipe import Recipe
from opir.training.settings import Settings, check_same_run, settings_of
from opir.training.state_file import read_state, resuming, write_state

AVERAGE_NAME = "model.safetensors"
"""File name of the averaged weights inside a run folder: what would ship."""


@dataclass(frozen=True, kw_only=True)
class TrainingState:
    """The mutable things of a run. Samples and random numbers need no state of their own: they are numbered by step."""

    network: RestorationNetwork
    average: WeightAverage[RestorationNetwork]
    optimiser: Optimisers
    means: Means
    """What was measured since the last report."""

    teacher: ContextTeacher | None = None
    """The estimator that the run began with, where its context is to be kept."""


def save_checkpoint(run: Path, state: TrainingState, recipe: Recipe, step: int) -> None:
    """Write the averaged weights, then the state after ``step`` steps.

    The state is what a run goes on from, and it comes last: a run that dies in between goes on from the state before,
    and writes the average again.
    """
    save_network(state.average.network, run / AVERAGE_NAME)
    saved = {
        "step": step,
        "recipe": json.dumps(settings_of(recipe)),
        "network": state.network.state_dict(),
        "average": state.average.network.state_dict(),
        "optimiser": state.optimiser.state_dict(),
        "means": state.means.totals,
    }
    if state.teacher is not None:
        saved["teacher"] = state.teacher.estimator.state_dict()
    write_state(run, saved)


def load_checkpoint(run: Path, state: TrainingState, recipe: Recipe) -> int:
    """Restore the state in place and return the number of steps done; 0 if the run has no checkpoint.

    Raises:
        ConfigurationError: if the checkpoint belongs to a recipe that this one cannot go on from.
        WeightsError: if the checkpoint cannot be read.
    """
    saved = read_state(run)
    if saved is None:
        return 0
    with resuming(run):
        settings: Settings = json.loads(saved["recipe"])
    check_same_run(settings, recipe, run)
    with resuming(run):
        state.network.load_state_dict(saved["network"])
        state.average.network.load_state_dict(saved["average"])
        state.optimiser.load_state_dict(saved["optimiser"])
        state.means.totals.update(saved["means"])
        if state.teacher is not None:
            state.teacher.estimator.load_state_dict(saved["teacher"])
        return int(saved["step"])

"""Checkpoints of a run: everything that the next step depends on, written so that none is ever half there."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import cast

import torch
from torch import Tensor
from torch.optim import Optimizer

from opir.errors import WeightsError
from opir.model.network import RestorationNetwork
from opir.model.weights_file import save_network
from opir.training.average import WeightAverage

STATE_NAME = "state.pt"
"""File name of the training state inside a run folder."""

AVERAGE_NAME = "model.safetensors"
"""File name of the averaged weights inside a run folder: what would ship."""


@dataclass(frozen=True, kw_only=True)
class TrainingState:
    """The mutable things of a run. Samples need no state of their own: they are numbered by step."""

    network: RestorationNetwork
    average: WeightAverage
    optimiser: Optimizer


def save_checkpoint(run: Path, state: TrainingState, step: int) -> None:
    """Write the state after ``step`` steps, and the averaged weights, each through a temporary file."""
    temporary = run / (STATE_NAME + ".partial")
    torch.save(
        {
            "step": step,
            "network": state.network.state_dict(),
            "average": state.average.network.state_dict(),
            "optimiser": state.optimiser.state_dict(),
        },
        temporary,
    )
    temporary.replace(run / STATE_NAME)
    save_network(state.average.network, run / AVERAGE_NAME)


def load_checkpoint(run: Path, state: TrainingState) -> int:
    """Restore the state in place and return the number of steps done; 0 if the run has no checkpoint.

    Raises:
        WeightsError: if the checkpoint cannot be read or belongs to another network.
    """
    file = run / STATE_NAME
    if not file.exists():
        return 0
    try:
        saved = torch.load(file, map_location="cpu", weights_only=True)
        state.network.load_state_dict(cast("dict[str, Tensor]", saved["network"]))
        state.average.network.load_state_dict(cast("dict[str, Tensor]", saved["average"]))
        state.optimiser.load_state_dict(saved["optimiser"])
    except (OSError, RuntimeError, KeyError, ValueError) as error:
        raise WeightsError(
            f"{file} cannot be resumed: {error}; remove the file to start again, or use another run folder"
        ) from error
    return int(saved["step"])

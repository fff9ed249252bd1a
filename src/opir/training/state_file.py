"""The file that a run goes on from: written so that it is never half there, read so that damage has a name."""

from __future__ import annotations

import os
import pickle
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import torch

from opir.errors import WeightsError

STATE_NAME: Final = "state.pt"
"""Its name inside a run folder."""


def write_state(run: Path, state: Mapping[str, object]) -> None:
    """Replace the state of a run by this one; who dies in between leaves the old one."""
    temporary = run / (STATE_NAME + ".partial")
    with temporary.open("wb") as stream:
        torch.save(dict(state), stream)
        stream.flush()
        os.fsync(stream.fileno())
    temporary.replace(run / STATE_NAME)


def read_state(run: Path) -> dict[str, Any] | None:
    """Return the state of a run, on the processor; None if it has none.

    Raises:
        WeightsError: if it cannot be read.
    """
    file = run / STATE_NAME
    if not file.exists():
        return None
    with resuming(run):
        state: dict[str, Any] = torch.load(file, map_location="cpu", weights_only=True)
        if not isinstance(state, dict):
            raise ValueError("expected a mapping")
    return state


@contextmanager
def resuming(run: Path) -> Iterator[None]:
    """What fails in this block fails because of the state of the run: :class:`WeightsError` says so."""
    try:
        yield
    except (OSError, RuntimeError, pickle.UnpicklingError, EOFError, KeyError, ValueError) as error:
        file = run / STATE_NAME
        raise WeightsError(
            f"{file} cannot be resumed: {error}; remove it to start again, or use another run folder"
        ) from error

"""What the stages are told where a caller names the degradations."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Final

import numpy as np

from opir.errors import ConfigurationError
from opir.runtime.engine import Float32
from opir.runtime.result import LIKELY
from opir.runtime.spec import ModelSpec
from opir.tasks import Task

LEFT_TO_THE_ESTIMATE: Final[tuple[Task, ...]] = ("jpeg",)
"""Degradations of the file, not of the scene: whoever names noise or haze has not said that the file is as it was.
They are undone beside what is named where they count as found."""

COMES_WITH: Final[Mapping[Task, Task]] = {"snow": "haze", "blur": "noise"}
"""What a named degradation brings along, and the estimate decides, however small: flakes too far to be seen are a veil,
and undoing a blur amplifies the noise that every photograph has."""


def told_weights(tasks: tuple[Task, ...], spec: ModelSpec) -> Float32:
    """Return (T,): 1 for named tasks, NaN for those that the estimate decides, 0 for all others.

    Raises:
        ConfigurationError: for a task that the model was not trained on.
    """
    known = ", ".join(spec.trained_tasks)
    for name in tasks:
        if name not in spec.trained_tasks:
            near = difflib.get_close_matches(str(name), spec.trained_tasks, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"it knows {known}"
            raise ConfigurationError(f"model {spec.name!r} was not trained on the task {name!r}: {hint}")
    left = {*LEFT_TO_THE_ESTIMATE, *(other for task, other in COMES_WITH.items() if task in tasks)}
    open_questions = (left & set(spec.trained_tasks)) - set(tasks)
    weights = [np.nan if task in open_questions else float(task in tasks) for task in spec.tasks]
    return np.array(weights, np.float32)


def settled(told: Float32 | None, found: Float32, spec: ModelSpec) -> Float32:
    """Return the weights (T,) that hold for a picture.

    Args:
        told: (T,), NaN where the estimate decides; None where it decides everything.
        found: (T,), the estimate.
        spec: of the model, in whose order the tasks are.
    """
    if told is None:
        return found
    limits = np.array([LIKELY if task in LEFT_TO_THE_ESTIMATE else 0.0 for task in spec.tasks], np.float32)
    estimated = np.where(found >= limits, found, np.float32(0))
    return np.where(np.isnan(told), estimated, told)

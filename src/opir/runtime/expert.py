"""Which trunk restores a picture: the one of all tasks, or the expert of a few (docs/decisions/0018).

Noise and compression leave small errors everywhere, which a trunk that also has to lift haze and darkness learns badly.
A model may hold a second trunk that has learned nothing else. It serves pictures in which nothing else was found.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from opir.runtime.spec import ModelSpec
from opir.tasks import TASKS, Task

OTHERS_FROM: Final[Mapping[Task, float]] = {**dict.fromkeys(TASKS, 0.25), "blur": 0.5}
"""Weight of another task from which on a picture is not the expert's. Noise hides sharpness, and noisy pictures often
look a little blurred."""


def is_for_expert(task_weights: NDArray[np.float32], expert_tasks: Collection[Task]) -> bool:
    """Tell whether the expert restores a picture.

    Args:
        task_weights: (1, T) in [0, 1], told or estimated, the same for the whole picture.
        expert_tasks: what the expert has learned; none where there is no expert.

    Returns:
        True where no task that the expert does not know has a weight of :data:`OTHERS_FROM` or more. So a picture in
        which nothing was found is the expert's.
    """
    if not expert_tasks:
        return False
    others = [task for task in TASKS if task not in expert_tasks]
    return all(task_weights[0, TASKS.index(task)] < OTHERS_FROM[task] for task in others)


def uncertainty_scale_for(spec: ModelSpec, task_weights: NDArray[np.float32]) -> float:
    """Return the calibration factor of the trunk that restores a picture with task weights (1, T)."""
    if is_for_expert(task_weights, spec.expert_tasks):
        return spec.expert_uncertainty_scale
    return spec.uncertainty_scale

"""Which trunk restores a picture: the network's own, or the expert of a few tasks (docs/decisions/0018).

A trunk that also has to lift haze and darkness learns badly what lies over a scene whose light is as it was: errors are
small beside the others'. A model may hold a second trunk that has learned nothing else. It serves pictures in which
nothing else was found. The choice holds for a whole picture, so that tiles stay exact.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from opir.runtime.spec import ModelSpec
from opir.tasks import TASKS, Task

OTHERS_FROM: Final[Mapping[Task, float]] = {**dict.fromkeys(TASKS, 0.25), "blur": 0.5}
"""Weight of another task from which on a picture is not the expert's. Blur is suspected more often than it is there."""

NOISY_FROM: Final = 0.5
"""Weight of noise from which on a picture counts as noisy."""

BLUR_IN_NOISE_FROM: Final = 0.8
"""The limit of blur in a noisy picture. Noise hides sharpness: of sharp pictures with a weight of 0.5 to 0.7 the expert
of ``base`` makes 0.7 to 1 dB more, of a few with 0.7 to 0.8 that of ``tiny`` 1.9, and blurred ones with such weights
lose 0.1 at most in the mean (docs/experiments.md, 29 and 30 November)."""


def is_for_expert(spec: ModelSpec, task_weights: NDArray[np.float32], *, blur_undone: bool = False) -> bool:
    """Tell whether the expert restores a picture.

    Args:
        spec: of the model, which says what the expert has learned; nothing where there is none.
        task_weights: (T,) in [0, 1], told or estimated, in the order of ``spec.tasks``.
        blur_undone: whether a filter has undone a blur of the picture, and left behind what only the network knows.

    Returns:
        True where no task that the model knows and the expert does not has a weight of :data:`OTHERS_FROM` or more,
        blur in noisy pictures of :data:`BLUR_IN_NOISE_FROM`. So a picture in which nothing was found is the expert's.
        False for weights that are not numbers.
    """
    if not spec.expert_tasks or blur_undone:
        return False
    weights = dict(zip(spec.tasks, task_weights.tolist(), strict=True))
    others = [task for task in spec.trained_tasks if task not in spec.expert_tasks]
    limits = {**OTHERS_FROM, "blur": BLUR_IN_NOISE_FROM} if weights.get("noise", 0.0) >= NOISY_FROM else OTHERS_FROM
    return all(weights[task] < limits[task] for task in others)


def task_of_each_trunk(spec: ModelSpec) -> tuple[Task, ...]:
    """Return a task whose pictures the network restores, where there is one, and one of the expert's: what to tell a
    model to try both trunks. None where there is no expert.
    """
    if not spec.expert_tasks:
        return ()
    others = [task for task in spec.trained_tasks if task not in spec.expert_tasks]
    return (*others[:1], spec.expert_tasks[0])


def stage_halo_of(spec: ModelSpec, *, expert: bool) -> int:
    """Return the context that a stage of the expert, or of the network, needs around a tile [px]."""
    if expert and spec.expert_stage_halo is not None:
        return spec.expert_stage_halo
    return spec.stage_halo


def uncertainty_scale_of(spec: ModelSpec, *, expert: bool) -> float:
    """Return the calibration factor of the expert, or of the network; the expert may share the network's."""
    if expert and spec.expert_uncertainty_scale is not None:
        return spec.expert_uncertainty_scale
    return spec.uncertainty_scale

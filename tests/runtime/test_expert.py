"""The expert gets the pictures in which nothing else was found, and no others."""

from __future__ import annotations

import numpy as np
import pytest

from opir.runtime.expert import OTHERS_FROM, is_for_expert
from opir.tasks import TASKS, Task

EXPERT: tuple[Task, ...] = ("noise", "jpeg")


def weights(**found: float) -> np.ndarray:
    return np.array([[found.get(task, 0.0) for task in TASKS]], np.float32)


@pytest.mark.parametrize("found", [{}, {"noise": 1.0}, {"jpeg": 0.3}, {"noise": 0.9, "jpeg": 1.0}])
def test_small_errors_are_for_the_expert(found: dict[str, float]) -> None:
    assert is_for_expert(weights(**found), EXPERT)


@pytest.mark.parametrize("other", [task for task in TASKS if task not in EXPERT])
def test_any_other_task_is_not(other: Task) -> None:
    assert not is_for_expert(weights(noise=1.0, **{other: OTHERS_FROM[other]}), EXPERT)
    assert is_for_expert(weights(noise=1.0, **{other: 0.9 * OTHERS_FROM[other]}), EXPERT)


def test_without_an_expert_nothing_is() -> None:
    assert not is_for_expert(weights(noise=1.0), ())

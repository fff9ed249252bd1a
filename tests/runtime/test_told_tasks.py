"""What the stages are told where a caller names the degradations."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.fake_engine import fake_spec

from opir.errors import ConfigurationError
from opir.runtime.told_tasks import settled, told_weights
from opir.tasks import TASKS, Task

SPEC = replace(fake_spec(), trained_tasks=TASKS)


def found(jpeg: float) -> np.ndarray:
    return np.array([jpeg if task == "jpeg" else 0.7 for task in TASKS], np.float32)


@pytest.mark.parametrize(("jpeg", "weight"), [(0.0, 0.0), (0.49, 0.0), (0.5, 0.5), (0.9, 0.9)])
def test_compression_is_judged_by_the_estimate_beside_named_tasks(jpeg: float, weight: float) -> None:
    weights = dict(zip(TASKS, settled(told_weights(("noise", "haze"), SPEC), found(jpeg), SPEC), strict=True))
    assert weights.pop("jpeg") == pytest.approx(weight)
    assert weights == {task: float(task in ("noise", "haze")) for task in weights}


@pytest.mark.parametrize("estimate", [0.0, 0.2, 0.7])
@pytest.mark.parametrize(
    ("named", "brought"),
    [
        (("blur",), "noise"),
        (("blur", "noise"), None),
        (("snow",), "haze"),
        (("rain", "haze"), None),
    ],
)
def test_what_comes_with_a_named_task_is_judged_by_the_estimate(
    named: tuple[Task, ...], brought: Task | None, estimate: float
) -> None:
    every = np.array([0.0 if task == "jpeg" else estimate for task in TASKS], np.float32)
    weights = dict(zip(TASKS, settled(told_weights(named, SPEC), every, SPEC), strict=True))
    if brought is not None:
        assert weights.pop(brought) == pytest.approx(estimate)
    assert weights == {task: float(task in named) for task in weights}


def test_named_compression_is_undone_whatever_the_estimate_says() -> None:
    weights = settled(told_weights(("jpeg",), SPEC), found(0.0), SPEC)
    assert weights.tolist() == [float(task == "jpeg") for task in TASKS]


def test_nothing_named_leaves_everything_to_the_estimate() -> None:
    assert np.array_equal(settled(None, found(0.3), SPEC), found(0.3))


def test_a_model_that_does_not_know_compression_is_not_asked_about_it() -> None:
    assert not np.isnan(told_weights(("rain",), fake_spec())).any()


def test_a_task_that_the_model_was_not_trained_on_is_named() -> None:
    with pytest.raises(ConfigurationError, match="was not trained on the task 'snow': it knows noise, rain, haze"):
        told_weights(("snow",), fake_spec())

"""The expert gets the pictures in which nothing else was found, and no others."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fake_engine import FakeEngine, fake_spec
from opir.errors import NumericalError
from opir.runtime.engine import Float32
from opir.runtime.expert import OTHERS_FROM, is_for_expert, stage_halo_of, uncertainty_scale_of
from opir.runtime.restore import Restorer
from opir.runtime.self_test import self_test
from opir.runtime.spec import ModelSpec
from opir.tasks import TASKS, Task

EXPERT: tuple[Task, ...] = ("noise", "jpeg")
SPEC = replace(fake_spec(trained=TASKS), expert_tasks=EXPERT)


def weights(spec: ModelSpec = SPEC, **found: float) -> Float32:
    return np.array([found.get(task, 0.0) for task in spec.tasks], np.float32)


@pytest.mark.parametrize("found", [{}, {"noise": 1.0}, {"jpeg": 0.3}, {"noise": 0.9, "jpeg": 1.0}])
def test_its_own_tasks_are_for_the_expert(found: dict[str, float]) -> None:
    assert is_for_expert(SPEC, weights(**found))


@pytest.mark.parametrize("other", [task for task in TASKS if task not in EXPERT])
def test_any_other_task_is_not(other: Task) -> None:
    assert not is_for_expert(SPEC, weights(jpeg=1.0, **{other: OTHERS_FROM[other]}))
    assert is_for_expert(SPEC, weights(jpeg=1.0, **{other: 0.9 * OTHERS_FROM[other]}))


@pytest.mark.parametrize(("noise", "blur", "expert"), [(1.0, 0.79, True), (1.0, 0.81, False), (0.4, 0.6, False)])
def test_a_little_more_blur_is_overlooked_in_noise(noise: float, blur: float, *, expert: bool) -> None:
    assert is_for_expert(SPEC, weights(noise=noise, blur=blur)) == expert


def test_nothing_but_blur_is_overlooked_in_noise() -> None:
    assert not is_for_expert(SPEC, weights(noise=1.0, snow=0.3))


def test_a_task_that_the_model_was_not_trained_on_says_nothing() -> None:
    spec = replace(SPEC, trained_tasks=("noise", "jpeg", "rain"))
    assert is_for_expert(spec, weights(noise=1.0, haze=0.9))
    assert not is_for_expert(spec, weights(noise=1.0, rain=0.9))


def test_columns_are_those_of_the_model() -> None:
    spec = replace(SPEC, tasks=("rain", "noise", "jpeg"), trained_tasks=("noise", "jpeg", "rain"))
    assert is_for_expert(spec, weights(spec, noise=0.9))
    assert not is_for_expert(spec, weights(spec, rain=0.9))


def test_weights_that_are_not_numbers_are_not() -> None:
    assert not is_for_expert(SPEC, weights(haze=float("nan")))


def test_a_picture_whose_blur_was_undone_is_not() -> None:
    assert not is_for_expert(SPEC, weights(noise=1.0), blur_undone=True)


def test_without_an_expert_nothing_is() -> None:
    assert not is_for_expert(fake_spec(), weights(noise=1.0))


def test_the_expert_needs_the_halo_of_the_network_unless_it_has_its_own() -> None:
    spec = replace(fake_spec(stage_halo=16), expert_tasks=EXPERT)
    assert [stage_halo_of(spec, expert=expert) for expert in (False, True)] == [16, 16]
    assert spec.largest_stage_halo == 16
    for own in (8, 24):
        other = replace(spec, expert_stage_halo=own)
        assert [stage_halo_of(other, expert=expert) for expert in (False, True)] == [16, own]
        assert other.largest_stage_halo == max(16, own)


def test_the_expert_shares_the_calibration_unless_it_has_its_own() -> None:
    spec = fake_spec(uncertainty_scale=2.0)
    assert [uncertainty_scale_of(spec, expert=expert) for expert in (False, True)] == [2.0, 2.0]
    own = replace(spec, expert_uncertainty_scale=3.0)
    assert [uncertainty_scale_of(own, expert=expert) for expert in (False, True)] == [2.0, 3.0]


class TwoTrunks(FakeEngine):
    """The expert leaves pictures as they are, the network inverts them."""

    def stage(self, *inputs: Float32, expert: bool = False) -> tuple[Float32, Float32]:  # type: ignore[override]
        observed, scale = inputs[1], np.full_like(inputs[2], 0.01)
        return (observed if expert else 1 - observed), scale


@pytest.mark.parametrize(("told", "expert"), [("noise", True), ("jpeg", True), ("haze", False), ("rain", False)])
def test_the_report_says_which_trunk_it_was(told: Task, *, expert: bool) -> None:
    restorer = Restorer.from_engine(TwoTrunks(SPEC))
    pixels = np.full((24, 32, 3), 200, np.uint8)
    result = restorer.restore(pixels, task=told)
    assert result.report.expert is expert
    array = restorer.restore_array(np.full((3, 24, 32), 0.8, np.float32), task=told)
    assert array.expert is expert
    assert array.image.mean() == pytest.approx(0.8 if expert else 0.2, abs=0.2)  # haze is exposed again


class BrokenExpert(FakeEngine):
    def stage(self, *inputs: Float32, expert: bool = False) -> tuple[Float32, Float32]:  # type: ignore[override]
        restored, scale = super().stage(*inputs)  # type: ignore[misc]
        return (restored * np.float32("nan") if expert else restored), scale


def test_the_self_test_tries_both_trunks() -> None:
    assert self_test(TwoTrunks(SPEC)) > 0
    assert self_test(BrokenExpert(fake_spec())) > 0
    with pytest.raises(NumericalError, match="not finite"):
        self_test(BrokenExpert(SPEC))

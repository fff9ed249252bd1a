"""The table of operators: complete, in physical order, and obeying the laws by name."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from laws import assert_identity_limit, assert_range, picture, seeded
from opir.physics.catalogue import OPERATORS
from opir.physics.kinds import KINDS
from opir.tasks import TASKS


@pytest.mark.parametrize("kind", OPERATORS)
def test_every_entry_obeys_identity_and_range(kind: str) -> None:
    assert_identity_limit(OPERATORS[kind])
    assert_range(OPERATORS[kind], n=3)


@pytest.mark.parametrize("kind", OPERATORS)
def test_every_entry_changes_the_picture_at_half_severity(kind: str) -> None:
    image = picture(2, 96, 96)
    degraded = OPERATORS[kind].apply(image, OPERATORS[kind].from_severity(torch.full((2,), 0.5), seeded(0)))
    change = (degraded - image).abs().mean(dim=(1, 2, 3))
    assert (change > 0.005).all(), change


def test_the_names_known_without_torch_are_those_of_the_table() -> None:
    assert tuple(OPERATORS) == KINDS


def test_every_task_has_an_operator() -> None:
    assert {operator.task for operator in OPERATORS.values()} == set(TASKS)


def test_order_is_air_glass_lens_exposure_sensor_file() -> None:
    order = list(OPERATORS)
    chain = ["haze", "rain", "snow", "raindrop", "defocus_blur", "motion_blur", "low_light", "sensor_noise", "jpeg"]
    assert [kind for kind in order if kind in chain] == chain


def test_the_guide_describes_every_operator() -> None:
    guide = (Path(__file__).parents[2] / "docs" / "guide" / "physics.md").read_text(encoding="utf-8")
    assert [kind for kind in KINDS if guide.count(kind) < 2] == []

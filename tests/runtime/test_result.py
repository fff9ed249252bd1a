"""Findings behave like a mapping that cannot change."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import pytest

from opir.runtime.result import Findings
from opir.tasks import TASKS

FOUND = Findings((("noise", 0.6), ("rain", 0.1), ("haze", 0.9)))


def test_is_a_mapping() -> None:
    assert dict(FOUND) == {"noise": 0.6, "rain": 0.1, "haze": 0.9}
    assert FOUND["haze"] == 0.9
    assert FOUND.get("snow") is None
    with pytest.raises(KeyError):
        FOUND["snow"]


def test_likely_is_ranked() -> None:
    assert FOUND.likely() == ("haze", "noise")
    assert FOUND.likely(0.05) == ("haze", "noise", "rain")


def test_perhaps_is_what_people_see_and_models_overlook() -> None:
    overlooked = {"noise": 0.3, "rain": 0.02, "snow": 0.4, "haze": 0.5, "blur": 0.2, "low_light": 0.009, "jpeg": 0.1}
    assert Findings(tuple((task, overlooked[task]) for task in TASKS)).perhaps() == ("snow", "rain")


def test_cannot_change() -> None:
    with pytest.raises(FrozenInstanceError):
        FOUND.probabilities = ()
    with pytest.raises(TypeError):
        FOUND["noise"] = 0.0
    assert hash(FOUND) == hash(Findings(FOUND.probabilities))

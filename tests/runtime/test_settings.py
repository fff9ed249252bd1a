"""Settings that mean the same have one form; impossible ones are refused where they are made."""

from __future__ import annotations

import json

import pytest

from opir.errors import ConfigurationError
from opir.runtime.settings import RestoreSettings, as_tasks


def test_the_form_is_canonical() -> None:
    one = RestoreSettings(task=("rain", "noise"), strength=1, max_uncertainty=8)
    other = RestoreSettings(task=("noise", "rain", "noise"), strength=1.0, max_uncertainty=8.0)
    assert one.canonical_json() == other.canonical_json()
    assert one.sha256 == other.sha256
    assert json.loads(one.canonical_json())["task"] == ["noise", "rain"]


def test_a_record_that_is_never_written_makes_no_difference() -> None:
    assert RestoreSettings(metadata="strip").sha256 == RestoreSettings(metadata="strip", record=False).sha256
    assert RestoreSettings().sha256 != RestoreSettings(record=False).sha256


@pytest.mark.parametrize(
    "settings",
    [
        RestoreSettings(task=("rain",)),
        RestoreSettings(strength=0.999),
        RestoreSettings(max_uncertainty=5),
        RestoreSettings(effort="balanced"),
        RestoreSettings(metadata="safe"),
        RestoreSettings(format="PNG"),
        RestoreSettings(quality=90),
    ],
)
def test_whatever_changes_a_result_changes_the_digest(settings: RestoreSettings) -> None:
    assert settings.sha256 != RestoreSettings().sha256


def test_the_digest_does_not_change_from_version_to_version_unnoticed() -> None:
    assert RestoreSettings().canonical_json() == (
        '{"effort":"best","format":null,"max_uncertainty":null,"metadata":"keep","quality":null,"record":true,'
        '"strength":1.0,"task":null}'
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"task": ()}, "at least one task"),
        ({"effort": "most"}, "effort must be one of fast, balanced, best"),
        ({"task": ("raim",)}, "did you mean 'rain'"),
        ({"strength": 1.5}, "between 0"),
        ({"strength": float("nan")}, "between 0"),
        ({"max_uncertainty": 0.0}, "positive number of grey levels"),
        ({"max_uncertainty": float("inf")}, "positive number of grey levels"),
        ({"metadata": "most"}, "keep, safe, strip"),
        ({"format": "GIF87"}, "format must be one of"),
        ({"quality": 0}, "1..100"),
    ],
)
def test_impossible_settings(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        RestoreSettings(**arguments)


def test_one_task_or_several() -> None:
    assert (as_tasks(None), as_tasks("rain"), as_tasks(["rain", "haze"])) == (None, ("rain",), ("rain", "haze"))

"""The settings of a recipe as plain values, and which of them may change while a run goes on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from opir.errors import ConfigurationError
from opir.training.recipe import Recipe

Setting = str | int | float | bool | None | list["Setting"] | dict[str, "Setting"]
"""What JSON can hold."""

Settings = dict[str, Setting]
"""A recipe as written to ``recipe.json``."""

MAY_CHANGE = (
    "n_steps",
    "checkpoint_minutes",
    "accumulate",
    "precision",
    "learning_rate",
    "muon_rate",
    "n_warmup",
    "max_gradient_norm",
)
"""Settings that may differ when a run is resumed: to train longer, to fit another machine, to get past numbers that are
not finite. All others decide what is trained on what."""


def settings_of(recipe: Recipe) -> Settings:
    """The recipe as JSON holds it: tuples have become lists."""
    settings: Settings = json.loads(json.dumps(asdict(recipe)))
    return settings


def check_same_run(before: Settings, recipe: Recipe, run: Path) -> None:
    """Check that a run that began with the settings ``before`` may go on with ``recipe``.

    Raises:
        ConfigurationError: naming every setting that differs and may not.
    """
    old, new = dict(_flatten(before)), dict(_flatten(settings_of(recipe)))
    names = [name for name in dict.fromkeys([*old, *new]) if name.partition(".")[0] not in MAY_CHANGE]
    absent = "nothing"
    differing = [
        f"{name}: {old.get(name, absent)} there, {new.get(name, absent)} now"
        for name in names
        if old.get(name, absent) != new.get(name, absent)
    ]
    if differing:
        raise ConfigurationError(
            f"{run} holds a run of other settings ({'; '.join(differing)}): set them as they were, or use another run "
            f"folder; only {', '.join(MAY_CHANGE)} may change"
        )


def _flatten(setting: Setting, name: str = "") -> Iterator[tuple[str, str]]:
    """Name and value of every single setting, nested ones joined by dots; phases are numbered from 0."""
    if isinstance(setting, list) and any(isinstance(entry, dict) for entry in setting):
        setting = {str(k): entry for k, entry in enumerate(setting)}
    if isinstance(setting, dict):
        for key, value in setting.items():
            yield from _flatten(value, f"{name}.{key}" if name else key)
    else:
        yield name, json.dumps(setting)

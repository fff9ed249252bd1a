"""Named training recipes: Python functions that return a complete configuration."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace
from difflib import get_close_matches
from typing import Literal, get_args

from opir.data.mixture import Ingredient
from opir.errors import ConfigurationError
from opir.training.losses import LossWeights

Precision = Literal["float32", "bfloat16"]


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """A complete training run, but for the folder of the data and that of the run."""

    name: str
    """Name under which the recipe is chosen."""

    preset: str = "base"
    """Size of the network, a name from :data:`opir.model.PRESETS`."""

    ingredients: dict[str, Ingredient] = field(default_factory=dict)
    """The training mixture."""

    n_steps: int = 10_000
    """Steps of the optimiser."""

    batch_size: int = 21
    """Samples per step."""

    crop_size: int = 96
    """Side of a training crop in pixels."""

    learning_rate: float = 6e-4
    """Peak learning rate of AdamW."""

    n_warmup: int = 200
    """Steps over which the learning rate rises."""

    weight_decay: float = 1e-4
    """Decoupled weight decay."""

    max_gradient_norm: float = 0.5
    """Gradients are scaled down to this norm."""

    average_decay: float = 0.999
    """Decay of the exponential moving average of the weights."""

    precision: Precision = "bfloat16"
    """Arithmetic of the predictor; losses, the operator and the weights stay in float32."""

    loss: LossWeights = field(default_factory=LossWeights)
    """Weights of the loss terms."""

    seed: int = 0
    """Seed of the initial weights and of the sample stream."""

    checkpoint_minutes: float = 5.0
    """Time between checkpoints."""

    def __post_init__(self) -> None:
        for name in ("n_steps", "batch_size", "crop_size", "learning_rate", "checkpoint_minutes"):
            if getattr(self, name) <= 0:
                raise ConfigurationError(f"{name} must be positive; got {getattr(self, name)}")
        if self.precision not in get_args(Precision):
            raise ConfigurationError(f"precision must be one of {get_args(Precision)}; got {self.precision!r}")


def four_tasks() -> Recipe:
    """Noise, rain, haze and low light, blind, with clean pictures among them: the first shipped weights."""
    return Recipe(
        name="four_tasks",
        ingredients={
            "clean": Ingredient(weight=0.07, bank="clean"),
            "gaussian_noise": Ingredient(weight=0.27, bank="clean", operators=("gaussian_noise",)),
            "sensor_noise": Ingredient(weight=0.06, bank="clean", operators=("sensor_noise",)),
            "rain": Ingredient(weight=0.04, bank="clean", operators=("rain",)),
            "rain_overlay": Ingredient(weight=0.10, bank="clean", operators=("rain_overlay",)),
            "rain_pairs": Ingredient(weight=0.12, bank="rain_pairs", tasks=("rain",)),
            "haze": Ingredient(weight=0.18, bank="clean", operators=("haze",)),
            "haze_pairs": Ingredient(weight=0.01, bank="haze_pairs", tasks=("haze",)),
            "low_light": Ingredient(weight=0.04, bank="clean", operators=("low_light",)),
            "low_light_pairs": Ingredient(
                weight=0.11, bank="low_light_pairs", tasks=("low_light",), may_hide=("noise", "jpeg")
            ),
        },
    )


RECIPES: dict[str, Callable[[], Recipe]] = {"four_tasks": four_tasks}
"""Name -> function that returns the recipe."""


def recipe(name: str) -> Recipe:
    """Return a recipe by name.

    Raises:
        ConfigurationError: if there is none; the nearest name is suggested.
    """
    if name not in RECIPES:
        nearest = get_close_matches(name, RECIPES, n=1)
        hint = f"; did you mean {nearest[0]!r}?" if nearest else ""
        raise ConfigurationError(f"recipe must be one of {', '.join(RECIPES)}; got {name!r}{hint}")
    return RECIPES[name]()


def override(base: Recipe, changes: list[str]) -> Recipe:
    """Return the recipe with settings changed, each given as ``name=value``.

    Raises:
        ConfigurationError: if a change is malformed, names no simple setting, or has an impossible value.
    """
    simple = {entry.name: getattr(base, entry.name) for entry in fields(base)}
    simple = {name: value for name, value in simple.items() if isinstance(value, int | float | str)}
    values: dict[str, int | float | str] = {}
    for change in changes:
        name, separator, text = change.partition("=")
        if not separator or name not in simple:
            nearest = get_close_matches(name, simple, n=1)
            hint = f"; did you mean {nearest[0]!r}?" if nearest else ""
            raise ConfigurationError(
                f"a change must be name=value with a name of {', '.join(simple)}; got {change!r}{hint}"
            )
        try:
            values[name] = type(simple[name])(text)
        except ValueError as error:
            raise ConfigurationError(f"{name} must be a {type(simple[name]).__name__}; got {text!r}") from error
    return replace(base, **values)  # type: ignore[arg-type]

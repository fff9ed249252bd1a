"""Which weights a recipe may begin with."""

from __future__ import annotations

from opir.errors import ConfigurationError
from opir.model.config import NetworkConfig
from opir.model.extend import may_extend
from opir.training.recipe import Recipe


def check_start(recipe: Recipe, start: NetworkConfig) -> None:
    """Check that weights to begin with are those of the recipe's network, but for blocks or a rank that they lack.

    Raises:
        ConfigurationError: naming the settings that differ.
    """
    if may_extend(start, recipe.model):
        return
    differing = [name for name, value in vars(start).items() if getattr(recipe.model, name) != value]
    if differing:
        listed = ", ".join(f"{name}={getattr(start, name)}" for name in differing)
        raise ConfigurationError(
            f"the network must be that of the weights to start from, {listed}; "
            f"got {', '.join(f'{name}={getattr(recipe.model, name)}' for name in differing)}: "
            "leave the network as it is, name other weights, or train from scratch"
        )


def check_from_scratch(recipe: Recipe) -> None:
    """Check that a recipe may begin with random weights: an estimator that is kept as it is must have been trained.

    Raises:
        ConfigurationError: naming what needs trained weights.
    """
    kept = [part for part in recipe.frozen if part.partition(".")[0] == "estimator"]
    if kept or recipe.fresh:
        parts = [f"frozen: {part}" for part in kept] + [f"fresh: {part}" for part in recipe.fresh]
        raise ConfigurationError(
            f"the recipe {recipe.name!r} needs weights to start from ({', '.join(parts)}); got none: give --start-from"
        )

"""Which weights a recipe may begin with, and what it makes of them."""

from __future__ import annotations

from typing import Final

from opir.errors import ConfigurationError
from opir.model.config import NetworkConfig
from opir.model.extend import extended, may_extend
from opir.model.network import RestorationNetwork
from opir.training.fresh import begin_anew
from opir.training.recipe import Recipe

TRUNK: Final = ("predictor", "head", "task_parameters")
"""Parts of the network that are not its estimator."""


def takes_estimator_alone(recipe: Recipe, start: NetworkConfig) -> bool:
    """Tell whether a recipe begins its whole trunk from nothing behind the estimator of the weights to start from.

    Then the trunk may be another than that of the weights.
    """
    return set(TRUNK) <= set(recipe.fresh) and recipe.model.may_be_expert_of(start)


def check_start(recipe: Recipe, start: NetworkConfig) -> None:
    """Check that weights to begin with are those of the recipe's network, but for blocks or a rank that they lack, or
    for a trunk that begins from nothing.

    Raises:
        ConfigurationError: naming the settings that differ.
    """
    if may_extend(start, recipe.model) or takes_estimator_alone(recipe, start):
        return
    differing = [name for name, value in vars(start).items() if getattr(recipe.model, name) != value]
    if differing:
        listed = ", ".join(f"{name}={getattr(start, name)}" for name in differing)
        raise ConfigurationError(
            f"the network must be that of the weights to start from, {listed}; "
            f"got {', '.join(f'{name}={getattr(recipe.model, name)}' for name in differing)}: "
            "leave the network as it is, name other weights, or train from scratch"
        )


def begun(recipe: Recipe, start: RestorationNetwork) -> RestorationNetwork:
    """Return the network that a recipe trains, with what it takes of the weights to start from.

    Parts that begin anew are drawn from torch's random numbers.

    Raises:
        ConfigurationError: as :func:`check_start`.
    """
    check_start(recipe, start.config)
    if not may_extend(start.config, recipe.model):
        network = RestorationNetwork(recipe.model)
        network.estimator.load_state_dict(start.estimator.state_dict())
        return network
    network = extended(start, recipe.model)
    begin_anew(network, recipe.fresh)
    return network


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

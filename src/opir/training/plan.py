"""What a run will do, settled before it starts: the recipe after all changes, for this data and this machine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from opir.data.training_folder import TrainingFolder
from opir.model.config import NetworkConfig
from opir.model.network import RestorationNetwork
from opir.model.parts import parameters_of_parts
from opir.training.fit_to_data import with_all_pairs, without_missing_pairs
from opir.training.machine_sizes import machine_size, on_machine
from opir.training.overrides import override
from opir.training.recipe import Recipe


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A run, but for its folder."""

    recipe: Recipe
    """What is trained."""

    n_workers: int
    """Processes that make samples, for each training process."""

    notes: tuple[str, ...]
    """What was chosen or left out, one line each."""


def plan_run(
    base: Recipe,
    folder: TrainingFolder | None,
    *,
    model: NetworkConfig | None = None,
    changes: Sequence[str] = (),
    machine: str | None = None,
    n_processes: int = 1,
) -> Plan:
    """Settle a run.

    The network is replaced first, then the changes are made, then the recipe is fitted to machine and data; what the
    changes say has the last word.

    Args:
        base: a named recipe.
        folder: the data; None for a look at the recipe alone.
        model: the network, instead of the recipe's own.
        changes: see :func:`opir.training.overrides.override`.
        machine: a name from :data:`opir.training.machine_sizes.MACHINE_SIZES`; None leaves the recipe as it is.
        n_processes: training processes that share a batch.

    Raises:
        ConfigurationError: if a name or value is wrong, that of a part of the network too, or the data lack what the
            recipe needs.
    """
    recipe = base if model is None else base.with_model(model)
    if folder is not None:
        recipe = with_all_pairs(recipe, folder.n_pictures)
    recipe = override(recipe, changes)
    n_workers = 1
    if machine is not None:
        size = machine_size(machine)
        recipe = override(on_machine(recipe, size, n_processes=n_processes), changes)
        n_workers = size.n_workers
    with torch.device("meta"):  # names alone: no values are drawn
        network = RestorationNetwork(recipe.model)
    for option in ("frozen", "fresh"):
        parameters_of_parts(network, getattr(recipe, option), option=option)
    anew = (f"with random weights begin: {', '.join(recipe.fresh)}",) if recipe.fresh else ()
    if folder is None:
        return Plan(recipe=recipe, n_workers=n_workers, notes=anew)
    recipe, left_out = without_missing_pairs(recipe, folder.n_pictures)
    return Plan(recipe=recipe, n_workers=n_workers, notes=(*folder.notes, *left_out, *anew))

"""How machines of different size compute the same recipe."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Final

from opir.errors import ConfigurationError
from opir.training.recipe import Recipe, Sampling


@dataclass(frozen=True, kw_only=True)
class MachineSize:
    """What a machine can do. Nothing in here changes the samples per step, the crops or the number of steps."""

    summary: str
    """What kind of machine it is, in one line."""

    micro_batch_pixels: int | None
    """Largest micro-batch [px over all its crops]; larger batches are accumulated. None: any batch fits."""

    sampling: Sampling
    """Where samples are made."""

    n_workers: int
    """Processes that make samples."""


MACHINE_SIZES: Final[Mapping[str, MachineSize]] = {
    "small": MachineSize(
        summary="a laptop: two cores, 4 GB", micro_batch_pixels=8 * 96**2, sampling="stream", n_workers=1
    ),
    "medium": MachineSize(
        summary="a workstation: eight cores, 16 GB", micro_batch_pixels=32 * 96**2, sampling="stream", n_workers=4
    ),
    "large": MachineSize(
        summary="a graphics card: samples are made on it", micro_batch_pixels=None, sampling="resident", n_workers=0
    ),
}
"""Name -> machine."""


def machine_size(name: str) -> MachineSize:
    """Return a machine size by name.

    Raises:
        ConfigurationError: if there is none; the nearest name is suggested.
    """
    if name not in MACHINE_SIZES:
        nearest = get_close_matches(name, MACHINE_SIZES, n=1)
        hint = f"; did you mean {nearest[0]!r}?" if nearest else ""
        raise ConfigurationError(f"machine must be one of {', '.join(MACHINE_SIZES)}; got {name!r}{hint}")
    return MACHINE_SIZES[name]


def on_machine(recipe: Recipe, size: MachineSize, *, n_processes: int = 1) -> Recipe:
    """The recipe with the sampling and the fewest micro-batches with which the machine computes the same steps.

    Where even single samples are larger than the machine's micro-batch, every sample is a micro-batch of its own.

    Args:
        recipe: what to train.
        size: the machine.
        n_processes: training processes that share a batch.
    """
    shared = max(1, math.gcd(*(phase.batch_size for phase in recipe.phases)) // n_processes)
    largest = max(phase.batch_size * phase.crop_size**2 for phase in recipe.phases) / n_processes
    limit = largest if size.micro_batch_pixels is None else size.micro_batch_pixels
    divisors = (n for n in range(1, shared) if shared % n == 0)
    accumulate = next((n for n in divisors if largest / n <= limit), shared)
    return replace(recipe, accumulate=accumulate, sampling=size.sampling)

"""The training mixture: how samples are made, how often, and what is known about them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from opir.data.darkened import LARGEST_EXPONENT
from opir.errors import ConfigurationError
from opir.physics.catalogue import OPERATORS
from opir.physics.compose import compose, draw_subsets
from opir.tasks import TASKS, Task

LARGEST_FACTOR = 4.0
"""By which a crop may be enlarged or reduced; beyond that nothing but blobs is left, or hardly a crop fits."""


@dataclass(frozen=True, kw_only=True)
class Ingredient:
    """One way of making training samples, and how often it is used."""

    weight: float
    """Share of the samples, relative to the other ingredients."""

    bank: str
    """Name of the image bank that crops are cut from."""

    operators: tuple[str, ...] = ()
    """Names from :data:`opir.physics.catalogue.OPERATORS`; they act in physical order. None for real pairs."""

    n_drawn: tuple[int, int] | None = None
    """Fewest and most operators drawn for a sample, no task twice; None applies all of them."""

    tasks: tuple[Task, ...] = ()
    """Degradations already present in the bank's pictures."""

    enlarged: float = 1.0
    """Largest factor by which crops are enlarged before they are degraded; 1 for never. Many photographs are soft at
    their full size without being blurred, and those of training are mostly reduced from larger ones."""

    reduced: float = 1.0
    """Largest factor by which crops are reduced before they are degraded, as far as the bank's pictures are large
    enough; 1 for never. Haze and darkness are judged by the whole picture, of which crops should show most."""

    black_point: float = 0.0
    """Share of the samples, 0 to 1, in which the darkest values of the clean crop become black before it is degraded;
    see :mod:`opir.data.black_point`."""

    darkened: float = 1.0
    """Largest exponent to which clean crops are raised before they are degraded, 1 for never; see
    :mod:`opir.data.darkened`. Without dark subjects among hazy pictures, how bright they are tells how dense the haze
    is, and a dark room in haze is left grey."""

    layers_of: str | None = None
    """Name of a bank of pairs whose layers, of ``tasks``, are laid over clean crops; see :mod:`opir.data.layers`."""

    may_hide: tuple[Task, ...] = ()
    """Degradations that the bank's pictures may have without a label; the loss on task weights ignores them."""

    @property
    def banks(self) -> tuple[str, ...]:
        """Names of all image banks that it takes from."""
        return (self.bank,) if self.layers_of is None else (self.bank, self.layers_of)

    @property
    def of_pairs(self) -> bool:
        """Whether its crops are degraded already."""
        return bool(self.tasks) and self.layers_of is None

    @property
    def resized(self) -> bool:
        """Whether crops are enlarged or reduced at all."""
        return self.enlarged > 1 or self.reduced > 1


class Sample(NamedTuple):
    """One training sample, or a batch of them with a leading dimension B."""

    degraded: Tensor
    """(3, S, S), sRGB in [0, 1], quantised to 8 bits; not those whose blur was undone."""

    clean: Tensor
    """(3, S, S), sRGB in [0, 1]."""

    surroundings: Tensor
    """(3, V, V), V >= S: the degraded picture around the crop, which the estimator looks at, as it looks at whole
    pictures in use. A crop alone may be too small to tell a dark subject from a dark exposure."""

    labels: Tensor
    """(T,), 1 where a task is present."""

    known: Tensor
    """(T,), 1 where the label may be trusted."""

    told: Tensor
    """(), 1 if the network is to be told the labels instead of estimating them."""


def check_mixture(banks: Collection[str], ingredients: Mapping[str, Ingredient]) -> None:
    """Check that the mixture names only what exists, before any training.

    Raises:
        ConfigurationError: naming every unknown bank and operator, and every impossible number, at once.
    """
    problems: list[str] = []
    for name, ingredient in ingredients.items():
        problems += [f"{name}: no pictures in {bank!r}" for bank in ingredient.banks if bank not in banks]
        problems += [f"{name}: unknown operator {kind!r}" for kind in ingredient.operators if kind not in OPERATORS]
        low, high = ingredient.n_drawn or (0, 0)
        if not 0 <= low <= high <= len(ingredient.operators):
            problems.append(f"{name}: cannot draw {low} to {high} of {len(ingredient.operators)} operators")
        for way, factor in (("enlarged", ingredient.enlarged), ("reduced", ingredient.reduced)):
            if not 1 <= factor <= LARGEST_FACTOR:
                problems.append(f"{name}: {way} must lie between 1 and {LARGEST_FACTOR}; got {factor}")
        if not 0 <= ingredient.black_point <= 1:
            problems.append(f"{name}: black_point must lie between 0 and 1; got {ingredient.black_point}")
        if ingredient.black_point and ingredient.of_pairs:
            problems.append(f"{name}: black_point is for clean pictures, not for pairs")
        if not 1 <= ingredient.darkened <= LARGEST_EXPONENT:
            problems.append(f"{name}: darkened must lie between 1 and {LARGEST_EXPONENT}; got {ingredient.darkened}")
        if ingredient.darkened > 1 and ingredient.of_pairs:
            problems.append(f"{name}: darkened is for clean pictures, not for pairs")
        if ingredient.layers_of is not None and not ingredient.tasks:
            problems.append(f"{name}: tasks must say what the layers of {ingredient.layers_of!r} are")
        if ingredient.weight < 0:
            problems.append(f"{name}: negative weight")
    if not any(ingredient.weight > 0 for ingredient in ingredients.values()):
        problems.append("no ingredient has a weight")
    if problems:
        raise ConfigurationError(f"the training mixture must name what exists; {'; '.join(problems)}")


def degrade(image: Tensor, ingredient: Ingredient, generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
    """Degrade crops as an ingredient says, and quantise them to 8 bits as real files are.

    Args:
        image: (B, 3, S, S), sRGB in [0, 1].
        ingredient: what to apply; every image gets parameters of its own.
        generator: source of all randomness, on the image's device.

    Returns:
        The degraded crops; labels (B, T), 1 where a task is present; and (B, T), 1 where the label may be trusted.
    """
    present = None
    if ingredient.n_drawn is not None:
        present = draw_subsets(len(image), ingredient.operators, *ingredient.n_drawn, generator)
    composition = compose(image, ingredient.operators, generator, present=present)
    already = torch.tensor([float(task in ingredient.tasks) for task in TASKS], device=image.device)
    labels = torch.maximum(composition.labels.to(image.device), already)
    may_hide = torch.tensor([task in ingredient.may_hide for task in TASKS], device=image.device)
    known = torch.where(may_hide, labels, torch.ones_like(labels))
    return torch.round(composition.image.clamp(0, 1) * 255) / 255, labels, known

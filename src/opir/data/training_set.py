"""Training samples: crops with degradations drawn on the fly, mixed with real pairs, labelled by task."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from opir.data.image_bank import ImageBank, Picture
from opir.errors import ConfigurationError
from opir.physics.catalogue import OPERATORS
from opir.tasks import TASKS, Task


@dataclass(frozen=True, kw_only=True)
class Ingredient:
    """One way of making training samples, and how often it is used."""

    weight: float
    """Share of the samples, relative to the other ingredients."""

    bank: str
    """Name of the image bank that crops are cut from."""

    operators: tuple[str, ...] = ()
    """Names from :data:`opir.physics.catalogue.OPERATORS`, applied one after the other; none for real pairs."""

    tasks: tuple[Task, ...] = ()
    """Degradations already present in the bank's pictures."""

    may_hide: tuple[Task, ...] = ()
    """Degradations that the bank's pictures may have without a label; the loss on task weights ignores them."""


class Sample(NamedTuple):
    """One training sample, or a batch of them with a leading dimension B."""

    degraded: Tensor
    """(3, S, S), sRGB in [0, 1], quantised to 8 bits."""

    clean: Tensor
    """(3, S, S), sRGB in [0, 1]."""

    labels: Tensor
    """(T,), 1 where a task is present."""

    known: Tensor
    """(T,), 1 where the label may be trusted."""

    told: Tensor
    """(), 1 if the network is to be told the labels instead of estimating them."""


class TrainingSet(Dataset[Sample]):
    """An endless, reproducible stream: sample k depends on the seed and on k alone.

    Whatever the number of workers, and wherever a run resumes, sample k is the same.
    """

    def __init__(
        self,
        banks: Mapping[str, ImageBank],
        ingredients: Mapping[str, Ingredient],
        *,
        crop_size: int,
        seed: int,
        told_share: float = 0.25,
    ) -> None:
        problems = [
            f"{name}: unknown {what} {value!r}"
            for name, ingredient in ingredients.items()
            for what, values, known in (
                ("bank", (ingredient.bank,), banks.keys()),
                ("operator", ingredient.operators, OPERATORS.keys()),
            )
            for value in values
            if value not in known
        ]
        if problems or not ingredients:
            raise ConfigurationError(f"the training mixture must name what exists; {'; '.join(problems) or 'empty'}")
        self._banks = dict(banks)
        self._names = tuple(ingredients)
        self._ingredients = tuple(ingredients.values())
        weights = np.array([ingredient.weight for ingredient in self._ingredients])
        self._shares = weights / weights.sum()
        self._crop_size = crop_size
        self._seed = seed
        self._told_share = told_share

    def __getitem__(self, k: int) -> Sample:
        """Make sample k."""
        generator = np.random.default_rng((self._seed, k))
        ingredient = self._ingredients[int(generator.choice(len(self._ingredients), p=self._shares))]
        source, target = self._banks[ingredient.bank].crop(self._crop_size, generator)
        draws = torch.Generator().manual_seed(int(generator.integers(2**62)))
        degraded, clean = _to_tensor(source), _to_tensor(target)
        for name in ingredient.operators:
            operator = OPERATORS[name]
            degraded = operator.apply(degraded, operator.sample(1, draws))
        degraded = torch.round(degraded.clamp(0, 1) * 255) / 255
        present = {*ingredient.tasks, *(OPERATORS[name].task for name in ingredient.operators)}
        return Sample(
            degraded[0],
            clean[0],
            torch.tensor([float(task in present) for task in TASKS]),
            torch.tensor([float(task in present or task not in ingredient.may_hide) for task in TASKS]),
            torch.tensor(float(generator.random() < self._told_share)),
        )


class Positions(torch.utils.data.Sampler[int]):
    """Sample numbers from ``start`` up to ``stop``, in order; resuming is starting later."""

    def __init__(self, start: int, stop: int) -> None:
        self._numbers: Sequence[int] = range(start, stop)

    def __iter__(self) -> Iterator[int]:
        return iter(self._numbers)

    def __len__(self) -> int:
        return len(self._numbers)


def _to_tensor(picture: Picture) -> Tensor:
    """(H, W, 3) uint8 to (1, 3, H, W) float32 in [0, 1]."""
    return torch.from_numpy(picture).permute(2, 0, 1)[None].float() / 255

"""The training mixture on one device: pictures in its memory, crops gathered and degraded there in batches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
import torch
from torch import Tensor

from opir.data.black_point import with_black_point
from opir.data.crop_window import resize, source_size, window
from opir.data.darkened import darkened
from opir.data.image_bank import ImageBank, Picture
from opir.data.layers import N_DRAWS, banks_of_layers, lay_over
from opir.data.mixture import Ingredient, Sample, check_mixture, degrade


@dataclass(frozen=True, kw_only=True)
class ResidentBank:
    """A bank's pictures, all pixels of all pictures in one tensor."""

    degraded: Tensor
    """(N, 3), uint8, sRGB code values, picture after picture, row by row; the same tensor as ``clean`` if equal."""

    clean: Tensor
    """(N, 3), uint8."""

    starts: Tensor
    """(P,), int64, the first pixel of each picture."""

    sizes: Tensor
    """(P, 2), int64, height and width."""

    smallest_side: int
    """Of all pictures [px]."""

    chances: Tensor
    """(P,), probability of each picture, as in :meth:`opir.data.image_bank.ImageBank.crop`."""

    @classmethod
    def from_bank(cls, bank: ImageBank, device: torch.device) -> Self:
        """Copy a bank to a device."""
        sizes = torch.tensor([picture.shape[:2] for picture in bank.clean])
        areas = sizes.prod(dim=1)
        clean = _flatten(bank.clean, device)
        same = all(one is other for one, other in zip(bank.degraded, bank.clean, strict=True))
        return cls(
            degraded=clean if same else _flatten(bank.degraded, device),
            clean=clean,
            starts=(areas.cumsum(0) - areas).to(device),
            sizes=sizes.to(device),
            smallest_side=int(sizes.min()),
            chances=(areas.sqrt() / areas.sqrt().sum()).to(device),
        )

    def crops(self, n: int, size: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Gather ``n`` aligned crops, randomly placed, flipped and turned.

        Returns:
            Degraded and clean crops, each (n, 3, S, S), float32, sRGB in [0, 1]; S is ``size``, or the shortest side of
            the bank's pictures where that is smaller.
        """
        size = min(size, self.smallest_side)
        device = generator.device
        picture = torch.multinomial(self.chances, n, replacement=True, generator=generator)
        height, width = self.sizes[picture].unbind(1)
        place = torch.rand(2, n, generator=generator, device=device)
        top = (place[0] * (height - size + 1)).long()
        left = (place[1] * (width - size + 1)).long()
        mirror_rows, mirror_columns, transpose = torch.randint(
            0, 2, (3, n, 1, 1), generator=generator, device=device, dtype=torch.bool
        )
        steps = torch.arange(size, device=device)
        rows, columns = steps[None, :, None].expand(n, size, size), steps[None, None, :].expand(n, size, size)
        rows, columns = torch.where(transpose, columns, rows), torch.where(transpose, rows, columns)
        rows = torch.where(mirror_rows, size - 1 - rows, rows) + top[:, None, None]
        columns = torch.where(mirror_columns, size - 1 - columns, columns) + left[:, None, None]
        pixels = self.starts[picture][:, None, None] + rows * width[:, None, None] + columns

        def gather(source: Tensor) -> Tensor:
            return source[pixels].permute(0, 3, 1, 2).float().div_(255)

        clean = gather(self.clean)
        return clean if self.degraded is self.clean else gather(self.degraded), clean


class ResidentTrainingSet:
    """The same mixture as :class:`~opir.data.training_set.TrainingSet`, made batch by batch on one device.

    Batch k depends on the seed, the batch size, the device's kind and k alone. All samples of an ingredient in a
    batch are degraded together, so the cost per sample falls with the batch size.
    """

    def __init__(
        self,
        banks: Mapping[str, ImageBank],
        ingredients: Mapping[str, Ingredient],
        *,
        batch_size: int,
        crop_size: int,
        seed: int,
        device: torch.device | str,
        told_share: float = 0.25,
        surroundings_size: int | None = None,
    ) -> None:
        check_mixture(banks, ingredients)
        self._device = torch.device(device)
        used = {ingredient.bank for ingredient in ingredients.values()}
        self._banks = {name: ResidentBank.from_bank(banks[name], self._device) for name in sorted(used)}
        layered = banks_of_layers(banks, ingredients.values())
        self._layers = {name: ResidentBank.from_bank(bank, self._device) for name, bank in layered.items()}
        self._ingredients = tuple(ingredients.values())
        weights = np.array([ingredient.weight for ingredient in self._ingredients])
        self._shares = weights / weights.sum()
        self._batch_size = batch_size
        self._crop_size = crop_size
        self._seed = seed
        self._told_share = told_share
        self._surroundings_size = surroundings_size or crop_size

    def batch(self, k: int) -> Sample:
        """Make batch k; every field has a leading dimension of the batch size."""
        numbers = np.random.default_rng((self._seed, k))
        counts = numbers.multinomial(self._batch_size, self._shares)
        generator = torch.Generator(self._device).manual_seed(int(numbers.integers(2**62)))
        parts: list[tuple[Tensor, ...]] = []
        for ingredient, count in zip(self._ingredients, counts.tolist(), strict=True):
            if count:
                size = self._surroundings_size
                if ingredient.resized:  # one factor for all of them
                    draw = numbers.random()
                    size = source_size(size, enlarged=ingredient.enlarged, reduced=ingredient.reduced, draw=draw)
                crops = self._banks[ingredient.bank].crops(count, size, generator)
                source, clean = (resize(crop, self._surroundings_size) for crop in crops)
                if ingredient.black_point:
                    stretched = torch.rand(count, 1, 1, 1, generator=generator, device=self._device)
                    source = clean = torch.where(stretched < ingredient.black_point, with_black_point(clean), clean)
                if ingredient.darkened > 1:
                    draws = torch.rand(count, generator=generator, device=self._device)
                    source = clean = darkened(clean, ingredient.darkened, draws)
                if ingredient.layers_of is not None:
                    pairs = self._layers[ingredient.layers_of].crops(count, self._surroundings_size, generator)
                    before, after = (resize(crop, self._surroundings_size) for crop in pairs)
                    draws = torch.rand(count, N_DRAWS, generator=generator, device=self._device)
                    source = lay_over(source, before, after, draws)
                degraded, labels, known = degrade(source, ingredient, generator)
                parts.append((degraded, clean, labels, known))
        degraded, clean, labels, known = (torch.cat(fields) for fields in zip(*parts, strict=True))
        told = torch.rand(self._batch_size, generator=generator, device=self._device) < self._told_share
        surroundings = degraded
        if self._surroundings_size > self._crop_size:
            places = numbers.random((self._batch_size, 2)).tolist()
            windows = [window(self._surroundings_size, self._crop_size, (top, left)) for top, left in places]
            degraded, clean = (
                torch.stack(
                    [picture[:, rows, columns] for picture, (rows, columns) in zip(pictures, windows, strict=True)]
                )
                for pictures in (degraded, clean)
            )
        return Sample(degraded, clean, surroundings, labels, known, told.float())


def _flatten(pictures: tuple[Picture, ...], device: torch.device) -> Tensor:
    return torch.cat([torch.from_numpy(picture.reshape(-1, 3)) for picture in pictures]).to(device)

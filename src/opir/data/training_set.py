"""The training mixture as a numbered stream of samples, for any machine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from opir.data.black_point import with_black_point
from opir.data.crop_window import resize, source_size, window
from opir.data.darkened import darkened
from opir.data.image_bank import ImageBank, Picture
from opir.data.layers import N_DRAWS, banks_of_layers, lay_over
from opir.data.mixture import Ingredient, Sample, check_mixture, degrade
from opir.tasks import TASKS

UndoBlur: TypeAlias = Callable[[Tensor], Tensor]
"""Maps blurred pictures (1, 3, H, W), sRGB in [0, 1], to deconvolved ones, as is done before the network in use."""

UNDONE_SHARE: Final = 0.8
"""Share of the blurred samples that are deconvolved: in use some pictures have no kernel that holds all over."""

_BLUR: Final = TASKS.index("blur")


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
        surroundings_size: int | None = None,
        undo_blur: UndoBlur | None = None,
    ) -> None:
        check_mixture(banks, ingredients)
        self._banks = dict(banks)
        self._layers = banks_of_layers(banks, ingredients.values())
        self._ingredients = tuple(ingredients.values())
        weights = np.array([ingredient.weight for ingredient in self._ingredients])
        self._shares = weights / weights.sum()
        self._crop_size = crop_size
        self._seed = seed
        self._told_share = told_share
        self._surroundings_size = surroundings_size or crop_size
        self._undo_blur = undo_blur

    def __getitem__(self, k: int) -> Sample:
        """Make sample k."""
        generator = np.random.default_rng((self._seed, k))
        ingredient = self._ingredients[int(generator.choice(len(self._ingredients), p=self._shares))]
        size = self._surroundings_size
        if ingredient.resized:
            size = source_size(size, enlarged=ingredient.enlarged, reduced=ingredient.reduced, draw=generator.random())
        given, after = self._banks[ingredient.bank].crop(size, generator)
        target = resize(_to_tensor(after), self._surroundings_size)
        source = target if given is after else resize(_to_tensor(given), self._surroundings_size)
        if ingredient.black_point and generator.random() < ingredient.black_point:
            source = target = with_black_point(target)
        if ingredient.darkened > 1:
            source = target = darkened(target, ingredient.darkened, torch.tensor([generator.random()]).float())
        if ingredient.layers_of is not None:
            source = self._with_layer(source, self._layers[ingredient.layers_of], generator)
        draws = torch.Generator().manual_seed(int(generator.integers(2**62)))
        degraded, labels, known = degrade(source, ingredient, draws)
        told = torch.tensor(float(generator.random() < self._told_share))
        place = (generator.random(), generator.random())
        rows, columns = window(self._surroundings_size, self._crop_size, place)
        before = degraded
        if self._undo_blur is not None and labels[0, _BLUR] > 0 and generator.random() < UNDONE_SHARE:
            before = self._undo_blur(degraded)
        crop, clean = (picture[0][:, rows, columns] for picture in (before, target))
        return Sample(crop, clean, degraded[0], labels[0], known[0], told)

    def _with_layer(self, source: Tensor, pairs: ImageBank, generator: np.random.Generator) -> Tensor:
        pair = pairs.crop(self._surroundings_size, generator)
        before, after = (resize(_to_tensor(picture), self._surroundings_size) for picture in pair)
        return lay_over(source, before, after, torch.from_numpy(generator.random((1, N_DRAWS))))


def _to_tensor(picture: Picture) -> Tensor:
    """(H, W, 3) uint8 to (1, 3, H, W) float32 in [0, 1]."""
    return torch.from_numpy(picture).permute(2, 0, 1)[None].float() / 255

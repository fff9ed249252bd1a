"""Blurred samples that are deconvolved before the network sees them."""

from __future__ import annotations

import torch

from conftest_data import small_banks
from opir.data.mixture import Ingredient
from opir.data.training_set import TrainingSet


def test_blurred_crops_are_deconvolved_and_their_surroundings_are_not():
    ingredients = {
        "motion": Ingredient(weight=1, bank="clean", operators=("motion_blur",)),
        "noise": Ingredient(weight=1, bank="clean", operators=("gaussian_noise",)),
    }
    banks = small_banks()
    settings = {"crop_size": 16, "surroundings_size": 32, "seed": 0}
    plain = TrainingSet(banks, ingredients, **settings)
    undone = TrainingSet(banks, ingredients, **settings, undo_blur=lambda picture: 1 - picture)
    n_undone = {True: 0, False: 0}
    for k in range(40):
        one, other = plain[k], undone[k]
        assert torch.equal(one.surroundings, other.surroundings)
        assert torch.equal(one.labels, other.labels)
        blurred = bool(one.labels[4])
        for crop in (one.degraded, other.degraded):  # the place of the crop is drawn after
            assert crop.shape == (3, 16, 16)
        inverted = not _is_part(other.degraded, other.surroundings)
        assert blurred or not inverted
        n_undone[blurred] += inverted
    assert 10 <= n_undone[True] < 20  # about 80 % of about 20


def _is_part(crop, picture):
    return any(
        torch.equal(crop, picture[:, top : top + 16, left : left + 16]) for top in (0, 8, 16) for left in (0, 8, 16)
    )

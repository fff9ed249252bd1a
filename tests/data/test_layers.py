"""Layers of pairs: what was added to one picture is found, and laid over another."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from conftest_data import small_banks
from opir.data.image_bank import ImageBank
from opir.data.layers import (
    BRIGHTNESS,
    LARGEST_SIDE,
    MOST_AMPLIFIED,
    MOST_VEIL,
    STEEPEST,
    STRENGTH,
    VEIL_REACH,
    is_only_light,
    laid_over,
    layer_of,
    pairs_with_layers,
    with_veil,
)
from opir.data.mixture import Ingredient, Sample
from opir.data.resident import ResidentTrainingSet
from opir.data.training_set import TrainingSet
from opir.errors import ConfigurationError, DatasetError
from opir.training.fit_to_data import without_missing_pairs
from opir.training.recipe import Recipe

RAINY = Ingredient(weight=1.0, bank="clean", layers_of="rain_pairs", tasks=("rain",))


def bank_of(degraded: np.ndarray, clean: np.ndarray) -> ImageBank:
    return ImageBank(names=("pair",), degraded=(degraded,), clean=(clean,))


def rainy_banks(added: int = 60) -> dict[str, ImageBank]:
    """Stripes of one brightness over a grey picture; a little is darker, so they are not taken for light alone."""
    clean = np.full((40, 48, 3), 90, np.uint8)
    degraded = clean.copy()
    degraded[:, ::5] += np.uint8(added)
    degraded[:, 1::10] -= 3
    return small_banks() | {"rain_pairs": bank_of(degraded, clean)}


def test_the_layer_is_what_was_added_wherever_one_channel_was_not_clipped():
    generator = torch.Generator().manual_seed(0)
    clean = torch.rand(4, 3, 9, 11, generator=generator)
    clean[:, 0] *= 0.4  # at most 0.9 with the layer: never clipped
    added = torch.rand(4, 1, 9, 11, generator=generator) * 0.5
    layer = layer_of((clean + added).clamp(max=1), clean)
    torch.testing.assert_close(layer, added, rtol=0, atol=1e-6)
    assert (((clean + added) > 1).any(dim=1)).float().mean() > 0.2  # or the test shows nothing


def test_where_all_is_clipped_the_layer_is_a_lower_bound_and_what_is_darker_is_left_out():
    clean = torch.full((1, 3, 1, 2), 0.75)
    degraded = torch.tensor([1.0, 0.5]).expand(1, 3, 1, 2)
    assert layer_of(degraded, clean).flatten().tolist() == [0.25, 0.0]


def test_layers_are_added_or_screened_with_a_strength():
    crops = torch.tensor([0.2, 0.6])[None, None, None].expand(2, 3, 1, 2)
    layers = torch.full((2, 1, 1, 2), 0.5)
    light = torch.tensor([True, False])
    added, screened = laid_over(crops, layers, light, torch.tensor([[0.0, 0.0, 0.49], [0.999999, 0.9, 0.9]]))
    torch.testing.assert_close(added[0, 0], torch.tensor([0.2, 0.6]) + 0.5 * STRENGTH[0])
    strongest = 0.5 * STRENGTH[1]
    torch.testing.assert_close(screened[0, 0], torch.tensor([0.2 + 0.8 * strongest, 0.6 + 0.4 * strongest]))
    assert laid_over(crops, layers * 9, light, torch.zeros(2, 3)).max() == 1


@pytest.mark.parametrize(
    ("mean", "draw", "expected"),
    [
        (0.1, 0.5, BRIGHTNESS[0] * 2),  # no weaker than 0.6 of what it is
        (0.05, 0.999999, BRIGHTNESS[1] * 6 / 7),  # no stronger than six times
        (0.05, 0.75, (BRIGHTNESS[0] * BRIGHTNESS[1]) ** 0.5),
        (0.2, 0.999999, BRIGHTNESS[1]),
    ],
)
def test_layers_of_light_alone_are_brought_to_a_brightness(mean, draw, expected):
    assert (STRENGTH[0], MOST_AMPLIFIED, BRIGHTNESS) == (0.6, 6.0, (0.03, 0.35))  # what the cases are made for
    crops, layer = torch.zeros(1, 3, 4, 4), torch.zeros(1, 1, 4, 4)
    layer[..., ::2] = 2 * mean
    brought = laid_over(crops, layer, torch.tensor([True]), torch.tensor([[0.0, 0.0, draw]]))
    assert float(brought.mean()) == pytest.approx(expected, rel=1e-4)
    assert (brought[..., 1::2] == 0).all()


def test_a_veil_follows_the_streaks_in_front_of_it():
    layers = torch.zeros(1, 1, 90, 120)
    layers[..., :60] = 0.1
    even = torch.tensor([[1.0, 0.0, 0.0, 1.0]])  # most veil, lit evenly
    veiled = with_veil(layers, torch.tensor([True]), even)[0, 0]
    inside, outside = 60 - VEIL_REACH, 60 + VEIL_REACH
    torch.testing.assert_close(veiled[:, :inside], torch.full((90, inside), 0.1 * (1 + MOST_VEIL)))
    torch.testing.assert_close(veiled[:, 59], torch.full((90,), 0.1 + MOST_VEIL * 0.1 * 21 / 41))
    assert veiled[:, outside:].abs().max() < 1e-6
    faint = with_veil(layers, torch.tensor([True]), torch.tensor([[0.5, 0.0, 0.0, 1.0]]))
    torch.testing.assert_close(faint, layers)


def test_light_comes_from_one_side():
    layers = torch.full((1, 1, 60, 60), 0.1)
    right = with_veil(layers, torch.tensor([True]), torch.tensor([[0.5, 0.25, 0.25, 0.0]]))[0, 0]
    expected = 0.1 * (0.25 + STEEPEST * 0.25 * torch.linspace(-0.5, 0.5, 60)).clamp(min=0)
    torch.testing.assert_close(right, expected.expand(60, 60))


@pytest.mark.parametrize(("light", "amount"), [(False, 0.9), (True, 0.49)])
def test_other_layers_get_no_veil(light, amount):
    layers = torch.rand(1, 1, 50, 50, generator=torch.Generator().manual_seed(0))
    assert with_veil(layers, torch.tensor([light]), torch.tensor([[amount, 0.9, 0.3, 0.1]])).equal(layers)


def test_crops_smaller_than_the_squares_of_the_veil_get_one_too():
    layers = torch.rand(2, 1, 9, 17, generator=torch.Generator().manual_seed(0))
    veiled = with_veil(layers, torch.ones(2, dtype=torch.bool), torch.tensor([[0.9, 0.0, 0.0, 1.0]]).expand(2, 4))
    assert veiled.shape == layers.shape
    assert (veiled > layers).all()


def test_what_was_compressed_or_not_changed_at_all_is_not_only_light():
    clean = torch.full((3, 3, 4, 4), 0.5)
    degraded = clean.clone()
    degraded[:2, :, ::2] += 0.2
    degraded[1, :, 1, 0] -= 0.05
    assert is_only_light(degraded, clean).tolist() == [True, False, False]


def test_pairs_without_a_layer_are_left_out_and_large_ones_are_cut():
    clean = np.full((700, 900, 3), 90, np.uint8)
    brighter, bent = clean.copy(), clean.copy()
    brighter[::4] += 50
    bent[::4] += 50
    bent[1::4] -= 20
    pairs = ImageBank(names=("rain", "drops"), degraded=(brighter, bent), clean=(clean, clean))
    usable = pairs_with_layers(pairs)
    assert usable.names == ("rain",)
    assert usable.clean[0].shape == usable.degraded[0].shape == (LARGEST_SIDE, LARGEST_SIDE, 3)
    with pytest.raises(DatasetError, match="something bright added"):
        pairs_with_layers(bank_of(bent, clean))
    with pytest.raises(DatasetError, match="something bright added"):
        pairs_with_layers(bank_of(clean, clean))


@pytest.mark.parametrize("resident", [False, True])
def test_samples_show_their_own_picture_under_the_layer_of_another(resident):
    banks = rainy_banks()
    if resident:
        batch = ResidentTrainingSet(banks, {"r": RAINY}, batch_size=12, crop_size=24, seed=0, device="cpu").batch(0)
        samples = [Sample(*fields) for fields in zip(*batch, strict=True)]
    else:
        samples = [TrainingSet(banks, {"r": RAINY}, crop_size=24, seed=0)[k] for k in range(12)]
    n_added = 0
    for sample in samples:
        change = sample.degraded - sample.clean
        assert change.min() >= 0
        assert sample.labels.tolist() == [0, 1, 0, 0, 0, 0, 0]
        stripes = change.amax(dim=0) > 0.5 / 255
        lines = stripes.float().mean(dim=0), stripes.float().mean(dim=1)  # down or across, as the pair was turned
        assert any(0.15 < float((line > 0.5).float().mean()) < 0.25 for line in lines)
        low, high = (60 / 255 * factor for factor in STRENGTH)
        n_added += low - 1 / 255 <= change.max() <= high + 1 / 255
    assert n_added >= 4  # the others are screened
    assert len({round(float(sample.clean.mean()), 3) for sample in samples}) > 6


@pytest.mark.parametrize("resident", [False, True])
def test_samples_show_veils_behind_layers_of_light_alone(resident):
    clean = np.full((64, 64, 3), 90, np.uint8)
    degraded = clean.copy()
    degraded[:, ::5] += 20
    banks = small_banks() | {"rain_pairs": bank_of(degraded, clean)}
    if resident:
        batch = ResidentTrainingSet(banks, {"r": RAINY}, batch_size=12, crop_size=24, seed=0, device="cpu").batch(0)
        samples = [Sample(*fields) for fields in zip(*batch, strict=True)]
    else:
        samples = [TrainingSet(banks, {"r": RAINY}, crop_size=24, seed=0)[k] for k in range(12)]
    between = [(sample.degraded - sample.clean).flatten().quantile(0.2) > 0 for sample in samples]
    assert 2 <= sum(between) <= 10


def test_layers_need_their_pairs_and_a_task():
    with pytest.raises(ConfigurationError, match="rain_pairs"):
        TrainingSet(small_banks(), {"rainy": RAINY}, crop_size=24, seed=0)
    nameless = Ingredient(weight=1.0, bank="clean", layers_of="rain_pairs")
    with pytest.raises(ConfigurationError, match="tasks must say"):
        TrainingSet(rainy_banks(), {"rainy": nameless}, crop_size=24, seed=0)


def test_black_points_belong_to_layers_but_not_to_pairs():
    banks = rainy_banks()
    stretched = Ingredient(weight=1.0, bank="clean", layers_of="rain_pairs", tasks=("rain",), black_point=1.0)
    samples = TrainingSet(banks, {"rainy": stretched}, crop_size=24, seed=0)
    assert all(samples[k].clean.min() == 0 for k in range(8))
    plain = TrainingSet(banks, {"rainy": RAINY}, crop_size=24, seed=0)
    assert any(plain[k].clean.min() > 0 for k in range(8))
    pairs = Ingredient(weight=1.0, bank="rain_pairs", tasks=("rain",), black_point=1.0)
    with pytest.raises(ConfigurationError, match="not for pairs"):
        TrainingSet(banks, {"pairs": pairs}, crop_size=24, seed=0)


def test_a_folder_without_pairs_of_rain_is_trained_on_without_their_layers():
    recipe = Recipe(name="r", ingredients={"clean": Ingredient(weight=1.0, bank="clean"), "rainy": RAINY})
    left, notes = without_missing_pairs(recipe, {"clean": 5, "rain_pairs": 0})
    assert list(left.ingredients) == ["clean"]
    assert notes == ("rainy is left out: the data folder holds no rain_pairs",)
    with pytest.raises(ConfigurationError, match="clean"):
        without_missing_pairs(recipe, {"rain_pairs": 3})

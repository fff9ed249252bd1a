"""Where training samples come from: banks of pictures, the numbered stream, the stream on a device."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from conftest_data import NOISE, small_banks
from opir.data.black_point import with_black_point
from opir.data.crop_window import resize, source_size
from opir.data.image_bank import ImageBank
from opir.data.mixture import Ingredient, Sample
from opir.data.pairs import CleanImage, Pair
from opir.data.resident import ResidentBank, ResidentTrainingSet
from opir.data.training_folder import open_banks
from opir.data.training_set import TrainingSet
from opir.errors import ConfigurationError, DatasetError, DatasetNotFoundError


@pytest.fixture
def banks():
    return small_banks()


def test_sample_k_depends_on_nothing_but_seed_and_k(banks):
    def make(seed):
        return TrainingSet(banks, NOISE, crop_size=32, seed=seed)

    one, again, other = make(0), make(0), make(1)
    _ = one[3]
    for first, second in zip(one[7], again[7], strict=True):
        assert torch.equal(first, second)
    assert not torch.equal(one[7].degraded, other[7].degraded)
    assert not torch.equal(one[7].degraded, one[8].degraded)


def test_samples_are_labelled_quantised_and_degraded(banks):
    samples = TrainingSet(banks, NOISE, crop_size=32, seed=0)
    sample = samples[0]
    assert sample.degraded.shape == sample.clean.shape == (3, 32, 32)
    assert sample.labels.tolist() == [1, 0, 0, 0, 0, 0, 0]
    levels = sample.degraded * 255
    torch.testing.assert_close(levels, levels.round(), rtol=0, atol=1e-4)
    assert (sample.degraded - sample.clean).abs().mean() > 1e-3


def test_labels_that_may_hide_something_are_not_trusted(banks):
    ingredients = {"dark": Ingredient(weight=1, bank="clean", tasks=("low_light",), may_hide=("noise",))}
    sample = TrainingSet(banks, ingredients, crop_size=16, seed=0)[0]
    assert sample.labels.tolist() == [0, 0, 0, 0, 0, 1, 0]
    assert sample.known.tolist() == [0, 1, 1, 1, 1, 1, 1]


def test_shares_follow_the_weights(banks):
    ingredients = {
        "clean": Ingredient(weight=3.0, bank="clean"),
        "noise": Ingredient(weight=1.0, bank="clean", operators=("gaussian_noise",)),
    }
    samples = TrainingSet(banks, ingredients, crop_size=16, seed=0)
    share = np.mean([samples[k].labels[0].item() for k in range(400)])
    assert 0.18 < share < 0.32


@pytest.mark.parametrize("change", [{"bank": "dirty"}, {"operators": ("fog",)}])
def test_an_unknown_ingredient_is_named_before_training(banks, change):
    ingredients = {"noise": replace(NOISE["noise"], **change)}
    with pytest.raises(ConfigurationError, match=r"dirty|fog"):
        TrainingSet(banks, ingredients, crop_size=16, seed=0)


def test_crops_of_pairs_are_aligned():
    clean = np.arange(40 * 50 * 3, dtype=np.uint32).reshape(40, 50, 3).astype(np.uint8)
    bank = ImageBank(names=("pair",), degraded=(255 - clean,), clean=(clean,))
    for seed in range(10):
        degraded, target = bank.crop(16, np.random.default_rng(seed))
        assert (degraded == 255 - target).all()


def test_bad_pictures_are_all_named_at_once(tmp_path):
    Image.new("RGB", (40, 40)).save(tmp_path / "good.png")
    Image.new("RGB", (10, 40)).save(tmp_path / "small.png")
    Image.new("RGB", (41, 40)).save(tmp_path / "wide.png")
    (tmp_path / "text.png").write_text("no picture")
    good = tmp_path / "good.png"
    pairs = [
        Pair(degraded=tmp_path / name, clean=good, name=name, tasks=()) for name in ("good.png", "wide.png", "text.png")
    ]
    with pytest.raises(DatasetError) as raised:
        ImageBank.read([*pairs, CleanImage(path=tmp_path / "small.png", name="small.png")], min_side=32)
    assert all(name in str(raised.value) for name in ("wide.png", "text.png", "small.png", "3 unusable"))


def write_training_folder(root, names):
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (40, 36)).save(root / name)
    (root / "lowlight" / "SICE_pairs.csv").write_text("low,ref,scene\n10,11,1\n")


TRAINING_FOLDER = (
    "clean/set/a.png", "rain/input/1.png", "rain/target/1.png", "haze/ITS_samples/hazy/3_1_0.9.png",
    "haze/ITS_samples/gt/3.png", "lowlight/LOLv1/low/7.png", "lowlight/LOLv1/high/7.png", "lowlight/SICE/10.png",
    "lowlight/SICE/11.png", "raindrop/rain_image/0_rain.png", "raindrop/clean_image/0_clean.png",
)  # fmt: skip


def test_a_training_folder_becomes_banks(tmp_path):
    write_training_folder(tmp_path, TRAINING_FOLDER)
    banks = open_banks(tmp_path, min_side=32)
    sizes = {name: len(bank) for name, bank in banks.items()}
    assert sizes == {"clean": 1, "rain_pairs": 2, "haze_pairs": 1, "low_light_pairs": 2}


def test_problems_of_all_sets_are_reported_together(tmp_path):
    write_training_folder(tmp_path, (*TRAINING_FOLDER, "rain/input/lonely.png"))
    Image.new("RGB", (8, 8)).save(tmp_path / "clean" / "tiny.png")
    with pytest.raises(DatasetError, match=r"(?s)lonely.*tiny|tiny.*lonely"):
        open_banks(tmp_path, min_side=32)


def test_a_folder_without_photographs_is_refused(tmp_path):
    with pytest.raises(DatasetNotFoundError, match="clean"):
        open_banks(tmp_path, min_side=32)


def test_a_mixture_draws_some_of_its_operators(banks):
    operators = ("haze", "gaussian_noise", "jpeg")
    ingredients = {"mixed": Ingredient(weight=1, bank="clean", operators=operators, n_drawn=(2, 3))}
    samples = TrainingSet(banks, ingredients, crop_size=16, seed=0)
    labels = torch.stack([samples[k].labels for k in range(30)])
    assert set(labels.sum(dim=1).tolist()) == {2, 3}
    assert (labels.mean(dim=0)[[0, 3, 6]] > 0.4).all()


@pytest.mark.parametrize("n_drawn", [(2, 1), (0, 2), (-1, 1)])
def test_impossible_draws_are_refused(banks, n_drawn):
    with pytest.raises(ConfigurationError, match="cannot draw"):
        TrainingSet(banks, {"noise": replace(NOISE["noise"], n_drawn=n_drawn)}, crop_size=16, seed=0)


def test_resident_crops_are_windows_of_the_pictures():
    heights_and_widths = [(20, 31), (33, 24)]
    pictures, start = [], 0
    for height, width in heights_and_widths:
        numbers = np.arange(start, start + height * width, dtype=np.int64).reshape(height, width)
        start += height * width
        pictures.append(np.stack([numbers % 256, numbers // 256, np.zeros_like(numbers)], axis=2).astype(np.uint8))
    bank = ImageBank(names=("a", "b"), degraded=tuple(255 - picture for picture in pictures), clean=tuple(pictures))
    resident = ResidentBank.from_bank(bank, torch.device("cpu"))
    degraded, clean = resident.crops(60, 16, torch.Generator().manual_seed(0))
    torch.testing.assert_close(degraded, 1 - clean, rtol=0, atol=1e-6)
    codes = (clean * 255).round().long()
    numbers = codes[:, 0] + 256 * codes[:, 1]
    seen = set()
    for crop in numbers.numpy():
        which = int(crop.min() >= heights_and_widths[0][0] * heights_and_widths[0][1])
        width = heights_and_widths[which][1]
        steps = {abs(int(crop[1, 0] - crop[0, 0])), abs(int(crop[0, 1] - crop[0, 0]))}
        assert steps == {1, width}
        place = crop - which * 620
        assert place.min() // width + 15 == place.max() // width
        assert place.min() % width + 15 == place.max() % width
        seen.add((which, np.sign(crop[1, 0] - crop[0, 0]), np.sign(crop[0, 1] - crop[0, 0]), crop[1, 0] - crop[0, 0]))
    assert len(seen) > 12  # of two pictures in eight orientations


def test_resident_batches_are_reproducible_labelled_and_quantised(banks):
    ingredients = NOISE | {"clean": Ingredient(weight=1.0, bank="clean")}

    def make(seed):
        return ResidentTrainingSet(
            banks, ingredients, batch_size=12, crop_size=24, seed=seed, device="cpu", told_share=0.5
        )

    one, again, other = make(0).batch(5), make(0).batch(5), make(1).batch(5)
    for first, second in zip(one, again, strict=True):
        assert torch.equal(first, second)
    assert not torch.equal(one.clean, other.clean)
    assert one.degraded.shape == one.clean.shape == (12, 3, 24, 24)
    assert one.labels.shape == one.known.shape == (12, 7)
    levels = one.degraded * 255
    torch.testing.assert_close(levels, levels.round(), rtol=0, atol=1e-4)
    changed = (one.degraded != one.clean).flatten(1).any(dim=1)
    assert torch.equal(changed, one.labels[:, 0] > 0)
    assert 0 < int(changed.sum()) < 12
    assert 0 < one.told.sum() < 12


@pytest.mark.parametrize("resident", [False, True])
def test_a_crop_lies_in_its_surroundings_on_the_grid_of_eight(banks, resident):
    settings = {"crop_size": 16, "surroundings_size": 40, "seed": 0}
    if resident:
        batch = ResidentTrainingSet(banks, NOISE, batch_size=24, device="cpu", **settings).batch(0)
        samples = [Sample(*fields) for fields in zip(*batch, strict=True)]
    else:
        samples = [TrainingSet(banks, NOISE, **settings)[k] for k in range(24)]
    places = []
    for sample in samples:
        assert sample.degraded.shape == sample.clean.shape == (3, 16, 16)
        assert sample.surroundings.shape == (3, 40, 40)
        found = [
            (top, left)
            for top in range(25)
            for left in range(25)
            if torch.equal(sample.surroundings[:, top : top + 16, left : left + 16], sample.degraded)
        ]
        assert len(found) == 1
        places += found
        assert 0 < (sample.degraded - sample.clean).abs().mean() < 0.3
    assert {top for top, _ in places} == {left for _, left in places} == {0, 8, 16, 24}


def test_without_surroundings_the_estimator_sees_the_crop(banks):
    sample = TrainingSet(banks, NOISE, crop_size=16, seed=0)[0]
    assert torch.equal(sample.surroundings, sample.degraded)


def test_a_resident_bank_of_photographs_is_kept_once(banks):
    resident = ResidentBank.from_bank(banks["clean"], torch.device("cpu"))
    assert resident.degraded is resident.clean


def test_images_of_one_resident_batch_draw_their_own_mixtures(banks):
    operators = ("haze", "gaussian_noise", "jpeg")
    ingredients = {"mixed": Ingredient(weight=1, bank="clean", operators=operators, n_drawn=(0, 3))}
    samples = ResidentTrainingSet(banks, ingredients, batch_size=24, crop_size=16, seed=0, device="cpu")
    batch = samples.batch(0)
    assert len(batch.labels.unique(dim=0)) > 4
    changed = (batch.degraded != batch.clean).flatten(1).any(dim=1)
    assert torch.equal(changed, batch.labels.sum(dim=1) > 0)


@pytest.mark.parametrize("resident", [False, True])
def test_enlarged_crops_are_softer_of_the_same_size_and_alike_on_both_sides(banks, resident):
    def mean_step(enlarged):
        ingredients = {"soft": Ingredient(weight=1, bank="clean", enlarged=enlarged)}
        settings = {"crop_size": 32, "seed": 0}
        if resident:
            samples = ResidentTrainingSet(banks, ingredients, batch_size=1, device="cpu", **settings)
            chosen = [Sample(*(field[0] for field in samples.batch(k))) for k in range(12)]
        else:
            chosen = [TrainingSet(banks, ingredients, **settings)[k] for k in range(12)]
        for sample in chosen:
            assert sample.clean.shape == (3, 32, 32)
            assert torch.equal(sample.degraded, sample.clean)
            assert 0 <= sample.clean.min() < sample.clean.max() <= 1
        return float(torch.stack([sample.clean.diff(dim=2).abs().mean() for sample in chosen]).mean())

    assert mean_step(4.0) < 0.75 * mean_step(1.0)


@pytest.mark.parametrize("resident", [False, True])
def test_a_reduced_crop_shows_all_of_a_picture_that_is_no_larger(resident):
    picture = np.random.default_rng(0).integers(0, 256, (40, 40, 3), dtype=np.uint8)
    banks = {"clean": ImageBank(names=("one",), degraded=(picture,), clean=(picture,))}
    settings = {"crop_size": 20, "seed": 0}
    ingredients = {"whole": Ingredient(weight=1, bank="clean", reduced=4.0)}  # all of it from 2 on
    if resident:
        samples = ResidentTrainingSet(banks, ingredients, batch_size=1, device="cpu", **settings)
        crops = [samples.batch(k).clean[0] for k in range(24)]
    else:
        samples = TrainingSet(banks, ingredients, **settings)
        crops = [samples[k].clean for k in range(24)]
    whole = resize(torch.from_numpy(picture).permute(2, 0, 1)[None].float() / 255, 20)[0]
    turned = [torch.rot90(way, n, (1, 2)) for way in (whole, whole.flip(2)) for n in range(4)]

    def shows_all(crop):
        return any((crop - way).abs().max() <= 1.5 / 255 for way in turned)

    assert 4 <= sum(map(shows_all, crops)) <= 20


def test_reducing_leaves_no_aliases():
    stripes = (torch.arange(64) % 2).float().expand(1, 3, 64, 64)
    assert (resize(stripes, 16)[..., 4:-4, 4:-4] - 0.5).abs().max() < 0.02


@pytest.mark.parametrize("resident", [False, True])
def test_a_black_point_is_set_before_anything_is_degraded(resident):
    veiled = np.random.default_rng(0).integers(60, 200, (48, 48, 3), dtype=np.uint8)
    banks = {"clean": ImageBank(names=("one",), degraded=(veiled,), clean=(veiled,))}
    settings = {"crop_size": 32, "seed": 0}

    def sample(operators, black_point):
        chosen = {"one": Ingredient(weight=1, bank="clean", operators=operators, black_point=black_point)}
        if resident:
            return Sample(
                *(f[0] for f in ResidentTrainingSet(banks, chosen, batch_size=1, device="cpu", **settings).batch(0))
            )
        return TrainingSet(banks, chosen, **settings)[0]

    assert sample((), black_point=0.0).clean.min() >= 60 / 255
    stretched = sample((), black_point=1.0)
    assert stretched.clean.min() == 0
    assert torch.equal(stretched.degraded, stretched.clean)
    hazy = sample(("haze",), black_point=1.0)
    assert hazy.clean.min() == 0
    assert hazy.degraded.min() > 0


@pytest.mark.parametrize("resident", [False, True])
def test_a_black_point_is_set_as_often_as_asked(resident):
    veiled = np.random.default_rng(0).integers(60, 200, (48, 48, 3), dtype=np.uint8)
    banks = {"clean": ImageBank(names=("one",), degraded=(veiled,), clean=(veiled,))}
    chosen = {"one": Ingredient(weight=1, bank="clean", black_point=0.25)}
    if resident:
        clean = ResidentTrainingSet(banks, chosen, crop_size=16, seed=0, batch_size=200, device="cpu").batch(0).clean
    else:
        samples = TrainingSet(banks, chosen, crop_size=16, seed=0)
        clean = torch.stack([samples[k].clean for k in range(200)])
    darkest = clean.flatten(1).amin(dim=1)
    assert 25 <= (darkest == 0).sum() <= 80
    assert (darkest[darkest > 0] >= 60 / 255).all()


def test_a_black_point_is_one_percent_of_the_pixels_and_leaves_white():
    ramp = (20 + torch.arange(100)) / 255  # each value 100 times
    crop = ramp.repeat_interleave(100).reshape(1, 1, 100, 100).expand(1, 3, 100, 100).clone()
    crop[..., -1, -1] = 1.0
    stretched = with_black_point(crop)
    assert 0 < (stretched == 0).float().mean() < 0.03
    assert stretched.max() == 1
    assert stretched.mean() < crop.mean()
    sky = torch.full((1, 3, 16, 16), 0.9)
    torch.testing.assert_close(with_black_point(sky), torch.full_like(sky, 0.6 / 0.7), rtol=0, atol=1 / 255)


def test_a_black_point_of_pairs_is_refused(banks):
    ingredients = {"pairs": Ingredient(weight=1, bank="clean", tasks=("haze",), black_point=1.0)}
    with pytest.raises(ConfigurationError, match="pairs: black_point is for clean pictures"):
        TrainingSet(banks, ingredients, crop_size=16, seed=0)


@pytest.mark.parametrize("resident", [False, True])
def test_subjects_are_darkened_before_haze_and_by_as_much_as_asked(resident):
    grey = np.full((48, 48, 3), 128, dtype=np.uint8)
    grey[0, 0], grey[-1, -1] = 0, 255
    banks = {"clean": ImageBank(names=("one",), degraded=(grey,), clean=(grey,))}
    chosen = {"one": Ingredient(weight=1, bank="clean", operators=("haze",), darkened=2.0)}
    if resident:
        drawn = ResidentTrainingSet(banks, chosen, crop_size=48, seed=0, batch_size=60, device="cpu").batch(0)
        degraded, clean = drawn.degraded, drawn.clean
    else:
        samples = TrainingSet(banks, chosen, crop_size=48, seed=0)
        degraded, clean = (torch.stack([samples[k][field] for k in range(60)]) for field in (0, 1))
    assert clean.flatten(1).amin() == 0
    assert clean.flatten(1).amax() == 1
    exponents = clean[:, 0, 24, 24].log() / torch.tensor(128 / 255).log()
    assert exponents.min() >= 1 - 0.01
    assert exponents.max() <= 2 + 0.02
    assert exponents.median() == pytest.approx(2**0.5, abs=0.2)
    assert (degraded.mean(dim=(1, 2, 3)) > clean.mean(dim=(1, 2, 3))).all()


@pytest.mark.parametrize("exponent", [0.5, 9.0, float("nan")])
def test_an_impossible_exponent_is_refused(banks, exponent):
    ingredients = {"one": Ingredient(weight=1, bank="clean", darkened=exponent)}
    with pytest.raises(ConfigurationError, match="one: darkened must lie between 1 and 4"):
        TrainingSet(banks, ingredients, crop_size=16, seed=0)


def test_darkened_pairs_are_refused(banks):
    ingredients = {"pairs": Ingredient(weight=1, bank="clean", tasks=("haze",), darkened=2.0)}
    with pytest.raises(ConfigurationError, match="pairs: darkened is for clean pictures"):
        TrainingSet(banks, ingredients, crop_size=16, seed=0)


@pytest.mark.parametrize("share", [-0.1, 1.5, float("nan")])
def test_an_impossible_share_of_black_points_is_refused(banks, share):
    ingredients = {"one": Ingredient(weight=1, bank="clean", black_point=share)}
    with pytest.raises(ConfigurationError, match="one: black_point must lie between 0 and 1"):
        TrainingSet(banks, ingredients, crop_size=16, seed=0)


@pytest.mark.parametrize("way", ["enlarged", "reduced"])
@pytest.mark.parametrize("factor", [0.5, 9.0, float("nan")])
def test_an_impossible_factor_is_refused(banks, way, factor):
    ingredients = {"odd": Ingredient(weight=1, bank="clean", **{way: factor})}
    with pytest.raises(ConfigurationError, match=f"odd: {way} must lie between 1 and 4"):
        TrainingSet(banks, ingredients, crop_size=16, seed=0)


def test_source_sizes_spread_from_the_enlarged_to_the_reduced():
    assert source_size(100, enlarged=2.0, reduced=3.0, draw=0.0) == 300
    assert source_size(100, enlarged=2.0, reduced=3.0, draw=1.0) == 50
    assert source_size(100, enlarged=2.0, reduced=2.0, draw=0.5) == 100

"""Fitting the reading of logarithms to samples whose features are known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from conftest_model import SMALL
from conftest_training import MIXTURE, small_recipe
from opir.data.image_bank import ImageBank
from opir.data.training_set import TrainingSet
from opir.errors import ConfigurationError, DatasetError
from opir.model import RestorationNetwork
from opir.model.estimator import DegradationEstimator
from opir.tasks import TASKS
from opir.training.mean_features import CHUNK, MeanFeatures, collect_features
from opir.training.reading import ReadingRecipe, imitate_reading, log_odds_as_trained, refit_reading

HAZE, RAIN = (TASKS.index(task) for task in ("haze", "rain"))
FEW = ReadingRecipe(n_heads=2, n_epochs=25, n_mean_epochs=60, batch_size=64, learning_rate=1e-2)


@pytest.fixture
def estimator() -> DegradationEstimator:
    torch.manual_seed(3)
    estimator = RestorationNetwork(SMALL).eval().estimator
    torch.nn.init.normal_(estimator.logarithms.task_logits.weight[RAIN : RAIN + 1], std=0.3)
    return estimator


@pytest.fixture
def bank() -> ImageBank:
    pictures = tuple(np.random.default_rng(seed).integers(0, 256, (40, 48, 3), dtype=np.uint8) for seed in range(3))
    return ImageBank(names=("a", "b", "c"), degraded=pictures, clean=pictures)


def samples_of(estimator: DegradationEstimator, n: int = 1536) -> MeanFeatures:
    """A faint second feature is three times as strong in haze, beside a large first one that says nothing."""
    generator = torch.Generator().manual_seed(1)
    width = estimator.normalise.normalized_shape[0]
    features = torch.rand(n, width, generator=generator) + 0.5
    features[:, 0] *= 5
    hazy = torch.rand(n, generator=generator) < 0.5
    features[:, 1] = torch.where(hazy, 0.3, 0.1) * (0.8 + 0.4 * torch.rand(n, generator=generator))
    labels = torch.zeros(n, len(TASKS))
    labels[:, HAZE] = hazy.float()
    return MeanFeatures(features, labels, torch.ones_like(labels))


def log_odds(estimator: DegradationEstimator, features: torch.Tensor) -> torch.Tensor:
    estimator.train()
    with torch.no_grad():
        logits: torch.Tensor = estimator.logits(features)[0]
    estimator.eval()
    return logits


def right(logits: torch.Tensor, samples: MeanFeatures) -> float:
    return float(((logits[:, HAZE] > 0) == (samples.labels[:, HAZE] > 0)).float().mean())


def test_a_task_is_learned_and_the_others_keep_their_log_odds(estimator: DegradationEstimator) -> None:
    samples = samples_of(estimator)
    before, lines = log_odds(estimator, samples.features), []
    refitted = refit_reading(estimator, samples, ["haze"], FEW, share=1.0, report=lines.append)
    after = log_odds(refitted, samples.features)
    assert right(before, samples) < 0.7
    assert right(after, samples) > 0.85
    distance = (after - before).abs().mean(dim=0)
    assert distance[RAIN] < 0.2 * before[:, RAIN].std()
    others = [row for row in range(len(TASKS)) if row not in (HAZE, RAIN)]
    assert torch.equal(after[:, others], before[:, others])
    context, expected = (each.logits(samples.features)[1] for each in (refitted, estimator))
    assert torch.equal(context, expected)
    assert [line.split(":")[0] for line in lines][-1] == "one reading for all"


def test_a_share_leaves_the_rest_to_what_was_read_before(estimator: DegradationEstimator) -> None:
    samples = samples_of(estimator)
    whole, half = (
        log_odds(refit_reading(estimator, samples, ["haze"], FEW, share=share), samples.features)[:, HAZE]
        for share in (1.0, 0.5)
    )
    before = log_odds(estimator, samples.features)[:, HAZE]
    assert (half - (whole + before) / 2).abs().mean() < 0.1 * whole.std()


def test_changes_of_the_log_odds_go_with_what_they_were_chosen_for(estimator: DegradationEstimator) -> None:
    estimator.log_odds += 0.25
    changed = estimator.log_odds.clone()
    refitted = refit_reading(estimator, samples_of(estimator, 128), ["haze"], FEW, share=0.5)
    untouched = torch.eye(*changed.shape)
    for row in range(len(TASKS)):
        assert torch.equal(refitted.log_odds[row], untouched[row] if row == HAZE else changed[row])


def test_the_estimator_that_is_given_stays_as_it_is(estimator: DegradationEstimator) -> None:
    before = {name: value.clone() for name, value in estimator.state_dict().items()}
    drawn = torch.random.get_rng_state()
    refit_reading(estimator, samples_of(estimator, 128), ["haze"], FEW, share=0.5)
    assert all(torch.equal(value, before[name]) for name, value in estimator.state_dict().items())
    assert torch.equal(torch.random.get_rng_state(), drawn)


def test_labels_that_are_not_known_teach_nothing(estimator: DegradationEstimator) -> None:
    samples = samples_of(estimator)
    doubtful = torch.arange(len(samples.features)) % 2 == 0
    labels = torch.where(doubtful[:, None], 1 - samples.labels, samples.labels)
    known = samples.known * (~doubtful[:, None])
    refitted = refit_reading(estimator, MeanFeatures(samples.features, labels, known), ["haze"], FEW, share=1.0)
    assert right(log_odds(refitted, samples.features), samples) > 0.85


@pytest.mark.parametrize(("tasks", "share"), [([], 0.5), (["haze"], 1.5), (["haze"], -0.1)])
def test_what_makes_no_sense_is_refused(estimator: DegradationEstimator, tasks: list[str], share: float) -> None:
    with pytest.raises(ConfigurationError, match="one or more tasks and a share"):
        refit_reading(estimator, samples_of(estimator, 8), tasks, FEW, share=share)  # type: ignore[arg-type]


def test_features_are_those_of_the_samples_and_are_kept(estimator, bank, tmp_path) -> None:
    recipe, asked = small_recipe(), []

    def once() -> bool:
        asked.append(True)
        return len(asked) < 2

    stopped = collect_features(estimator, recipe, {"clean": bank}, tmp_path, CHUNK + 1, keep_going=once)
    assert stopped is None
    assert len(list(tmp_path.glob("*.npz"))) == 1
    written = (tmp_path / "features-00000.npz").read_bytes()
    counted = []
    found = collect_features(estimator, recipe, {"clean": bank}, tmp_path, CHUNK + 1, report=counted.append)
    assert found is not None
    assert counted == [CHUNK, 2 * CHUNK]
    assert (tmp_path / "features-00000.npz").read_bytes() == written
    assert found.features.shape == (2 * CHUNK, SMALL.estimator_widths[2])
    samples = TrainingSet({"clean": bank}, MIXTURE, crop_size=16, seed=recipe.seed)
    for k in (0, 3, CHUNK + 5):
        sample = samples[k]
        with torch.no_grad():
            expected = estimator.encode(sample.surroundings[None]).mean(dim=(2, 3))[0]
        torch.testing.assert_close(found.features[k], expected, rtol=1e-4, atol=1e-6)
        assert torch.equal(found.labels[k], sample.labels)
        assert torch.equal(found.known[k], sample.known)


def test_features_of_something_else_are_refused(estimator, bank, tmp_path) -> None:
    recipe = small_recipe()
    collect_features(estimator, recipe, {"clean": bank}, tmp_path, 1, keep_going=lambda: False)
    clean_alone = replace(recipe, ingredients={"clean": MIXTURE["clean"]}, seed=5)
    with pytest.raises(ConfigurationError, match="differ in seed, ingredients"):
        collect_features(estimator, clean_alone, {"clean": bank}, tmp_path, 1)
    torch.nn.init.zeros_(estimator.task_logits.weight)  # behind the features
    collect_features(estimator, recipe, {"clean": bank}, tmp_path, 1, keep_going=lambda: False)
    torch.nn.init.zeros_(estimator.entry.weight)
    with pytest.raises(ConfigurationError, match="differ in encoder"):
        collect_features(estimator, recipe, {"clean": bank}, tmp_path, 1)


@pytest.mark.parametrize("damage", [b"", b"no features", b"PK\x03\x04 and no more"])
def test_a_damaged_file_of_features_is_named(estimator, bank, tmp_path, damage) -> None:
    collect_features(estimator, small_recipe(), {"clean": bank}, tmp_path, 1, keep_going=lambda: False)
    (tmp_path / "features-00000.npz").write_bytes(damage)
    with pytest.raises(DatasetError, match=r"features-00000\.npz must hold features"):
        collect_features(estimator, small_recipe(), {"clean": bank}, tmp_path, 1)


@pytest.mark.parametrize("damage", ["", "{", "3"])
def test_a_damaged_description_is_named(estimator, bank, tmp_path, damage) -> None:
    (tmp_path / "features.json").write_text(damage)
    with pytest.raises(DatasetError, match=r"features\.json must say"):
        collect_features(estimator, small_recipe(), {"clean": bank}, tmp_path, 1)


def test_features_of_other_pictures_are_refused(estimator, bank, tmp_path) -> None:
    collect_features(estimator, small_recipe(), {"clean": bank}, tmp_path, 1, keep_going=lambda: False)
    other = replace(bank, names=("a", "b", "d"))
    with pytest.raises(ConfigurationError, match="differ in pictures"):
        collect_features(estimator, small_recipe(), {"clean": other}, tmp_path, 1)


@pytest.mark.parametrize("share", [1.0, 0.4])
def test_what_a_teacher_says_is_learned_beside_the_reading_of_amounts(estimator, share):
    """The teacher is sure of haze where the faint feature is strong, and says nothing else."""
    samples = samples_of(estimator)
    said = torch.zeros(len(samples.features), len(TASKS))
    said[:, HAZE] = 4 * samples.labels[:, HAZE] - 2
    before = log_odds_as_trained(estimator, samples.features)
    changed = imitate_reading(estimator, samples.features, said, ("haze",), FEW, share=share)
    after = log_odds_as_trained(changed, samples.features)
    torch.testing.assert_close(after, log_odds(changed, samples.features))
    wanted = share * said[:, HAZE] + (1 - share) * before[:, HAZE]
    assert (after[:, HAZE] - wanted).abs().mean() < 0.5 * (before[:, HAZE] - wanted).abs().mean()
    assert (after[:, RAIN] - before[:, RAIN]).abs().mean() < 0.2 * before[:, RAIN].std()
    torch.testing.assert_close(changed.task_logits.weight, estimator.task_logits.weight, rtol=0, atol=0)


def test_log_odds_of_other_samples_are_refused(estimator):
    samples = samples_of(estimator)
    said = torch.zeros(len(samples.features) - 1, len(TASKS))
    with pytest.raises(ConfigurationError, match=r"expected log-odds \(1536, 7\); got \(1535, 7\)"):
        imitate_reading(estimator, samples.features, said, ("haze",), FEW, share=1)

"""What a data folder and a machine make of a recipe."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from opir.data.pairs import CleanImage
from opir.data.training_folder import TrainingFolder
from opir.errors import ConfigurationError
from opir.model import RestorationNetwork, preset
from opir.training.fit_to_data import with_all_pairs, without_missing_pairs
from opir.training.machine_sizes import MACHINE_SIZES, MachineSize, machine_size, on_machine
from opir.training.overrides import override
from opir.training.plan import plan_run
from opir.training.recipe import Phase, Recipe
from opir.training.recipes import RECIPES, recipe
from opir.training.start import begun, check_from_scratch, check_start

DEEPER = ("model.encoder_blocks=3,2,3", "model.decoder_blocks=3,2", "model.task_rank=0")
"""A trunk that is not that of ``base``."""


def folder_of(**n_pictures):
    file = CleanImage(path=Path("a.png"), name="a")
    return TrainingFolder(root=Path("data"), sources={name: (file,) * n for name, n in n_pictures.items()})


def test_an_empty_mixture_becomes_all_pairs_by_their_number():
    fitted = with_all_pairs(recipe("finetune"), {"clean": 5, "rain_pairs": 3, "other_pairs": 1})
    assert {name: entry.weight for name, entry in fitted.ingredients.items()} == {"rain_pairs": 3, "other_pairs": 1}
    rain, other = fitted.ingredients["rain_pairs"], fitted.ingredients["other_pairs"]
    assert rain.tasks == ("rain",)
    assert other.tasks == ()
    assert "rain" not in rain.may_hide
    assert {"rain", "noise", "jpeg"} <= set(other.may_hide)


def test_a_mixture_is_left_as_it_is():
    assert with_all_pairs(recipe("three_tasks"), {"rain_pairs": 3}) == recipe("three_tasks")


def test_without_any_pairs_there_is_nothing_to_finetune_on():
    with pytest.raises(ConfigurationError, match=r"finetune must have pairs.*found clean \(5\)"):
        with_all_pairs(recipe("finetune"), {"clean": 5})


def test_missing_pairs_are_left_out_and_named():
    fitted, notes = without_missing_pairs(recipe("three_tasks"), {"clean": 5, "haze_pairs": 2})
    assert set(recipe("three_tasks").ingredients) - set(fitted.ingredients) == {"rain_pairs"}
    assert notes == ("rain_pairs is left out: the data folder holds no rain_pairs",)


def test_ingredients_without_weight_need_no_pictures():
    only_pairs = plan_run(
        recipe("one_task_rain"),
        folder_of(rain_pairs=2),
        changes=[f"ingredients.{name}.weight=0" for name in ("clean", "rain", "rain_overlay", "raindrop")],
    )
    assert list(only_pairs.recipe.ingredients) == ["rain_pairs"]
    assert len(only_pairs.notes) == 4


@pytest.mark.parametrize(
    ("name", "n_pictures", "message"),
    [
        ("three_tasks", {"rain_pairs": 3}, r"needs pictures for clean; found rain_pairs \(3\)"),
        ("three_tasks", {}, "needs pictures for clean; found nothing"),
    ],
)
def test_missing_photographs_are_named(name, n_pictures, message):
    with pytest.raises(ConfigurationError, match=message):
        without_missing_pairs(recipe(name), n_pictures)


def test_never_is_everything_left_out():
    pairs = with_all_pairs(recipe("finetune"), {"rain_pairs": 3})
    with pytest.raises(ConfigurationError, match="needs pictures for rain_pairs; found clean"):
        without_missing_pairs(pairs, {"clean": 2})


@pytest.mark.parametrize("machine", MACHINE_SIZES)
@pytest.mark.parametrize("name", RECIPES)
def test_a_machine_changes_nothing_but_how_steps_are_computed(name, machine):
    base = recipe(name)
    fitted = on_machine(base, machine_size(machine))
    assert (fitted.n_steps, fitted.phases, fitted.learning_rate) == (base.n_steps, base.phases, base.learning_rate)
    limit = machine_size(machine).micro_batch_pixels
    if limit is not None:
        largest = max(phase.batch_size // fitted.accumulate * phase.crop_size**2 for phase in fitted.phases)
        assert largest <= limit


def test_micro_batches_are_as_few_as_fit():
    size = MachineSize(summary="test", micro_batch_pixels=4 * 32**2, sampling="stream", n_workers=0)
    batch = Recipe(name="trial", phases=(Phase(crop_size=32, batch_size=12),))
    assert on_machine(batch, size).accumulate == 3
    assert on_machine(batch, size, n_processes=2).accumulate == 2
    assert on_machine(Recipe(name="trial", phases=(Phase(crop_size=96, batch_size=5),)), size).accumulate == 5


def test_changes_have_the_last_word_over_the_machine():
    plan = plan_run(recipe("finetune"), None, changes=["accumulate=8", "sampling=resident"], machine="small")
    assert (plan.recipe.accumulate, plan.recipe.sampling) == (8, "resident")
    assert plan_run(recipe("finetune"), None, machine="medium").n_workers == MACHINE_SIZES["medium"].n_workers


def test_an_unknown_machine_suggests_the_nearest():
    with pytest.raises(ConfigurationError, match="did you mean 'small'"):
        machine_size("smal")


def test_weights_of_another_network_are_refused():
    chosen = Recipe(name="trial", model=preset("tiny"))
    check_start(chosen, preset("tiny"))
    with pytest.raises(ConfigurationError, match=r"widths=\(48, 64, 96\).*got widths=\(32, 64\)"):
        check_start(chosen, preset("base"))


def test_weights_may_lack_the_changes_of_tasks():
    check_start(Recipe(name="trial", model=preset("tiny")), replace(preset("tiny"), task_rank=0))
    with pytest.raises(ConfigurationError, match="task_rank=9"):
        check_start(Recipe(name="trial", model=preset("tiny")), replace(preset("tiny"), task_rank=9))


def test_a_trunk_from_nothing_may_be_another_than_that_of_the_weights():
    expert = override(recipe("expert"), DEEPER)
    assert expert.model != preset("base")
    check_start(expert, preset("base"))
    for fresh in ("fresh=", "fresh=predictor"):
        with pytest.raises(ConfigurationError, match=r"task_rank=8; got .*task_rank=0"):
            check_start(override(expert, [fresh]), preset("base"))
    with pytest.raises(ConfigurationError, match="n_context=32"):
        check_start(expert, preset("tiny"))


def test_a_trunk_from_nothing_stands_behind_the_trained_estimator():
    start = RestorationNetwork(preset("base"))
    torch.manual_seed(1)
    chosen = override(recipe("expert"), DEEPER)
    network = begun(chosen, start)
    assert network.config == chosen.model
    for name, value in start.estimator.state_dict().items():
        assert torch.equal(network.estimator.state_dict()[name], value), name
    assert not torch.equal(network.predictor.entry.weight, start.predictor.entry.weight)


def test_parts_that_begin_anew_are_said_and_must_be_there():
    plan = plan_run(recipe("expert"), folder_of(clean=5, rain_pairs=2))
    assert "with random weights begin: predictor, head, task_parameters" in plan.notes
    with pytest.raises(ConfigurationError, match="fresh must name parts of the network"):
        plan_run(recipe("expert"), None, changes=["fresh=trunk"])
    with pytest.raises(ConfigurationError, match="frozen must name parts of the network"):
        plan_run(recipe("expert"), None, changes=["frozen=trunk"])


def test_an_estimator_that_is_kept_must_have_been_trained():
    with pytest.raises(ConfigurationError, match=r"needs weights to start from \(frozen: estimator, fresh: predictor"):
        check_from_scratch(recipe("expert"))
    check_from_scratch(recipe("estimator"))  # keeps the trunk, which has nothing to do yet
    check_from_scratch(recipe("all_tasks"))

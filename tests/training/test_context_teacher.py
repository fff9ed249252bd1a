"""The estimator can be trained alone without changing what it says to the trunk."""

from __future__ import annotations

import torch

from conftest_data import small_banks
from conftest_model import SMALL, randomise
from conftest_training import assert_same_runs, small_recipe
from opir.model import RestorationNetwork, save_network
from opir.training.context_teacher import ContextTeacher
from opir.training.loop import train
from opir.training.losses import LossWeights, context_distance
from opir.training.recipe import Phase

ESTIMATOR_ALONE = (Phase(crop_size=32, batch_size=8, told_share=0.0, n_stages=0),)
FROZEN = ("predictor", "head", "task_parameters")


def drift(tmp_path, weight: float) -> float:
    """Distance of the context after a run from that before it, on noisy pictures."""
    start = tmp_path / "start.safetensors"
    torch.manual_seed(1)
    network = randomise(RestorationNetwork(SMALL))
    save_network(network, start)
    recipe = small_recipe(
        phases=ESTIMATOR_ALONE, frozen=FROZEN, n_steps=30, learning_rate=1e-3, average_decay=0.0,
        loss=LossWeights(tasks=1.0, context=weight),
    )  # fmt: skip
    run = tmp_path / f"run{weight}"
    trained = train(recipe, small_banks(), run, start_from=start, n_workers=0, device="cpu")
    pictures = torch.rand(16, 3, 32, 32, generator=torch.Generator().manual_seed(2))
    before, after = (ContextTeacher(each).context(pictures) for each in (network, trained))
    return float(context_distance(after, before))


def test_the_context_stays_where_it_is_asked_to(tmp_path):
    free, kept = drift(tmp_path, 0.0), drift(tmp_path, 10.0)
    assert kept < free / 2


def test_the_teacher_agrees_with_the_network_and_never_changes():
    torch.manual_seed(0)
    network = randomise(RestorationNetwork(SMALL))
    teacher = ContextTeacher(network)
    pictures = torch.rand(2, 3, 32, 32)
    expected = network(pictures).context.detach()
    torch.testing.assert_close(teacher.context(pictures), expected)
    with torch.no_grad():
        for parameter in network.estimator.parameters():
            parameter.add_(1.0)
    torch.testing.assert_close(teacher.context(pictures), expected)


def test_the_distance_is_relative_to_the_spread_among_pictures():
    expected = torch.tensor([[0.0, 1.0], [2.0, 3.0]])  # variance 1 in both entries
    assert context_distance(expected, expected) == 0
    torch.testing.assert_close(context_distance(expected + 0.5, expected), torch.tensor(0.25))
    torch.testing.assert_close(context_distance(10 * (expected + 0.5), 10 * expected), torch.tensor(0.25))


def test_a_resumed_run_keeps_its_teacher(tmp_path):
    start = tmp_path / "start.safetensors"
    torch.manual_seed(1)
    save_network(randomise(RestorationNetwork(SMALL)), start)
    recipe = small_recipe(
        phases=ESTIMATOR_ALONE, frozen=FROZEN, n_steps=4, loss=LossWeights(tasks=1.0, context=0.5),
        checkpoint_minutes=1e-9,
    )  # fmt: skip

    def run(folder, **options):
        return train(recipe, small_banks(), folder, n_workers=0, report_every=1, device="cpu", **options)

    run(tmp_path / "straight", start_from=start)
    steps = iter([True, False])
    run(tmp_path / "resumed", start_from=start, keep_going=lambda: next(steps))
    run(tmp_path / "resumed")  # the weights to start from need not be there any more
    assert_same_runs(tmp_path / "straight", tmp_path / "resumed")

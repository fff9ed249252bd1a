"""One step of the optimiser: in pieces as in one."""

from __future__ import annotations

import pytest
import torch

from conftest_data import small_banks
from conftest_model import SMALL, randomise
from conftest_training import small_recipe
from opir.data.mixture import Sample
from opir.model import RestorationNetwork
from opir.training.distributed import Processes
from opir.training.sample_source import step_batches
from opir.training.step import training_step

ALONE = Processes(device=torch.device("cpu"))


def step(micro_batches, recipe):
    torch.manual_seed(0)
    network = randomise(RestorationNetwork(SMALL)).train()
    optimiser = torch.optim.SGD(network.parameters(), lr=1.0)  # the change of the weights is the gradient
    return network, training_step(network, optimiser, micro_batches, recipe, ALONE)


def first_batch():
    (batch,) = next(step_batches(small_banks(), small_recipe(), ALONE, first=0, n_workers=0))
    return batch


def test_micro_batches_add_up_to_the_batch():
    batch = first_batch()
    halves = [Sample(*fields) for fields in zip(*(field.chunk(2) for field in batch), strict=True)]
    whole_network, whole = step([batch], small_recipe())
    network, parts = step(halves, small_recipe(accumulate=2))
    assert whole.totals["psnr"][1] == parts.totals["psnr"][1] == 8
    for name, (value, count) in whole.totals.items():
        assert parts.totals[name][0] * count == pytest.approx(value * parts.totals[name][1], rel=1e-4), name
    for one, two in zip(whole_network.parameters(), network.parameters(), strict=True):
        torch.testing.assert_close(one, two, rtol=1e-4, atol=1e-6)


def test_the_gradient_is_clipped_to_its_largest_norm():
    before, _ = step([first_batch()], small_recipe(max_gradient_norm=1e-12))
    after, result = step([first_batch()], small_recipe(max_gradient_norm=0.01))
    change = torch.cat(
        [(a - b).detach().flatten() for a, b in zip(after.parameters(), before.parameters(), strict=True)]
    )
    assert result.totals["gradient_norm"][0] > 0.01
    assert float(change.norm()) == pytest.approx(0.01, rel=1e-2)


def test_psnr_of_the_batch_is_that_of_its_pictures():
    batch = first_batch()
    _, result = step([batch], small_recipe())
    torch.manual_seed(0)
    network = randomise(RestorationNetwork(SMALL))
    told = (batch.told[:, None] > 0) & (batch.known > 0)
    with torch.no_grad():
        restored = network(batch.degraded, task_weights=batch.labels, told=told).restored.clamp(0, 1)
    psnr = [10 * torch.log10(1 / ((one - two) ** 2).mean()) for one, two in zip(restored, batch.clean, strict=True)]
    assert result.totals["psnr"][0] == pytest.approx(float(sum(psnr)), rel=1e-4)

"""The processes of a run share one stream of samples, whatever their number."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from conftest_data import small_banks
from conftest_training import small_recipe
from opir.data.mixture import Sample
from opir.errors import ConfigurationError
from opir.training.distributed import Processes
from opir.training.sample_source import check_batch_sizes, step_batches


def steps(recipe, *, rank=0, n_processes=1, first=0):
    processes = Processes(rank=rank, n_processes=n_processes, device=torch.device("cpu"))
    return list(step_batches(small_banks(), recipe, processes, first=first, n_workers=0))


def pictures(micro_batches):
    """Degraded and clean crop of every sample, as bytes."""
    return [
        (degraded.numpy().tobytes(), clean.numpy().tobytes())
        for batch in micro_batches
        for degraded, clean in zip(batch.degraded, batch.clean, strict=True)
    ]


@pytest.mark.parametrize("sampling", ["stream", "resident"])
def test_the_shares_of_all_processes_are_the_batch_of_one(sampling):
    recipe = small_recipe(sampling=sampling)
    halves = [steps(recipe, rank=rank, n_processes=2) for rank in (0, 1)]
    quarters = [steps(replace(recipe, accumulate=2)), *halves]
    assert {len(parts) for parts in quarters} == {6}
    for step, (whole,) in enumerate(steps(recipe)):
        assert sorted(pictures([whole])) == sorted(pictures(halves[0][step]) + pictures(halves[1][step]))
        assert sorted(pictures([whole])) == sorted(pictures(quarters[0][step]))
        assert len(quarters[0][step]) == 2
        assert isinstance(whole, Sample)


def test_no_sample_is_seen_twice_and_later_phases_have_their_own_crops():
    """Two phases of the same crop size but different batch sizes: step x batch size alone would repeat samples."""
    phases = tuple(replace(phase, crop_size=16) for phase in small_recipe().phases)
    seen = [picture for step in steps(small_recipe(phases=phases)) for picture in pictures(step)]
    assert len(set(seen)) == len(seen) == 3 * 8 + 3 * 4
    shapes = [tuple(batch.clean.shape) for (batch,) in steps(small_recipe())]
    assert shapes == [(8, 3, 16, 16)] * 3 + [(4, 3, 24, 24)] * 3


@pytest.mark.parametrize("first", [1, 3, 4])
def test_starting_later_gives_the_same_samples(first):
    later = [pictures(step) for step in steps(small_recipe(), first=first)]
    assert later == [pictures(step) for step in steps(small_recipe())][first:]


def test_a_batch_that_cannot_be_dealt_out_is_refused():
    processes = Processes(n_processes=4, device=torch.device("cpu"))
    check_batch_sizes(small_recipe(), processes)
    with pytest.raises(ConfigurationError, match=r"multiple of 4 processes x 2 micro-batches = 8; got \[4\]"):
        check_batch_sizes(small_recipe(accumulate=2), processes)

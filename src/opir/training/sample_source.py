"""The samples of every step, for one of the run's processes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice

import torch
from torch.utils.data import DataLoader

from opir.data.image_bank import ImageBank
from opir.data.mixture import Sample
from opir.data.resident import ResidentTrainingSet
from opir.data.training_set import TrainingSet
from opir.errors import ConfigurationError
from opir.training.distributed import Processes
from opir.training.recipe import Phase, Recipe
from opir.training.undo_blur import load_undo_blur


def check_batch_sizes(recipe: Recipe, processes: Processes) -> None:
    """Check that every batch can be dealt out in equal micro-batches.

    Raises:
        ConfigurationError: naming the batch sizes that cannot.
    """
    n_parts = processes.n_processes * recipe.accumulate
    odd = [phase.batch_size for phase in recipe.phases if phase.batch_size % n_parts]
    if odd:
        raise ConfigurationError(
            f"batch_size must be a multiple of {processes.n_processes} processes x {recipe.accumulate} micro-batches "
            f"= {n_parts}; got {odd}: change batch_size, accumulate or the number of processes"
        )


def step_batches(
    banks: Mapping[str, ImageBank], recipe: Recipe, processes: Processes, *, first: int, n_workers: int
) -> Iterator[tuple[Sample, ...]]:
    """The micro-batches of this process for each step from ``first`` to the recipe's last.

    The samples of a run are numbered from its first step to its last. A process takes every ``n_processes``-th sample
    of a batch, so that all processes together train on the batch that one alone would have made, and a resumed run
    goes on with the samples that it would have seen.
    """
    n_before = 0
    for phase, (start, stop) in zip(recipe.phases, recipe.phase_bounds(), strict=True):
        begin = max(first, start)
        if begin < stop and recipe.sampling == "resident":
            yield from _resident(banks, recipe, processes, phase, range(begin, stop))
        elif begin < stop:
            sizes = (n_before + (begin - start) * phase.batch_size, n_before + (stop - start) * phase.batch_size)
            yield from _stream(banks, recipe, processes, phase, range(*sizes), n_workers)
        n_before += (stop - start) * phase.batch_size


def _stream(
    banks: Mapping[str, ImageBank],
    recipe: Recipe,
    processes: Processes,
    phase: Phase,
    numbers: range,
    n_workers: int,
) -> Iterator[tuple[Sample, ...]]:
    """Numbered samples, made by ``n_workers`` processes of the CPU."""
    device = processes.device
    loader: DataLoader[Sample] = DataLoader(
        TrainingSet(
            banks,
            recipe.ingredients,
            crop_size=phase.crop_size,
            seed=recipe.seed,
            told_share=phase.told_share,
            surroundings_size=phase.surroundings_size,
            undo_blur=None if recipe.kernels is None else load_undo_blur(recipe.kernels),
        ),
        batch_size=phase.batch_size // (processes.n_processes * recipe.accumulate),
        sampler=numbers[processes.rank :: processes.n_processes],
        num_workers=n_workers,
        prefetch_factor=4 if n_workers else None,
        pin_memory=device.type == "cuda",
    )
    micro_batches = (Sample(*(field.to(device, non_blocking=True) for field in batch)) for batch in loader)
    while step := tuple(islice(micro_batches, recipe.accumulate)):
        yield step


def _resident(
    banks: Mapping[str, ImageBank], recipe: Recipe, processes: Processes, phase: Phase, steps: range
) -> Iterator[tuple[Sample, ...]]:
    """Batches made on the training device.

    Every process makes the whole batch and keeps its share: that costs less than one code path more, as long as making
    a batch is cheap beside training on it.
    """
    samples = ResidentTrainingSet(
        banks,
        recipe.ingredients,
        batch_size=phase.batch_size,
        crop_size=phase.crop_size,
        seed=recipe.seed,
        device=processes.device,
        told_share=phase.told_share,
        surroundings_size=phase.surroundings_size,
    )
    for step in steps:
        mine = (
            torch.chunk(field[processes.rank :: processes.n_processes], recipe.accumulate)
            for field in samples.batch(step)
        )
        yield tuple(Sample(*fields) for fields in zip(*mine, strict=True))

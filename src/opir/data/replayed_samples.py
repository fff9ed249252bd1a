"""Samples for the network that finds kernels, each used several times, turned and mirrored."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from opir.data.blurred_samples import BlurredSample, stacked
from opir.deconvolution.orientations import (
    AXES_SWAPPED,
    DIAGONALS_SWAPPED,
    MIRROR_COLUMNS,
    MIRROR_ROWS,
    N_ORIENTATIONS,
    STATISTICS_SWAPPED,
    SWAP_AXES,
)

_ENDLESS: Final = 2**62


def oriented(sample: BlurredSample, orientation: int) -> BlurredSample:
    """The sample of the crop turned or mirrored, from the sample of the crop as it is.

    Traces are turned exactly. The turns of the alternation are those of the turned crop up to its border; and the
    second difference among the statistics, which is taken along rows, stays.

    Args:
        sample: one sample, not a batch.
        orientation: 0 (as it is) to 7; bit 0 mirrors the columns, bit 1 the rows, bit 2 then swaps rows and columns.
    """
    columns, rows, swap = (bool(orientation & bit) for bit in (MIRROR_COLUMNS, MIRROR_ROWS, SWAP_AXES))

    def turned(plane: Tensor) -> Tensor:
        mirrored = plane.flip([axis for axis, flips in ((-1, columns), (-2, rows)) if flips])
        return mirrored.transpose(-1, -2) if swap else mirrored

    maps, statistics = turned(sample.maps), sample.statistics
    if columns != rows:
        maps = maps[list(DIAGONALS_SWAPPED)]
    if swap:
        maps, statistics = maps[list(AXES_SWAPPED)], statistics[list(STATISTICS_SWAPPED)]
    return BlurredSample(maps, statistics, turned(sample.blurred), turned(sample.sharp), turned(sample.kernel))


class ReplayedBatches:
    """An endless, reproducible stream of batches: blocks of samples, each gone through several times.

    A sample takes four times as long to make as to learn from. Batch k depends on the samples, the seed and k alone.
    """

    def __init__(
        self,
        samples: Dataset[BlurredSample],
        *,
        batch_size: int,
        block_size: int,
        n_replays: int,
        seed: int,
        n_workers: int,
    ) -> None:
        """``block_size`` samples are held at a time, a multiple of ``batch_size``; made by ``n_workers`` processes."""
        self._samples, self._seed, self._n_workers = samples, seed, n_workers
        self._batch_size, self._block_size, self._n_replays = batch_size, block_size, n_replays

    def start_at(self, batch: int) -> Iterator[BlurredSample]:
        """Yield the batches from number ``batch`` on."""
        per_replay = self._block_size // self._batch_size
        per_block = per_replay * self._n_replays
        first_block, done = divmod(batch, per_block)
        for number, block in enumerate(self._blocks(first_block), start=first_block):
            draws = torch.Generator().manual_seed((self._seed << 32) + number)
            orders = torch.cat([torch.randperm(self._block_size, generator=draws) for _ in range(self._n_replays)])
            orientations = torch.randint(N_ORIENTATIONS, (len(orders),), generator=draws)
            for k in range(done, per_block):
                chosen = slice(k * self._batch_size, (k + 1) * self._batch_size)
                pairs = zip(orders[chosen].tolist(), orientations[chosen].tolist(), strict=True)
                yield stacked([oriented(block[place], orientation) for place, orientation in pairs])
            done = 0

    def _blocks(self, first: int) -> Iterator[list[BlurredSample]]:
        """Make block after block; workers are at most one block ahead."""
        per_block = self._block_size // self._batch_size
        batches: DataLoader[BlurredSample] = DataLoader(
            self._samples,
            batch_size=self._batch_size,
            sampler=range(first * self._block_size, _ENDLESS),
            num_workers=self._n_workers,
            prefetch_factor=max(1, per_block // self._n_workers) if self._n_workers else None,
        )
        block: list[BlurredSample] = []
        for batch in batches:
            block += (BlurredSample(*fields) for fields in zip(*batch, strict=True))
            if len(block) == self._block_size:
                yield block
                block = []

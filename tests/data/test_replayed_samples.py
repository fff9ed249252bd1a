"""Samples of the network that finds kernels, used several times."""

from __future__ import annotations

from itertools import chain, islice

import numpy as np
import pytest
import torch
from tests.deconvolution.pictures import blurred, line_kernel, rectangles
from torch import Tensor
from torch.utils.data import Dataset

from opir.data.blurred_samples import BlurredSample
from opir.data.replayed_samples import ReplayedBatches, oriented
from opir.deconvolution.alternation import alternation_maps
from opir.deconvolution.orientations import N_MIRRORED, N_ORIENTATIONS, mirrored, mirrored_maps
from opir.deconvolution.traces import trace_maps, trace_statistics


def made_of(sharp: Tensor, soft: Tensor, kernel: Tensor) -> BlurredSample:
    gray = np.ascontiguousarray(soft.numpy())
    maps = np.concatenate((trace_maps(gray), alternation_maps(gray)))
    return BlurredSample(torch.from_numpy(maps), torch.from_numpy(trace_statistics(gray)), soft, sharp, kernel)


def turned(plane: Tensor, orientation: int) -> Tensor:
    axes = [axis for axis, bit in ((-1, 1), (-2, 2)) if orientation & bit]
    return plane.flip(axes).transpose(-1, -2) if orientation & 4 else plane.flip(axes)


@pytest.mark.parametrize("orientation", range(N_ORIENTATIONS))
def test_a_turned_sample_is_that_of_the_turned_crop(orientation: int) -> None:
    kernel = line_kernel(7)
    planes = [
        torch.from_numpy(plane) for plane in (rectangles(130, 130), blurred(rectangles(130, 130), kernel), kernel)
    ]
    found = oriented(made_of(*planes), orientation)
    expected = made_of(*(turned(plane, orientation) for plane in planes))
    for name in ("blurred", "sharp", "kernel"):
        assert torch.equal(getattr(found, name), getattr(expected, name))
    torch.testing.assert_close(found.maps[:12], expected.maps[:12], atol=2e-3, rtol=0)
    torch.testing.assert_close(found.statistics[:10], expected.statistics[:10], atol=1e-3, rtol=0)
    first_turns = (found.maps[14:17] - expected.maps[14:17]).abs().amax() / expected.maps[14:17].abs().amax()
    assert first_turns < 0.2


@pytest.mark.parametrize("orientation", range(N_MIRRORED))
def test_what_the_runtime_mirrors_is_what_training_mirrors(orientation: int) -> None:
    sharp = torch.from_numpy(rectangles(130, 130))
    sample = made_of(sharp, sharp, torch.from_numpy(line_kernel(7)))
    expected = oriented(sample, orientation)
    assert np.array_equal(mirrored_maps(sample.maps.numpy(), orientation), expected.maps.numpy())
    assert np.array_equal(mirrored(sample.kernel.numpy(), orientation), expected.kernel.numpy())
    assert torch.equal(sample.statistics, expected.statistics)


class Numbered(Dataset[BlurredSample]):
    """Sample k says k."""

    def __getitem__(self, k: int) -> BlurredSample:
        plane = torch.full((3, 3), float(k))
        return BlurredSample(torch.full((23, 3, 3), float(k)), torch.full((14,), float(k)), plane, plane, plane)


def batches(*, n_workers: int = 0, first: int = 0, n: int = 14) -> list[list[int]]:
    stream = ReplayedBatches(Numbered(), batch_size=2, block_size=6, n_replays=2, seed=3, n_workers=n_workers)
    return [batch.statistics[:, 0].int().tolist() for batch in islice(stream.start_at(first), n)]


def test_every_sample_of_a_block_is_used_as_often() -> None:
    found = batches(n=12)
    assert sorted(chain(*found[:3])) == sorted(chain(*found[3:6])) == list(range(6))
    assert sorted(chain(*found[6:9])) == sorted(chain(*found[9:])) == list(range(6, 12))
    assert found[:3] != found[3:6]


@pytest.mark.parametrize("first", [0, 4, 6, 7])
def test_batches_do_not_depend_on_where_the_stream_begins_or_on_who_makes_them(first: int) -> None:
    assert batches(first=first, n=5) == batches()[first : first + 5]
    assert batches(n_workers=2, first=first, n=5) == batches()[first : first + 5]

"""The colour filter array and its interpolation."""

from __future__ import annotations

import itertools

import pytest
import torch

from laws import picture, seeded
from opir.physics.bayer import DemosaicMethod, demosaic, mosaic

PHASES = list(itertools.product((0, 1), (0, 1)))


def test_phase_zero_is_rggb() -> None:
    image = torch.tensor([1.0, 2.0, 3.0])[None, :, None, None].expand(1, 3, 4, 4)
    raw = mosaic(image, torch.tensor([[0, 0]]))[0, 0]
    assert raw.tolist() == [[1, 2, 1, 2], [2, 3, 2, 3]] * 2
    shifted = mosaic(image, torch.tensor([[1, 0]]))[0, 0]
    assert shifted.tolist() == [[2, 3, 2, 3], [1, 2, 1, 2]] * 2


@pytest.mark.parametrize("method", ["bilinear", "malvar"])
@pytest.mark.parametrize("phase", PHASES)
def test_flat_colours_and_gray_ramps_are_recovered_exactly(method: DemosaicMethod, phase: tuple[int, int]) -> None:
    colour = torch.tensor([0.2, 0.5, 0.7])[None, :, None, None].expand(1, 3, 9, 10)
    ramp = (0.1 + 0.03 * torch.arange(9.0)[:, None] + 0.05 * torch.arange(10.0)).expand(1, 3, 9, 10)
    phases = torch.tensor([phase])
    for image in (colour, ramp):
        recovered = demosaic(mosaic(image, phases), phases, method=method)
        torch.testing.assert_close(recovered, image[:, :, 2:-2, 2:-2])


@pytest.mark.parametrize("method", ["bilinear", "malvar"])
def test_samples_are_kept_and_phases_do_not_mix(method: DemosaicMethod) -> None:
    image = picture(4, 11, 12)
    phases = torch.tensor(PHASES)
    raw = mosaic(image, phases)
    full = demosaic(raw, phases, method=method)
    torch.testing.assert_close(mosaic(full, phases), raw[:, :, 2:-2, 2:-2])
    for i in range(4):
        one = demosaic(raw[i : i + 1], phases[i : i + 1], method=method)
        torch.testing.assert_close(one[0], full[i])


def test_malvar_is_closer_than_bilinear_on_edges_common_to_all_colours() -> None:
    gray = torch.nn.functional.avg_pool2d(torch.rand(1, 1, 66, 66, generator=seeded(0)), 3, stride=1)
    image = gray.expand(1, 3, 64, 64) * torch.tensor([0.5, 1.0, 0.7])[None, :, None, None]
    phases = torch.tensor([[0, 1]])
    error = {
        method: (demosaic(mosaic(image, phases), phases, method=method) - image[:, :, 2:-2, 2:-2]).square().mean()
        for method in ("bilinear", "malvar")
    }
    assert error["malvar"] < 0.8 * error["bilinear"]

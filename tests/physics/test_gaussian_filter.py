"""Gaussian smoothing against scipy."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import ndimage

from laws import picture
from opir.errors import ConfigurationError
from opir.physics.gaussian_filter import gaussian_filter


def test_same_values_as_scipy_plane_by_plane() -> None:
    image = picture(2, 17, 23).double()
    scales = torch.tensor([[0.4, 1.0, 1.7], [0.8, 2.0, 1.2]], dtype=torch.float64)
    smooth = gaussian_filter(image, scales, radius_px=6)
    for i, c in np.ndindex(2, 3):
        plane = image[i, c].numpy()
        expected = ndimage.gaussian_filter(plane, scales[i, c].item(), radius=6, mode="nearest")
        torch.testing.assert_close(smooth[i, c], torch.from_numpy(expected))


@pytest.mark.parametrize("size", [(1, 1), (1, 5), (3, 2)])
def test_images_smaller_than_the_kernel_keep_their_mean_of_one(size: tuple[int, int]) -> None:
    ones = torch.ones(1, 3, *size)
    torch.testing.assert_close(gaussian_filter(ones, torch.full((1, 3), 2.0), radius_px=6), ones)


def test_scale_zero_is_the_exact_identity() -> None:
    image = picture(1)
    assert torch.equal(gaussian_filter(image, torch.zeros(1, 3), radius_px=3), image)


def test_negative_radius_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="radius_px"):
        gaussian_filter(torch.zeros(1, 3, 4, 4), torch.ones(1, 3), radius_px=-1)

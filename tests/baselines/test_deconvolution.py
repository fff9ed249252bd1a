from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from opir.baselines.deconvolution import assumed_kernel, richardson_lucy, unsupervised_wiener


def test_the_kernel_is_what_its_name_says():
    kernel = assumed_kernel().astype(float)
    offsets = np.arange(13) - 6
    assert kernel.sum() == pytest.approx(1, abs=1e-6)
    assert np.sum(kernel * offsets[:, None] ** 2) ** 0.5 == pytest.approx(1.5, abs=0.01)
    np.testing.assert_allclose(kernel, kernel.T)


@pytest.mark.parametrize("method", [richardson_lucy, unsupervised_wiener])
def test_a_blur_by_the_assumed_kernel_is_reduced(method, scene: np.ndarray):
    blurred = np.stack([gaussian_filter(plane, 1.5, mode="mirror") for plane in scene])
    sharp = np.clip(method(blurred), 0, 1)
    assert sharp.shape == scene.shape
    assert np.mean((sharp - scene) ** 2) < 0.6 * np.mean((blurred - scene) ** 2)
    border = np.s_[:, :3, :]
    assert np.mean((sharp[border] - scene[border]) ** 2) < np.mean((blurred[border] - scene[border]) ** 2)

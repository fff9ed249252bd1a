"""White Gaussian noise has the strength, independence and clipping that are promised."""

from __future__ import annotations

import pytest
import torch

from laws import assert_common_laws, assert_gradient, assert_monotonic_severity, seeded
from opir.errors import ConfigurationError, ShapeError
from opir.physics.degradation import draw_seeds
from opir.physics.noise import GaussianNoise, GaussianNoiseParameters


def test_common_laws() -> None:
    assert_common_laws(GaussianNoise())
    assert_monotonic_severity(GaussianNoise())
    assert_gradient(GaussianNoise())


def test_residual_is_white_with_the_asked_standard_deviation() -> None:
    sigmas = torch.tensor([5.0, 15.0, 30.0])
    image = torch.full((3, 3, 128, 128), 0.5)
    parameters = GaussianNoiseParameters(sigma=sigmas, seed=draw_seeds(3, seeded(0)))
    residual = (GaussianNoise().apply(image, parameters) - image) * 255
    torch.testing.assert_close(residual.std(dim=(1, 2, 3)), sigmas, rtol=0.02, atol=0)
    assert (residual.mean(dim=(1, 2, 3)).abs() < 0.03 * sigmas).all()
    neighbours = (residual[..., 1:] * residual[..., :-1]).mean(dim=(1, 2, 3)) / sigmas**2
    colours = (residual[:, 0] * residual[:, 1]).mean(dim=(1, 2)) / sigmas**2
    assert neighbours.abs().max() < 0.03
    assert colours.abs().max() < 0.03


def test_clipping_halves_the_noise_on_black() -> None:
    parameters = GaussianNoiseParameters(sigma=torch.tensor([25.5]), seed=torch.tensor([3]))
    noisy = GaussianNoise().apply(torch.zeros(1, 3, 128, 128), parameters)
    # E max(n, 0) = sigma / sqrt(2 pi)
    assert noisy.mean().item() == pytest.approx(0.1 * 0.398942, rel=0.02)
    assert (noisy == 0).float().mean().item() == pytest.approx(0.5, abs=0.01)


def test_field_does_not_depend_on_precision() -> None:
    image = torch.rand(2, 3, 9, 9, generator=seeded(1))
    parameters = GaussianNoise().sample(2, seeded(2))
    single, double = (GaussianNoise().apply(x, parameters) for x in (image, image.double()))
    torch.testing.assert_close(single.double(), double, rtol=0, atol=1e-6)


def test_samples_fill_the_range_asked_for() -> None:
    sigma = GaussianNoise(min_sigma=10, max_sigma=20).sample(1000, seeded(3)).sigma
    assert 10 <= sigma.min() < 10.5
    assert 19.5 < sigma.max() < 20
    assert (GaussianNoise(min_sigma=25, max_sigma=25).sample(4, seeded(3)).sigma == 25).all()


def test_impossible_settings_and_wrong_shapes_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="min_sigma"):
        GaussianNoise(min_sigma=30, max_sigma=20)
    with pytest.raises(ShapeError, match="same batch size"):
        GaussianNoise().apply(torch.zeros(3, 3, 4, 4), GaussianNoise().sample(2, seeded(0)))
    with pytest.raises(ShapeError, match=r"\(B, 3, H, W\)"):
        GaussianNoise().apply(torch.zeros(2, 1, 4, 4), GaussianNoise().sample(2, seeded(0)))

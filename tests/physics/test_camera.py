"""The camera model inverts itself and keeps neutral colours neutral."""

from __future__ import annotations

import math

import torch

from laws import picture, seeded
from opir.physics.camera import (
    colour_matrix,
    inverse_tone_curve,
    process,
    read_variance,
    sample_camera,
    tone_curve,
    unprocess,
)


def test_tone_curve_is_smoothstep_and_its_inverse_undoes_it() -> None:
    values = torch.linspace(0, 1, 1001, dtype=torch.float64)
    torch.testing.assert_close(tone_curve(torch.tensor([0.0, 0.25, 0.5, 1.0])), torch.tensor([0, 0.15625, 0.5, 1]))
    torch.testing.assert_close(tone_curve(inverse_tone_curve(values)), values, rtol=0, atol=2e-6)


def test_unprocess_then_process_is_the_identity_below_the_highlights() -> None:
    image = picture(8, low=0.05, high=0.8).double()
    cameras = sample_camera(8, seeded(0))
    sensor = unprocess(image, cameras)
    assert sensor.min() >= 0
    inside = (sensor > 0).all(dim=1, keepdim=True).expand_as(image)
    assert inside.float().mean() > 0.99
    torch.testing.assert_close(process(sensor, cameras)[inside], image[inside], rtol=0, atol=1e-5)


def test_sensor_values_of_gray_follow_the_gains() -> None:
    camera = sample_camera(1, seeded(1))
    gray = torch.full((1, 3, 1, 1), 0.5)
    # smoothstep maps 0.5 to itself; 0.5 sRGB is 0.21404 linear
    gains = torch.stack((camera.red_gain, torch.ones(1), camera.blue_gain)) * camera.digital_gain
    torch.testing.assert_close(unprocess(gray, camera).flatten(), 0.2140411 / gains.flatten())


def test_white_saturates_the_sensor() -> None:
    cameras = sample_camera(4, seeded(2))
    sensor = unprocess(torch.ones(4, 3, 2, 2), cameras)
    torch.testing.assert_close(sensor, torch.ones_like(sensor), rtol=0, atol=0.03)
    torch.testing.assert_close(process(sensor, cameras), torch.ones_like(sensor), rtol=0, atol=1e-5)


def test_colour_matrices_keep_gray_and_mix_linearly_between_cameras() -> None:
    weights = torch.rand(6, 4, generator=seeded(3))
    matrices = colour_matrix(weights)
    torch.testing.assert_close(matrices.sum(dim=2), torch.ones(6, 3))
    torch.testing.assert_close(colour_matrix(5 * weights), matrices)
    pure = colour_matrix(torch.eye(4))
    # every channel sees its own colour most; the cameras differ
    assert (pure.argmax(dim=2) == torch.arange(3)).all()
    assert (pure[0] - pure[1]).abs().max() > 0.01


def test_read_noise_line() -> None:
    variance = read_variance(torch.tensor([0.0, 0.01]), torch.tensor([1.0, 1.0]))
    assert variance[0] == 0
    torch.testing.assert_close(
        variance[1], torch.tensor(math.exp(2.18 * math.log(0.01) + 1.2 + 0.26)), rtol=1e-5, atol=0
    )

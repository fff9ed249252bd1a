"""A camera between sensor values and finished sRGB pictures, in both directions.

Brooks, Mildenhall, Xue, Chen, Sharlet and Barron, "Unprocessing Images for Learned Raw Denoising" (CVPR 2019),
section 3. The steps are demosaicing (:mod:`opir.physics.bayer`), digital gain and white balance, colour
correction, gamma, tone curve. Two deviations: the gamma is the exact sRGB curve instead of a power of 2.2, and
the colour matrices are those of four cameras of our choice.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from opir.physics.colour import linear_to_srgb, srgb_to_linear
from opir.physics.degradation import Parameters, uniform
from opir.physics.per_image import per_image

_CAMERA_FROM_XYZ = (
    (0.4716, 0.0603, -0.0830, -0.7798, 1.5474, 0.2480, -0.1496, 0.1937, 0.6651),  # Canon EOS 5D Mark II
    (0.6722, -0.0635, -0.0963, -0.4287, 1.2460, 0.2028, -0.0908, 0.2162, 0.5668),  # Canon EOS 5D Mark III
    (0.8139, -0.2171, -0.0663, -0.8747, 1.6541, 0.2295, -0.1925, 0.2008, 0.8093),  # Nikon D700
    (0.8380, -0.2630, -0.0639, -0.2887, 1.0725, 0.2496, -0.0627, 0.1427, 0.5438),  # Olympus E-M5
)
"""Published daylight matrices (the ColorMatrix of Adobe's DNG files), row by row."""

_XYZ_FROM_RGB = (0.4124, 0.3576, 0.1805, 0.2126, 0.7152, 0.0722, 0.0193, 0.1192, 0.9505)
"""IEC 61966-2-1."""

_HIGHLIGHT = 0.9
_TONE_MARGIN = 1e-6


@dataclass(frozen=True, kw_only=True)
class CameraParameters(Parameters):
    """One camera and one lighting per image."""

    digital_gain: Tensor
    """(B,), common factor applied to the sensor values."""
    red_gain: Tensor
    """(B,), white-balance factor of red; that of green is 1."""
    blue_gain: Tensor
    """(B,), white-balance factor of blue."""
    camera_from_rgb: Tensor
    """(B, 3, 3), colours of linear sRGB as the camera sees them; rows add up to 1, so that gray stays gray."""
    bayer_phase: Tensor
    """(B, 2), int64 in {0, 1}: parity of the rows and columns that hold red samples."""


def sample_camera(n: int, generator: torch.Generator) -> CameraParameters:
    """Draw cameras as in sections 3.3 to 3.5 of the paper; the Bayer phase is uniform."""
    device = generator.device
    inverse_gain = 0.8 + 0.1 * torch.randn(n, generator=generator, device=device)
    return CameraParameters(
        digital_gain=1 / inverse_gain.clamp(0.5, 1.0),
        red_gain=uniform(n, 1.9, 2.4, generator),
        blue_gain=uniform(n, 1.5, 1.9, generator),
        camera_from_rgb=colour_matrix(torch.rand(n, len(_CAMERA_FROM_XYZ), generator=generator, device=device)),
        bayer_phase=torch.randint(0, 2, (n, 2), generator=generator, device=device),
    )


def colour_matrix(weights: Tensor) -> Tensor:
    """Mix the camera matrices with ``weights`` (B, 4), not negative, and scale rows to sum 1: (B, 3, 3)."""
    cameras = torch.tensor(_CAMERA_FROM_XYZ).to(weights)
    mixed = ((weights @ cameras) / weights.sum(dim=1, keepdim=True)).reshape(-1, 3, 3)
    matrix = mixed @ torch.tensor(_XYZ_FROM_RGB).to(weights).reshape(3, 3)
    return matrix / matrix.sum(dim=2, keepdim=True)


def unprocess(image: Tensor, parameters: CameraParameters) -> Tensor:
    """Sensor values of a finished picture: (B, 3, H, W) sRGB in [0, 1] to linear camera RGB in [0, 1].

    Near white the gains are not inverted, so that clipped highlights stay clipped at the sensor.
    """
    linear = srgb_to_linear(inverse_tone_curve(image))
    camera = _mix_colours(parameters.camera_from_rgb, linear)
    return _undo_gains(camera, _gains(parameters, image)).clamp(0, 1)


def process(camera: Tensor, parameters: CameraParameters) -> Tensor:
    """Finished picture of demosaiced sensor values: linear camera RGB to sRGB in [0, 1], both (B, 3, H, W).

    Clips to [0, 1] after the gains and after the colour matrix, as a camera does.
    """
    balanced = (camera * _gains(parameters, camera)).clamp(0, 1)
    # in double: the inverse of one matrix must not depend on the size of the batch
    rgb_from_camera = torch.linalg.inv(parameters.camera_from_rgb.double())
    linear = _mix_colours(rgb_from_camera, balanced).clamp(0, 1)
    return tone_curve(linear_to_srgb(linear))


def tone_curve(values: Tensor) -> Tensor:
    """Contrast curve of a camera, ``3 x^2 - 2 x^3`` (section 3.7); any shape, clipped to [0, 1]."""
    bounded = values.clamp(0, 1)
    return bounded * bounded * (3 - 2 * bounded)


def inverse_tone_curve(values: Tensor) -> Tensor:
    """``1/2 - sin(asin(1 - 2 y) / 3)``, section 3.7; any shape, values in [0, 1].

    The slope is infinite at both ends; it is limited by staying 1e-6 away from them.
    """
    bounded = values.clamp(_TONE_MARGIN, 1 - _TONE_MARGIN)
    return 0.5 - torch.sin(torch.asin(1 - 2 * bounded) / 3)


def read_variance(shot: Tensor, deviation: Tensor | float = 0.0) -> Tensor:
    """Read-noise variance that goes with a shot-noise variance ``shot`` per unit of signal (section 3.1).

    ``log read = 2.18 log shot + 1.2 + 0.26 deviation``, a line fitted to the noise of real phones; 0 maps to 0.
    """
    return shot**2.18 * math.exp(1.2) * torch.exp(0.26 * torch.as_tensor(deviation, device=shot.device))


def _gains(parameters: CameraParameters, like: Tensor) -> Tensor:
    one = torch.ones_like(parameters.red_gain)
    balance = torch.stack((parameters.red_gain, one, parameters.blue_gain), dim=1)
    return per_image(balance * parameters.digital_gain[:, None], like)


def _undo_gains(values: Tensor, gains: Tensor) -> Tensor:
    """Divide by the gains, fading to 1 above 0.9 where gains exceed 1 (section 3.4)."""
    divided = values / gains
    blend = ((values - _HIGHLIGHT).clamp(min=0) / (1 - _HIGHLIGHT)) ** 2
    return torch.maximum(divided, (1 - blend) * divided + blend * values)


def _mix_colours(matrix: Tensor, image: Tensor) -> Tensor:
    return torch.einsum("bij,bjhw->bihw", matrix.to(image), image)

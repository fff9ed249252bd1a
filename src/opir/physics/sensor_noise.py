"""Noise that arises at the sensor and goes through the whole camera with the picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor

from opir.physics.bayer import DEMOSAIC_RADIUS, DemosaicMethod, demosaic, mosaic
from opir.physics.camera import CameraParameters, process, read_variance, sample_camera, unprocess
from opir.physics.colour import rgb_to_ycbcr, ycbcr_to_rgb
from opir.physics.degradation import Degradation, check_batch, draw_seeds, log_uniform, uniform
from opir.physics.gaussian_filter import gaussian_filter
from opir.physics.photon_noise import photon_noise
from opir.tasks import Task

_SHOT_LOW, _SHOT_HIGH = 1e-4, 1.2e-2
_WIDEST_LUMA_PX, _WIDEST_CHROMA_PX = 0.8, 1.8
_REDUCTION_RADIUS_PX = 5


@dataclass(frozen=True, kw_only=True)
class SensorNoiseParameters(CameraParameters):
    """A camera and the noise of its sensor; saturation of the sensor is the unit of signal."""

    shot: Tensor
    """(B,), noise variance per unit of signal, the inverse of the full-well capacity over the gain."""
    read: Tensor
    """(B,), noise standard deviation in darkness."""
    luma_smoothing_px: Tensor
    """(B,), noise reduction of the camera: standard deviation, in pixels, of the Gaussian that smooths the
    luma of the noise; 0 is none."""
    chroma_smoothing_px: Tensor
    """(B,), the same for its chroma."""
    seed: Tensor
    """(B,), int64, seed of the noise field."""


class SensorNoise(Degradation[SensorNoiseParameters]):
    """Adds shot and read noise to the mosaic of a camera and develops the picture again.

    ``I = clip(J + G(develop(raw + n) - develop(raw)))``, raw = mosaic of J unprocessed by
    :func:`~opir.physics.camera.unprocess`, ``n ~ N(0, shot * raw + read ** 2)``. Adding the *difference* keeps what
    the mosaic would lose of J out of the result and makes zero noise the exact identity. White balance,
    demosaicing and colour correction make the noise of the finished picture depend on the signal, and correlate
    it between neighbours and colours.

    G, a Gaussian, stands for the noise reduction of the camera, which leaves coarse grain and less colour. The
    model of Brooks et al. has none: its noise has a correlation of 0.35 between neighbours and 0.1 between red and
    green, while the noise of the PolyU photographs has 0.6 to 0.75 and 0.3 to 0.9. An idealisation: a real camera
    smooths less across edges, and the picture a little too.
    """

    task: ClassVar[Task] = "noise"

    def __init__(self, *, method: DemosaicMethod = "malvar") -> None:
        """Choose the interpolation of the developed picture."""
        self.method: DemosaicMethod = method

    def sample(self, n: int, generator: torch.Generator) -> SensorNoiseParameters:
        """Draw the shot noise log-uniformly from [1e-4, 0.012], the read noise around its fitted line.

        Brooks et al. (2019), section 3.1. The widths of the noise reduction are drawn uniformly.
        """
        shot = log_uniform(n, _SHOT_LOW, _SHOT_HIGH, generator)
        scatter = torch.randn(n, generator=generator, device=generator.device)
        return _with_noise(sample_camera(n, generator), shot, read_variance(shot, scatter), generator)

    def from_severity(self, severity: Tensor, generator: torch.Generator) -> SensorNoiseParameters:
        """``shot = 0.012 * severity ** 2`` (the deviation grows linearly), read noise on its line."""
        shot = _SHOT_HIGH * severity**2
        return _with_noise(sample_camera(len(severity), generator), shot, read_variance(shot), generator)

    def apply(self, image: Tensor, parameters: SensorNoiseParameters) -> Tensor:
        """Add the noise to ``image`` (B, 3, H, W), sRGB in [0, 1]; clipped to [0, 1], not rounded.

        Raises:
            ShapeError: if the image is not (B, 3, H, W) or B differs from the parameters' batch size.
        """
        check_batch(image, parameters)
        padded = F.pad(image, (DEMOSAIC_RADIUS,) * 4, mode="replicate")
        raw = mosaic(unprocess(padded, parameters), parameters.bayer_phase)
        noise = photon_noise(raw, shot=parameters.shot, read=parameters.read, seed=parameters.seed)
        noisy = self._develop((raw + noise).clamp(max=1), parameters)
        residual = noisy - self._develop(raw, parameters)
        return (image + _reduce_noise(residual, parameters)).clamp(0, 1)

    def _develop(self, raw: Tensor, parameters: SensorNoiseParameters) -> Tensor:
        return process(demosaic(raw, parameters.bayer_phase, method=self.method), parameters)


def _reduce_noise(residual: Tensor, parameters: SensorNoiseParameters) -> Tensor:
    chroma = parameters.chroma_smoothing_px
    scales = torch.stack((parameters.luma_smoothing_px, chroma, chroma), dim=1)
    gray = torch.tensor([0.0, 0.5, 0.5]).to(residual)[:, None, None]
    ycbcr = rgb_to_ycbcr(residual) - gray
    return ycbcr_to_rgb(gaussian_filter(ycbcr, scales, radius_px=_REDUCTION_RADIUS_PX) + gray)


def _with_noise(
    camera: CameraParameters, shot: Tensor, variance: Tensor, generator: torch.Generator
) -> SensorNoiseParameters:
    return SensorNoiseParameters(
        digital_gain=camera.digital_gain,
        red_gain=camera.red_gain,
        blue_gain=camera.blue_gain,
        camera_from_rgb=camera.camera_from_rgb,
        bayer_phase=camera.bayer_phase,
        shot=shot,
        read=variance.sqrt(),
        luma_smoothing_px=uniform(len(shot), 0, _WIDEST_LUMA_PX, generator),
        chroma_smoothing_px=uniform(len(shot), 0, _WIDEST_CHROMA_PX, generator),
        seed=draw_seeds(len(shot), generator),
    )

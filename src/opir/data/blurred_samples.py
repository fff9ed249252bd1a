"""Samples for the network that finds kernels: photographs blurred with a known kernel, and the traces of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils.data import Dataset

from opir.data.image_bank import ImageBank
from opir.deconvolution.alternation import alternation_maps
from opir.deconvolution.kernel import REACH_PX, SIDE
from opir.deconvolution.traces import trace_maps, trace_statistics
from opir.physics.codec import FileCodec
from opir.physics.defocus_blur import DefocusBlurParameters, aperture_kernels
from opir.physics.degradation import draw_seeds, log_uniform, uniform
from opir.physics.gaussian_blur import isotropic_kernels
from opir.physics.jpeg import on_grid
from opir.physics.motion_blur import MotionBlurParameters, motion_kernels
from opir.physics.psf import blur_in_linear_light

CROP_PX: Final = 258
"""Side of the crops: gradients of 256 pixels transform fast."""

_MOTION, _DEFOCUS, _GAUSSIAN = 0.5, 0.75, 0.85
"""Shares of motion, of motion and defocus, and of these and Gaussian blur; the rest is sharp."""


class BlurredSample(NamedTuple):
    """One sample, or a batch of them with a leading dimension B."""

    maps: Tensor
    """(23, 33, 33), traces and alternation."""
    statistics: Tensor
    """(14,)."""
    blurred: Tensor
    """(258, 258), mean of the encoded colours of the degraded crop."""
    sharp: Tensor
    """(258, 258), the same of the clean crop."""
    kernel: Tensor
    """(33, 33), what it was blurred with."""


def stacked(samples: Sequence[BlurredSample]) -> BlurredSample:
    """Make a batch of samples."""
    return BlurredSample(*(torch.stack(field) for field in zip(*samples, strict=True)))


class BlurredSamples(Dataset[BlurredSample]):
    """An endless, reproducible stream: sample k depends on the seed and on k alone.

    Kernels are those of motion up to 32 pixels long, defocus of up to 8 pixels' radius and Gaussian blur, in linear
    light with up to two stops of headroom; then most crops get noise of 0.3 to 7.5 grey levels, and a third of them is
    compressed.
    """

    def __init__(self, bank: ImageBank, *, seed: int) -> None:
        self._bank = bank
        self._seed = seed

    def __getitem__(self, k: int) -> BlurredSample:
        """Make sample k."""
        generator = np.random.default_rng((self._seed, k))
        _, picture = self._bank.crop(CROP_PX, generator)
        draws = torch.Generator().manual_seed(int(generator.integers(2**62)))
        sharp = torch.from_numpy(picture).permute(2, 0, 1)[None].float() / 255
        kernel = draw_kernel(draws)
        blurred = _as_a_camera_has_it(blur_in_linear_light(sharp, kernel[None], uniform(1, 0, 2, draws)), draws)
        gray = np.ascontiguousarray(blurred[0].mean(dim=0).numpy())
        maps = np.concatenate((trace_maps(gray), alternation_maps(gray)))
        return BlurredSample(
            torch.from_numpy(maps),
            torch.from_numpy(trace_statistics(gray)),
            torch.from_numpy(gray),
            sharp[0].mean(dim=0),
            kernel,
        )


def draw_kernel(generator: torch.Generator) -> Tensor:
    """Draw a kernel (33, 33) of sum 1; one in seven is a single point."""
    share = uniform(1, 0, 1, generator).item()
    if share < _MOTION:
        shake = uniform(1, 0, 1, generator)
        straight = uniform(1, 0, 1, generator) < 1 / 3
        motion = MotionBlurParameters(
            seed=draw_seeds(1, generator),
            length_px=log_uniform(1, 3, 2 * REACH_PX, generator),
            shake=torch.where(straight, 0.1 * shake, shake**1.5),
            headroom_stops=torch.zeros(1),
        )
        kernel = motion_kernels(motion)
    elif share < _DEFOCUS:
        aperture = DefocusBlurParameters(
            radius_px=log_uniform(1, 0.8, REACH_PX / 2, generator),
            n_blades=torch.randint(5, 10, (1,), generator=generator),
            roundness=uniform(1, 0, 1, generator),
            rotation_rad=uniform(1, 0, 2 * torch.pi, generator),
            headroom_stops=torch.zeros(1),
        )
        kernel = aperture_kernels(aperture)
    elif share < _GAUSSIAN:
        kernel = isotropic_kernels(log_uniform(1, 0.5, 3, generator))
    else:
        kernel = torch.ones(1, 1, 1)
    missing = REACH_PX - kernel.shape[-1] // 2
    fitted = F.pad(kernel[0], (missing,) * 4)  # a negative padding cuts
    assert fitted.shape == (SIDE, SIDE)
    return fitted / fitted.sum()


def _as_a_camera_has_it(picture: Tensor, generator: torch.Generator) -> Tensor:
    """Add noise to three of four pictures (1, 3, H, W), round to 8 bits, compress a third."""
    if uniform(1, 0, 1, generator).item() < 0.75:
        sigma = log_uniform(1, 0.3 / 255, 7.5 / 255, generator)
        picture = picture + sigma * torch.randn(picture.shape, generator=generator)
    picture = (picture * 255).round().clamp(0, 255) / 255
    if uniform(1, 0, 1, generator).item() < 0.35:
        picture = FileCodec().apply(picture, on_grid(uniform(1, 30, 95, generator).round(), torch.ones(1)))
    return picture

"""JPEG compression as batched tensor arithmetic: differentiable, on any device, close to a real file."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from opir.errors import ConfigurationError
from opir.physics.colour import rgb_to_ycbcr, ycbcr_to_rgb
from opir.physics.degradation import Degradation, Parameters, check_batch
from opir.physics.per_image import keep_where
from opir.physics.quantise import round_straight_through
from opir.tasks import Task

CoefficientRounding = Literal["straight_through", "soft"]
"""How rounding is differentiated: as the identity, or as the cubic of Shin and Song (2017)."""

_MCU = 16
"""Side of the unit that 4:2:0 files are padded to, in pixels: two luma blocks."""

_FINEST_PERCENT, _COARSEST_PERCENT = 20.0, 1000.0
"""Quantisation steps just above severity 0 and at severity 1, in per cent of the tables: qualities 90 and 5."""

_LUMA_TABLE = """
    16 11 10 16  24  40  51  61   12 12 14 19  26  58  60  55   14 13 16 24  40  57  69  56
    14 17 22 29  51  87  80  62   18 22 37 56  68 109 103  77   24 35 55 64  81 104 113  92
    49 64 78 87 103 121 120 101   72 92 95 98 112 100 103  99
"""
_CHROMA_TABLE = """
    17 18 24 47 99 99 99 99   18 21 26 66 99 99 99 99   24 26 56 99 99 99 99 99   47 66 99 99 99 99 99 99
    99 99 99 99 99 99 99 99   99 99 99 99 99 99 99 99   99 99 99 99 99 99 99 99   99 99 99 99 99 99 99 99
"""


@dataclass(frozen=True, kw_only=True)
class JpegParameters(Parameters):
    """How a picture is compressed."""

    quality: Tensor
    """(B,), the quality setting of the encoder, 1 to 100 (WebP: 0 to 100); infinity leaves the picture as it is."""
    subsampled: Tensor
    """(B,), bool: chroma at half resolution in both directions (4:2:0), otherwise at full (4:4:4)."""
    grid_offset: Tensor
    """(B, 2), int64, rows and columns in [0, 16) between the origin of the block grid and that of the image:
    0 for a whole file, anything for a picture cropped out of a decoded one."""


def sample_jpeg(
    n: int, generator: torch.Generator, *, min_quality: float = 10, max_quality: float = 95
) -> JpegParameters:
    """Draw whole qualities, low ones more often; two in three are subsampled, three in ten are off the block grid.

    The position in the range is u ** 1.5 for uniform u: half of the pictures lie in its lowest 35 %.
    """
    device = generator.device
    position = torch.rand(n, generator=generator, device=device) ** 1.5
    quality = torch.round(min_quality + (max_quality - min_quality) * position)
    cropped = torch.rand(n, 1, generator=generator, device=device) < 0.3
    offset = torch.randint(0, _MCU, (n, 2), generator=generator, device=device)
    return JpegParameters(
        quality=quality,
        subsampled=torch.rand(n, generator=generator, device=device) < 2 / 3,
        grid_offset=offset * cropped,
    )


def jpeg_from_severity(severity: Tensor) -> JpegParameters:
    """Subsampled on the block grid, with quantisation steps ``0.2 * 50 ** severity`` times those of annex K.

    That is a quality of 90 just above severity 0, then 73, 35, 13, and 5 at severity 1: the steps grow by the same
    factor from quarter to quarter. Not compressed at all at severity 0.
    """
    percent = _FINEST_PERCENT * (_COARSEST_PERCENT / _FINEST_PERCENT) ** severity
    quality = torch.where(percent > 100, 5000 / percent, 100 - percent / 2)
    return on_grid(quality, severity)


def on_grid(quality: Tensor, severity: Tensor) -> JpegParameters:
    """Whole files with subsampled chroma of a quality (B,), not compressed where the severity (B,) is 0."""
    return JpegParameters(
        quality=torch.where(severity > 0, quality, torch.inf),
        subsampled=torch.ones_like(severity, dtype=torch.bool),
        grid_offset=torch.zeros(len(severity), 2, dtype=torch.int64, device=severity.device),
    )


class Jpeg(Degradation[JpegParameters]):
    """Baseline JPEG without its lossless part: colour conversion, chroma averaging, 8x8 DCT, quantisation.

    ITU-T T.81 (ISO/IEC 10918-1), the tables of its annex K scaled by quality as libjpeg does, and libjpeg's
    triangular chroma interpolation. Values differ from a real decoder by its integer arithmetic only; see
    :class:`opir.physics.codec.FileCodec` for the real thing, which is faster on a CPU.

    Works on sRGB code values, as files do; the result is rounded to 8 bits.
    """

    task: ClassVar[Task] = "jpeg"

    def __init__(self, *, rounding: CoefficientRounding = "straight_through") -> None:
        """Choose how rounding is differentiated; ``soft`` also changes the values and skips the 8-bit steps.

        Raises:
            ConfigurationError: if ``rounding`` is not a known word.
        """
        if rounding not in ("straight_through", "soft"):
            raise ConfigurationError(f'rounding must be "straight_through" or "soft"; got {rounding!r}')
        self.rounding: CoefficientRounding = rounding

    def sample(self, n: int, generator: torch.Generator) -> JpegParameters:
        """See :func:`sample_jpeg`."""
        return sample_jpeg(n, generator)

    def from_severity(self, severity: Tensor, generator: torch.Generator) -> JpegParameters:  # noqa: ARG002
        """See :func:`jpeg_from_severity`."""
        return jpeg_from_severity(severity)

    def apply(self, image: Tensor, parameters: JpegParameters) -> Tensor:
        """Compress and decompress ``image`` (B, 3, H, W), sRGB in [0, 1].

        Raises:
            ShapeError: if the image is not (B, 3, H, W) or B differs from the parameters' batch size.
        """
        check_batch(image, parameters)
        offset = parameters.grid_offset.to(image.device)
        quality = parameters.quality.to(image)
        codes = self._whole(_onto_grid(image, offset) * 255)
        ycbcr = self._whole(rgb_to_ycbcr(codes / 255) * 255 - _level_shift(codes))
        luma = self._compress(ycbcr[:, :1], quantisation_table(quality, chroma=False))
        chroma = self._chroma(ycbcr[:, 1:], quantisation_table(quality, chroma=True), parameters.subsampled)
        rgb = ycbcr_to_rgb((torch.cat((luma, chroma), dim=1) + _level_shift(codes)) / 255)
        decoded = self._whole(rgb.clamp(0, 1) * 255) / 255
        return keep_where(parameters.quality > 100, image, _off_grid(decoded, offset, image.shape[2:]))

    def _chroma(self, chroma: Tensor, table: Tensor, subsampled: Tensor) -> Tensor:
        """Compress chroma (B, 2, H, W), at half resolution where ``subsampled``."""
        full = self._compress(chroma, table) if not subsampled.all() else chroma
        if not subsampled.any():
            return full
        half = self._compress(self._whole(F.avg_pool2d(chroma, 2)), table)
        half = F.interpolate(half, scale_factor=2, mode="bilinear", align_corners=False)
        return keep_where(~subsampled, full, half)

    def _compress(self, plane: Tensor, table: Tensor) -> Tensor:
        """Quantise the block DCT of (B, C, H, W), values around 0; ``table`` is (B, 8, 8)."""
        steps = table[:, None, None, :, None, :]
        coefficients = block_dct(plane) / steps
        if self.rounding == "soft":
            nearest = coefficients.detach().round()
            quantised = nearest + (coefficients - nearest) ** 3
        else:
            quantised = round_straight_through(coefficients)
        return self._whole(inverse_block_dct(quantised * steps)).clamp(-128, 127)

    def _whole(self, codes: Tensor) -> Tensor:
        return codes if self.rounding == "soft" else round_straight_through(codes)


def quantisation_table(quality: Tensor, *, chroma: bool) -> Tensor:
    """Quantisation steps of a quality, (B,) to (B, 8, 8), rows of vertical frequency, in code values.

    The tables K.1 and K.2 of ITU-T T.81, multiplied by ``5000 / quality`` per cent below 50 and by
    ``200 - 2 quality`` per cent above, rounded, at least 1 and at most 255, as libjpeg does.
    """
    text = _CHROMA_TABLE if chroma else _LUMA_TABLE
    base = torch.tensor([float(word) for word in text.split()]).to(quality).reshape(8, 8)
    bounded = quality.clamp(1, 100)
    percent = torch.where(bounded < 50, (5000 / bounded).floor(), 200 - 2 * bounded)
    return ((base * percent[:, None, None] + 50) / 100).floor().clamp(1, 255)


def block_dct(plane: Tensor) -> Tensor:
    """Orthonormal 8x8 DCT-II of every block: (B, C, 8h, 8w) to (B, C, h, 8, w, 8), frequencies in 3 and 5.

    ITU-T T.81, section A.3.3.
    """
    b, c, height, width = plane.shape
    basis = _dct_basis(plane)
    columns = basis @ plane.reshape(b, c, height // 8, 8, width)
    return columns.reshape(b, c, height // 8, 8, width // 8, 8) @ basis.T


def inverse_block_dct(coefficients: Tensor) -> Tensor:
    """Inverse and adjoint of :func:`block_dct`: (B, C, h, 8, w, 8) to (B, C, 8h, 8w)."""
    b, c, rows, _, columns, _ = coefficients.shape
    basis = _dct_basis(coefficients)
    horizontal = (coefficients @ basis).reshape(b, c, rows, 8, columns * 8)
    return (basis.T @ horizontal).reshape(b, c, rows * 8, columns * 8)


def _dct_basis(like: Tensor) -> Tensor:
    """Rows are the DCT-II basis functions, (8, 8), orthonormal."""
    frequency = torch.arange(8, dtype=torch.float64)[:, None]
    position = torch.arange(8, dtype=torch.float64)[None, :]
    basis = 0.5 * torch.cos(math.pi / 16 * (2 * position + 1) * frequency)
    basis[0] = math.sqrt(1 / 8)
    return basis.to(like)


def _level_shift(like: Tensor) -> Tensor:
    """What JPEG subtracts before the DCT, in our code values: 128 of luma, the gray 127.5 of chroma."""
    return torch.tensor([128.0, 127.5, 127.5]).to(like)[:, None, None]


def _onto_grid(image: Tensor, offset: Tensor) -> Tensor:
    """Place the images ``offset`` (B, 2) pixels off the origin, with replicated edges, in whole MCUs."""
    height, width = (math.ceil((size + _MCU - 1) / _MCU) * _MCU for size in image.shape[2:])
    return _pick(image, -offset, height, width)


def _off_grid(image: Tensor, offset: Tensor, size: torch.Size) -> Tensor:
    """Undo :func:`_onto_grid`."""
    return _pick(image, offset, size[0], size[1])


def _pick(image: Tensor, start: Tensor, height: int, width: int) -> Tensor:
    """Cut (height, width) windows whose origins are ``start`` (B, 2), coordinates clamped to the image."""
    b, c, source_height, source_width = image.shape
    rows = (start[:, :1] + torch.arange(height, device=image.device)).clamp(0, source_height - 1)
    columns = (start[:, 1:] + torch.arange(width, device=image.device)).clamp(0, source_width - 1)
    picked = image.gather(2, rows[:, None, :, None].expand(b, c, height, source_width))
    return picked.gather(3, columns[:, None, None, :].expand(b, c, height, width))

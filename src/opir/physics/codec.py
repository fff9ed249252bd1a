"""Real compression: the picture goes through an encoder and a decoder of Pillow."""

from __future__ import annotations

import io
from typing import ClassVar, Literal

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from opir.errors import ConfigurationError
from opir.physics.degradation import Degradation, check_batch
from opir.physics.jpeg import JpegParameters, jpeg_from_severity, on_grid, sample_jpeg
from opir.tasks import Task

CodecFormat = Literal["jpeg", "webp"]
"""File formats with a quality setting."""

_FINEST_STEP, _COARSEST_STEP = 13.0, 284.0
"""Steps of WebP just above severity 0 and at severity 1: qualities 90 and 0."""

_STEP_PIECES = ((4, 58, 1), (58, 116, 2), (116, 173, 3), (173, 229, 4), (229, 284, 5))
_LAST_ENTRY = 127
"""Table of AC steps of VP8: from one value to another it rises by so much per entry, up to entry 127."""


class FileCodec(Degradation[JpegParameters]):
    """Writes and reads every image of a batch as a JPEG or lossy WebP file, in memory, one at a time.

    sRGB code values rounded to 8 bits, as in any file. The result returns to the device of the image. Not
    differentiable: it carries no gradient; see :class:`opir.physics.jpeg.Jpeg` for one that does.
    """

    task: ClassVar[Task] = "jpeg"

    def __init__(self, *, file_format: CodecFormat = "jpeg") -> None:
        """Choose the file format. WebP always subsamples chroma and has its own scale of quality.

        Raises:
            ConfigurationError: if the format is not known.
        """
        if file_format not in ("jpeg", "webp"):
            raise ConfigurationError(f'file_format must be "jpeg" or "webp"; got {file_format!r}')
        self.file_format: CodecFormat = file_format

    def sample(self, n: int, generator: torch.Generator) -> JpegParameters:
        """See :func:`opir.physics.jpeg.sample_jpeg`."""
        return sample_jpeg(n, generator)

    def from_severity(self, severity: Tensor, generator: torch.Generator) -> JpegParameters:  # noqa: ARG002
        """See :func:`opir.physics.jpeg.jpeg_from_severity` and :func:`webp_quality`."""
        if self.file_format == "webp":
            steps = _FINEST_STEP * (_COARSEST_STEP / _FINEST_STEP) ** severity
            return on_grid(webp_quality(steps), severity)
        return jpeg_from_severity(severity)

    def apply(self, image: Tensor, parameters: JpegParameters) -> Tensor:
        """Compress and decompress ``image`` (B, 3, H, W), sRGB in [0, 1].

        Raises:
            ShapeError: if the image is not (B, 3, H, W) or B differs from the parameters' batch size.
        """
        check_batch(image, parameters)
        decoded = image.detach().clone()
        settings = zip(
            parameters.quality.tolist(),
            parameters.subsampled.tolist(),
            parameters.grid_offset.tolist(),
            strict=True,
        )
        for row, (quality, subsampled, (top, left)) in zip(decoded, settings, strict=True):
            if quality > 100:
                continue
            codes = (row.cpu().clamp(0, 1) * 255).round().to(torch.uint8).permute(1, 2, 0).numpy()
            shifted = np.pad(codes, ((top, 0), (left, 0), (0, 0)), mode="edge")
            read = encode_decode(shifted, self.file_format, quality=quality, subsampled=subsampled)
            row.copy_(torch.from_numpy(read[top:, left:].copy()).permute(2, 0, 1).to(row.dtype) / 255)
        return decoded


def webp_quality(step: Tensor) -> Tensor:
    """Quality setting of libwebp, 0 to 100, at which it divides AC coefficients by a step of 4 to 284; any shape.

    libwebp (``QualityToCompression`` in its ``quant_enc.c``) uses the entry ``127 (1 - c ** (1 / 3))`` of the table
    of steps, ``c = 2 q / 300`` for q below 75 and ``2 q / 100 - 1`` above. The table is that of RFC 6386, section
    14.1. An encoder varies the step within a picture: this is its middle.
    """
    entry = torch.zeros_like(step)
    for first, last, rise in _STEP_PIECES:
        entry = entry + (step - first).clamp(0, last - first) / rise
    compression = (1 - entry / _LAST_ENTRY) ** 3
    return torch.where(compression < 0.5, 150 * compression, 50 * (1 + compression))


def encode_decode(
    codes: np.typing.NDArray[np.uint8], file_format: CodecFormat, *, quality: float, subsampled: bool
) -> np.typing.NDArray[np.uint8]:
    """One picture through an encoder and back.

    Args:
        codes: (H, W, 3), RGB, 0 to 255.
        file_format: which encoder.
        quality: 0 to 100, in the scale of that encoder; JPEG takes whole numbers, to which it is rounded.
        subsampled: 4:2:0 if true, 4:4:4 otherwise; WebP ignores it.

    Returns:
        (H, W, 3), RGB, 0 to 255.
    """
    file = io.BytesIO()
    picture = Image.fromarray(codes)
    if file_format == "webp":
        picture.save(file, "WEBP", quality=quality, method=2)
    else:
        picture.save(file, "JPEG", quality=round(quality), subsampling=2 if subsampled else 0)
    file.seek(0)
    with Image.open(file) as read:
        return np.array(read.convert("RGB"))

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
from opir.physics.jpeg import JpegParameters, jpeg_from_severity, sample_jpeg
from opir.tasks import Task

CodecFormat = Literal["jpeg", "webp"]
"""File formats with a quality setting."""


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
        """See :func:`opir.physics.jpeg.jpeg_from_severity`."""
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
            read = encode_decode(shifted, self.file_format, quality=round(quality), subsampled=subsampled)
            row.copy_(torch.from_numpy(read[top:, left:].copy()).permute(2, 0, 1).to(row.dtype) / 255)
        return decoded


def encode_decode(
    codes: np.typing.NDArray[np.uint8], file_format: CodecFormat, *, quality: int, subsampled: bool
) -> np.typing.NDArray[np.uint8]:
    """One picture through an encoder and back.

    Args:
        codes: (H, W, 3), RGB, 0 to 255.
        file_format: which encoder.
        quality: 1 to 100, in the scale of that encoder.
        subsampled: 4:2:0 if true, 4:4:4 otherwise; WebP ignores it.

    Returns:
        (H, W, 3), RGB, 0 to 255.
    """
    file = io.BytesIO()
    picture = Image.fromarray(codes)
    if file_format == "webp":
        picture.save(file, "WEBP", quality=quality, method=2)
    else:
        picture.save(file, "JPEG", quality=quality, subsampling=2 if subsampled else 0)
    file.seek(0)
    with Image.open(file) as read:
        return np.array(read.convert("RGB"))

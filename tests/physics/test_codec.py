"""Real JPEG and WebP files, image by image."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import torch

from laws import assert_common_laws, assert_monotonic_severity, picture, seeded
from opir.errors import ConfigurationError
from opir.physics.codec import CodecFormat, FileCodec, encode_decode, webp_quality
from opir.physics.jpeg import JpegParameters


@pytest.mark.parametrize("file_format", ["jpeg", "webp"])
def test_laws(file_format: CodecFormat) -> None:
    assert_common_laws(FileCodec(file_format=file_format))
    assert_monotonic_severity(FileCodec(file_format=file_format))


def test_same_values_as_a_file_of_the_picture() -> None:
    image = picture(1, 33, 47)
    parameters = JpegParameters(
        quality=torch.tensor([40.0]),
        subsampled=torch.tensor([True]),
        grid_offset=torch.zeros(1, 2, dtype=torch.int64),
    )
    codes = (image[0] * 255).round().byte().permute(1, 2, 0).numpy()
    expected = encode_decode(codes, "jpeg", quality=40, subsampled=True)
    actual = (FileCodec().apply(image, parameters)[0] * 255).round().byte().permute(1, 2, 0).numpy()
    np.testing.assert_array_equal(actual, expected)


def test_grid_offset_shifts_the_blocks() -> None:
    # a vertical step at column 8 is a block border: exact on the grid, ringing off it
    image = torch.full((2, 3, 16, 16), 0.2)
    image[..., 8:] = 0.8
    parameters = JpegParameters(
        quality=torch.tensor([20.0, 20.0]),
        subsampled=torch.tensor([False, False]),
        grid_offset=torch.tensor([[0, 0], [0, 4]]),
    )
    left_half = FileCodec().apply(image, parameters)[:, 0, :, :8]
    ringing = left_half.std(dim=(1, 2))
    assert ringing[0] < 0.005 < ringing[1]


def test_unknown_format_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="webp"):
        FileCodec(file_format="png")  # type: ignore[arg-type]


@pytest.mark.parametrize(("entry", "step"), [(9, 13), (24, 28), (54, 58), (72, 94), (91, 140), (127, 284)])
def test_quality_of_webp_gives_the_step_of_the_table(entry: int, step: int) -> None:
    # entries of the AC table of RFC 6386, section 14.1, inverted by hand: c = (1 - entry / 127) ** 3
    compression = (1 - entry / 127) ** 3
    expected = 150 * compression if compression < 0.5 else 50 + 50 * compression
    assert webp_quality(torch.tensor([float(step)])).item() == pytest.approx(expected, abs=0.3)


@pytest.mark.parametrize("file_format", ["jpeg", "webp"])
def test_every_quarter_of_severity_is_visibly_worse(file_format: CodecFormat) -> None:
    smooth = torch.nn.functional.avg_pool2d(picture(2, 130, 130), 3, stride=1)
    operator = FileCodec(file_format=file_format)
    changes = []
    for severity in (0.25, 0.5, 0.75, 1.0):
        parameters = operator.from_severity(torch.full((2,), severity), seeded(0))
        changes.append((operator.apply(smooth, parameters) - smooth).abs().mean().item())
    assert all(after > 1.15 * before for before, after in pairwise(changes)), changes

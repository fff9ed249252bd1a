"""The batched JPEG is close to a real one, and has a useful gradient."""

from __future__ import annotations

import io

import pytest
import torch
from PIL import Image

from laws import (
    assert_common_laws,
    assert_gradient,
    assert_gradient_finite,
    assert_identity_limit,
    assert_monotonic_severity,
    picture,
    seeded,
)
from opir.errors import ConfigurationError
from opir.physics.codec import FileCodec
from opir.physics.jpeg import Jpeg, JpegParameters, block_dct, inverse_block_dct, jpeg_from_severity, quantisation_table


def settings(n: int, quality: float, *, subsampled: bool = False, offset: tuple[int, int] = (0, 0)) -> JpegParameters:
    """The same settings for n images."""
    return JpegParameters(
        quality=torch.full((n,), quality),
        subsampled=torch.full((n,), subsampled),
        grid_offset=torch.tensor([offset] * n),
    )


def psnr(first: torch.Tensor, second: torch.Tensor) -> float:
    """Peak signal-to-noise ratio in decibels."""
    return -10 * (first - second).square().mean().log10().item()


def photo(height: int = 96, width: int = 128) -> torch.Tensor:
    """Two images whose texture is smoothed to the spectrum of photographs, on 8-bit levels."""
    smooth = torch.nn.functional.avg_pool2d(picture(2, height + 2, width + 2), 3, stride=1)
    return (smooth * 255).round() / 255


def test_common_laws() -> None:
    assert_common_laws(Jpeg())
    assert_monotonic_severity(Jpeg(), photo())
    assert_gradient_finite(Jpeg())


def test_soft_rounding_has_the_identity_limit_and_the_right_gradient() -> None:
    assert_identity_limit(Jpeg(rounding="soft"))
    assert_gradient(Jpeg(rounding="soft"), step=1e-9)


@pytest.mark.parametrize("quality", [1, 10, 25, 50, 75, 90, 100])
def test_tables_are_those_of_the_encoder(quality: int) -> None:
    file = io.BytesIO()
    Image.new("RGB", (16, 16)).save(file, "JPEG", quality=quality)
    tables = Image.open(file).quantization
    for index, chroma in enumerate((False, True)):
        ours = quantisation_table(torch.tensor([float(quality)]), chroma=chroma).flatten().tolist()
        assert ours == tables[index]


def test_dct_is_orthonormal_and_its_inverse_is_its_adjoint() -> None:
    x, y = torch.randn(2, 2, 3, 16, 24, generator=seeded(0), dtype=torch.float64)
    torch.testing.assert_close(inverse_block_dct(block_dct(x)), x)
    torch.testing.assert_close((block_dct(x) * block_dct(y)).sum(), (x * y).sum())
    flat = block_dct(torch.full((1, 1, 8, 8), 5.0))
    assert flat[0, 0, 0, 0, 0, 0].item() == pytest.approx(40)
    assert flat.flatten()[1:].abs().max() < 1e-5


@pytest.mark.parametrize("subsampled", [False, True])
@pytest.mark.parametrize("quality", [10, 30, 50, 75, 90])
@pytest.mark.parametrize("size", [(96, 128), (61, 75)])
def test_close_to_the_real_codec(size: tuple[int, int], quality: int, subsampled: bool) -> None:
    image = photo(*size)
    parameters = settings(2, quality, subsampled=subsampled)
    ours, real = Jpeg().apply(image, parameters), FileCodec().apply(image, parameters)
    assert psnr(ours, real) > 40
    assert abs(psnr(ours, image) - psnr(real, image)) < 0.1


def test_close_to_the_real_codec_off_the_grid() -> None:
    image = photo(61, 75)
    parameters = settings(2, 30, subsampled=True, offset=(3, 13))
    ours, real = Jpeg().apply(image, parameters), FileCodec().apply(image, parameters)
    assert psnr(ours, real) > 40
    assert psnr(ours, Jpeg().apply(image, settings(2, 30, subsampled=True))) < 40


def test_one_value_survives_and_blocks_do_not_mix() -> None:
    image = torch.full((1, 3, 24, 24), 100 / 255)
    torch.testing.assert_close(Jpeg().apply(image, settings(1, 60)), image, rtol=0, atol=2.1 / 255)
    spot = image.clone()
    spot[..., 12, 12] = 1
    changed = (Jpeg().apply(spot, settings(1, 60)) != Jpeg().apply(image, settings(1, 60))).any(dim=1)[0]
    assert changed[8:16, 8:16].any()
    changed[8:16, 8:16] = False
    assert not changed.any()


def test_straight_through_gradient_is_the_identity_without_subsampling() -> None:
    image = picture(1, 16, 16, low=0.3, high=0.7).double().requires_grad_()
    weights = torch.randn(image.shape, generator=seeded(1), dtype=torch.float64)
    (gradient,) = torch.autograd.grad((Jpeg().apply(image, settings(1, 80)) * weights).sum(), image)
    torch.testing.assert_close(gradient, weights)


def test_unknown_rounding_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="soft"):
        Jpeg(rounding="hard")  # type: ignore[arg-type]


def test_steps_grow_evenly_in_logarithm_with_severity() -> None:
    quality = jpeg_from_severity(torch.tensor([0.0, 1e-6, 0.25, 0.5, 0.75, 1.0])).quality
    torch.testing.assert_close(quality, torch.tensor([torch.inf, 90, 73.4, 35.4, 13.3, 5]), rtol=0, atol=0.1)
    # the step of the first luma coefficient, 16 at quality 50, before it meets the limit of 255
    steps = quantisation_table(quality[1:5], chroma=False)[:, 0, 0].log()
    assert steps.diff().std() < 0.15

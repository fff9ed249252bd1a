"""Colour conversions against published values and their own inverses."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

from laws import picture
from opir.errors import ShapeError
from opir.physics.colour import linear_to_srgb, rgb_to_ycbcr, srgb_to_linear, ycbcr_to_rgb


def test_srgb_values_of_the_standard() -> None:
    encoded = torch.tensor([0.0, 0.04045, 0.5, 188 / 255, 1.0], dtype=torch.float64)
    expected = torch.tensor([0.0, 0.0031308, 0.2140411, 0.5028865, 1.0], dtype=torch.float64)
    torch.testing.assert_close(srgb_to_linear(encoded), expected, rtol=0, atol=1e-6)
    torch.testing.assert_close(linear_to_srgb(expected), encoded, rtol=0, atol=2e-6)


def test_srgb_round_trip_keeps_every_16_bit_level_in_order_and_continues_outside() -> None:
    levels = torch.linspace(-0.2, 1.5, 65536, dtype=torch.float64)
    linear = srgb_to_linear(levels)
    assert (linear.diff() > 0).all()
    torch.testing.assert_close(linear_to_srgb(linear), levels, rtol=0, atol=1e-7)


def test_srgb_gradient_is_finite_at_black_and_below() -> None:
    values = torch.tensor([-0.1, 0.0, 1e-8, 1.0], dtype=torch.float64, requires_grad=True)
    (gradient,) = torch.autograd.grad(linear_to_srgb(values).sum(), values)
    torch.testing.assert_close(gradient[:3], torch.full((3,), 12.92, dtype=torch.float64))
    (gradient,) = torch.autograd.grad(srgb_to_linear(values).sum(), values)
    torch.testing.assert_close(gradient[:3], torch.full((3,), 1 / 12.92, dtype=torch.float64))


def test_ycbcr_agrees_with_pillow_to_rounding() -> None:
    codes = (picture(1) * 255).round()
    array = codes[0].permute(1, 2, 0).numpy().astype(np.uint8)
    expected = torch.from_numpy(np.array(Image.fromarray(array).convert("YCbCr"))).permute(2, 0, 1)
    # Pillow's chroma zero is 128, ours is 0.5 of the range = 127.5
    actual = rgb_to_ycbcr(codes / 255)[0] * 255 + torch.tensor([0.0, 0.5, 0.5])[:, None, None]
    assert (actual - expected).abs().max() < 1.01


def test_ycbcr_round_trip_and_gray_axis() -> None:
    image = picture(2).double()
    torch.testing.assert_close(ycbcr_to_rgb(rgb_to_ycbcr(image)), image)
    gray = torch.full((1, 3, 2, 2), 0.3)
    torch.testing.assert_close(rgb_to_ycbcr(gray)[0, :, 0, 0], torch.tensor([0.3, 0.5, 0.5]))


def test_ycbcr_refuses_images_without_batch() -> None:
    with pytest.raises(ShapeError, match=r"\(B, 3, H, W\)"):
        rgb_to_ycbcr(torch.zeros(3, 4, 4))

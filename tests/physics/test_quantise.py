"""Quantisation meets integer files exactly."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from laws import (
    assert_batch_equals_loop,
    assert_identity_limit,
    assert_input_untouched,
    assert_monotonic_severity,
    assert_range,
    picture,
    seeded,
)
from opir.errors import ConfigurationError
from opir.physics.quantise import Quantise, QuantiseParameters, Rounding

EIGHT_BITS = QuantiseParameters(levels=torch.tensor([255.0]))


@pytest.mark.parametrize("rounding", ["nearest", "truncate"])
def test_laws(rounding: Rounding) -> None:
    operator = Quantise(rounding=rounding)
    assert_identity_limit(operator)
    assert_range(operator)
    assert_input_untouched(operator)
    assert_batch_equals_loop(operator)
    assert_monotonic_severity(operator)


@pytest.mark.parametrize("rounding", ["nearest", "truncate"])
def test_eight_bit_files_are_fixed_points(rounding: Rounding) -> None:
    levels = (torch.arange(768) % 256).reshape(1, 3, 16, 16) / 255
    assert torch.equal(Quantise(rounding=rounding).apply(levels, EIGHT_BITS), levels)


def test_same_codes_as_numpy() -> None:
    image = picture(1)
    scaled = image.numpy() * np.float32(255)
    nearest = (Quantise().apply(image, EIGHT_BITS) * 255).round().numpy()
    truncated = (Quantise(rounding="truncate").apply(image, EIGHT_BITS) * 255).round().numpy()
    np.testing.assert_array_equal(nearest, np.round(scaled))
    assert (truncated != scaled.astype(np.uint8)).mean() < 1e-3  # the allowance against lost levels


def test_error_has_the_variance_of_uniform_rounding_and_truncation_its_bias() -> None:
    image = torch.rand(1, 3, 128, 128, generator=seeded(0))
    error = (Quantise().apply(image, EIGHT_BITS) - image) * 255
    assert error.var().item() == pytest.approx(1 / 12, rel=0.02)
    assert (Quantise(rounding="truncate").apply(image, EIGHT_BITS) - image).mean().item() * 255 == pytest.approx(
        -0.5, abs=0.01
    )


def test_gradient_is_straight_through_or_zero_and_values_agree() -> None:
    image = picture(1).requires_grad_()
    through = Quantise().apply(image, EIGHT_BITS)
    (gradient,) = torch.autograd.grad(through.sum(), image)
    assert torch.equal(gradient, torch.ones_like(gradient))
    stopped = Quantise(straight_through=False).apply(image, EIGHT_BITS)
    assert not stopped.requires_grad
    torch.testing.assert_close(through.detach(), stopped, rtol=0, atol=0)


def test_levels_belong_to_their_image() -> None:
    image = picture(2)
    coarse = Quantise().apply(image, QuantiseParameters(levels=torch.tensor([1.0, 255.0])))
    assert set(coarse[0].unique().tolist()) == {0.0, 1.0}
    assert coarse[1].unique().numel() > 50


def test_unknown_rounding_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="nearest"):
        Quantise(rounding="up")  # type: ignore[arg-type]

"""Blur kernels from files: what is accepted, how they are cleaned, turned and zoomed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from laws import (
    assert_batch_equals_loop,
    assert_gradient,
    assert_identity_limit,
    assert_input_untouched,
    assert_monotonic_severity,
    assert_range,
    assert_seed_determinism,
    seeded,
)
from opir.errors import ConfigurationError, ShapeError, UnreadableImageError
from opir.physics.blur_kernels import KernelBlur, centred_kernel, load_kernel, stack_kernels
from opir.physics.psf import draw_points


def bent_kernel() -> torch.Tensor:
    x = torch.tensor([[-4.0, -2.0, 0.0, 2.0, 3.0]])
    y = torch.tensor([[0.0, 0.5, 0.0, -2.0, -4.0]])
    return draw_points(x, y, torch.tensor([[3.0, 1.0, 1.0, 2.0, 1.0]]), 6)[0]


def bank() -> torch.Tensor:
    return stack_kernels([bent_kernel(), torch.full((3, 3), 1 / 9)])


def save(path: Path, weights: torch.Tensor) -> Path:
    Image.fromarray((255 * weights / weights.max()).round().numpy().astype(np.uint8)).save(path)
    return path


def test_common_laws() -> None:
    operator = KernelBlur(bank())
    assert_identity_limit(operator)
    assert_range(operator)
    assert_input_untouched(operator)
    assert_seed_determinism(operator)
    # the transform is as long as the largest kernel of the batch needs: rounding differs by a few 1e-6 in shadows
    assert_batch_equals_loop(operator, tolerance=1e-5)
    assert_monotonic_severity(KernelBlur(bank()))
    assert_gradient(KernelBlur(bank()))


def test_a_file_gives_a_centred_kernel_of_sum_one(tmp_path: Path) -> None:
    canvas = torch.zeros(40, 33)
    canvas[20:33, 3:16] = bent_kernel()
    canvas[0, 32] = 0.001  # noise of the file far away
    kernel = load_kernel(save(tmp_path / "kernel.png", canvas))
    axis = torch.arange(kernel.shape[0]) - kernel.shape[0] // 2
    assert kernel.shape[0] % 2 == 1
    assert kernel.shape[0] < 20
    assert kernel.sum().item() == pytest.approx(1)
    assert (kernel.sum(dim=0) * axis).sum().abs() < 1e-4
    assert (kernel.sum(dim=1) * axis).sum().abs() < 1e-4


def test_files_of_several_sizes_make_one_operator(tmp_path: Path) -> None:
    paths = [save(tmp_path / "a.png", bent_kernel()), save(tmp_path / "b.png", torch.ones(2, 9))]
    operator = KernelBlur.from_files(paths)
    torch.testing.assert_close(operator.kernels.sum(dim=(1, 2)), torch.ones(2))
    assert set(operator.sample(30, seeded(0)).kernel_index.tolist()) == {0, 1}


def test_quarter_turns_and_mirror_images() -> None:
    operator = KernelBlur(bank())
    plain = replace(
        operator.sample(1, seeded(1)),
        kernel_index=torch.tensor([0]),
        zoom=torch.tensor([1.0]),
        mirror=torch.tensor([False]),
        quarter_turns=torch.tensor([0]),
    )
    kernel = operator.oriented_kernels(plain)[0]
    torch.testing.assert_close(kernel, operator.kernels[0])
    mirrored = operator.oriented_kernels(replace(plain, mirror=torch.tensor([True])))[0]
    torch.testing.assert_close(mirrored, kernel.flip(1))
    turned = operator.oriented_kernels(replace(plain, quarter_turns=torch.tensor([1])))[0]
    torch.testing.assert_close(turned, kernel.rot90(-1, (0, 1)))


def test_what_is_no_kernel_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableImageError, match=r"missing\.png"):
        load_kernel(tmp_path / "missing.png")
    (tmp_path / "text.png").write_text("no picture")
    with pytest.raises(UnreadableImageError, match=r"text\.png"):
        load_kernel(tmp_path / "text.png")
    with pytest.raises(ShapeError, match="151"):
        load_kernel(save(tmp_path / "photo.png", torch.ones(200, 200)))
    with pytest.raises(ShapeError, match="positive"):
        centred_kernel(torch.zeros(5, 5))
    with pytest.raises(ConfigurationError, match="at least one"):
        stack_kernels([])
    with pytest.raises(ShapeError, match="normalise"):
        KernelBlur(torch.ones(1, 3, 3))
    with pytest.raises(ShapeError, match="odd K"):
        KernelBlur(torch.full((1, 2, 2), 0.25))

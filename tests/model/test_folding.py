"""Pixels to channels and back, as torch does it."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from opir.model.folding import fold, unfold


@pytest.mark.parametrize("factor", [1, 2, 4])
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_values_and_gradients_are_those_of_torch(factor: int, layout: torch.memory_format) -> None:
    generator = torch.Generator().manual_seed(0)
    image = torch.rand(2, 3, 8, 12, generator=generator).contiguous(memory_format=layout).requires_grad_()
    weights = torch.rand(2, 3 * factor**2, 8 // factor, 12 // factor, generator=generator)
    folded, expected = fold(image, factor), F.pixel_unshuffle(image, factor)
    assert torch.equal(folded, expected)
    gradient, expected_gradient = (torch.autograd.grad((x * weights).sum(), image)[0] for x in (folded, expected))
    assert torch.equal(gradient, expected_gradient)
    cells = folded.detach().contiguous(memory_format=layout).requires_grad_()
    unfolded = unfold(cells, factor)
    assert torch.equal(unfolded, image)
    (back,) = torch.autograd.grad((unfolded * image.detach()).sum(), cells)
    assert torch.equal(back, fold(image.detach(), factor))


@pytest.mark.parametrize("strict", [False, True])
def test_exported_graphs_keep_the_operators(strict: bool) -> None:
    class Both(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return unfold(fold(x, 2) * 2, 2)

    program = torch.export.export(Both(), (torch.rand(1, 3, 8, 8),), strict=strict)
    called = {str(node.target) for node in program.graph.nodes}
    assert {"aten.pixel_unshuffle.default", "aten.pixel_shuffle.default"} <= called

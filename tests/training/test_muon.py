from __future__ import annotations

import pytest
import torch

from opir.training.muon import LIKE_ADAM, Muon, orthogonalised


@pytest.mark.parametrize("shape", [(16, 48), (8, 40), (40, 8)])
def test_singular_values_become_nearly_equal(shape):
    generator = torch.Generator().manual_seed(0)
    stretched = torch.randn(shape, generator=generator) * torch.logspace(-1, 1, shape[1])
    before, after = torch.linalg.svdvals(stretched), torch.linalg.svdvals(orthogonalised(stretched))
    assert before.max() / before.min() > 3
    assert after.max() < 1.3
    assert after.min() > 0.3


def test_singular_vectors_stay():
    left, _ = torch.linalg.qr(torch.randn(6, 6, generator=torch.Generator().manual_seed(1)))
    matrix = left @ torch.diag(torch.tensor([3.0, 2.0, 1.5, 1.0, 0.8, 0.5]))
    agreement = (left.T @ orthogonalised(matrix)).diagonal()
    assert agreement.min() > 0.6


def test_the_size_of_the_gradient_does_not_matter():
    matrix = torch.randn(5, 9, generator=torch.Generator().manual_seed(2))
    torch.testing.assert_close(orthogonalised(matrix), orthogonalised(1e-4 * matrix), rtol=0.05, atol=0.02)


def test_a_zero_gradient_moves_nothing():
    weight = torch.nn.Parameter(torch.ones(4, 3, 3, 3))
    weight.grad = torch.zeros_like(weight)
    Muon([weight], lr=0.1).step()
    assert torch.equal(weight.detach(), torch.ones(4, 3, 3, 3))


def test_steps_are_as_large_as_those_of_adam():
    weight = torch.nn.Parameter(torch.zeros(48, 48, 3, 3))
    weight.grad = 1e-5 * torch.randn(48, 48, 3, 3, generator=torch.Generator().manual_seed(3))
    Muon([weight], lr=0.1).step()
    size = weight.detach().square().mean().sqrt().item()
    assert size == pytest.approx(0.1 * LIKE_ADAM, rel=0.3)

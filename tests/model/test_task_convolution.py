from __future__ import annotations

from dataclasses import replace

import torch
import torch.nn.functional as F

from conftest_model import SMALL
from opir.model import RestorationNetwork
from opir.model.task_convolution import TaskConvolution


def convolution(*, rank=2, width=6, n_mixed=3):
    torch.manual_seed(0)
    layer = TaskConvolution(width, n_mixed=n_mixed, rank=rank)
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.normal_()
    return layer


def test_the_kernel_is_the_common_one_and_the_sum_of_weighted_changes():
    layer, x = convolution(), torch.randn(2, 6, 5, 7)
    mixture = torch.tensor([[0.5, 0.0, 2.0], [0.0, 1.0, 0.3]])
    convolved = layer(x, mixture)
    for k, weights in enumerate(mixture):
        kernel = layer.weight.detach().clone()
        for task, weight in enumerate(weights):
            ranks = slice(2 * task, 2 * task + 2)
            kernel += weight * (layer.expand[:, ranks] @ layer.reduce[ranks]).view_as(kernel)
        wanted = F.conv2d(x[k : k + 1], kernel, layer.bias, padding=1)
        torch.testing.assert_close(convolved[k : k + 1], wanted, rtol=1e-4, atol=1e-4)


def test_without_a_rank_it_is_a_convolution():
    layer, x = convolution(rank=0), torch.randn(2, 6, 5, 7)
    assert {name for name, _ in layer.named_parameters()} == {"weight", "bias"}
    assert torch.equal(layer(x, torch.rand(2, 3)), F.conv2d(x, layer.weight, layer.bias, padding=1))


def test_a_picture_without_a_task_does_not_move_its_change():
    layer = convolution()
    layer(torch.randn(1, 6, 4, 4), torch.tensor([[0.0, 1.0, 0.0]])).square().sum().backward()
    moved = layer.expand.grad.abs().sum(dim=0).reshape(3, 2).sum(dim=1)
    assert moved[1] > 0
    assert moved[0] == moved[2] == 0


def test_tasks_and_stages_have_changes_of_their_own_in_the_trunk():
    config = replace(SMALL, block_modulation=True, task_rank=2)
    assert config.n_mixed == config.n_tasks + config.n_stages
    network = RestorationNetwork(config)
    image, scale, context = torch.rand(1, 3, 16, 16), torch.zeros(1, 1, 16, 16), torch.zeros(1, config.n_context)

    def features(task, stage):
        weights = torch.eye(config.n_tasks)[task : task + 1]
        return network.features(image, image, scale, weights, context, torch.eye(2)[stage])

    torch.testing.assert_close(features(0, 0), features(1, 1))
    with torch.no_grad():
        network.predictor.encoder[0][0].first.expand.normal_()
    assert not torch.allclose(features(0, 0), features(1, 0))
    assert not torch.allclose(features(0, 0), features(0, 1))

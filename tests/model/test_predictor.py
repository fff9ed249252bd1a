from __future__ import annotations

from dataclasses import replace

import torch

from conftest_model import SMALL, randomise
from opir.model import RestorationNetwork, preset
from opir.model.predictor import ResidualBlock, unit_mean_square


def test_features_have_a_mean_square_of_one_at_every_pixel():
    features = torch.randn(2, 12, 5, 7, generator=torch.Generator().manual_seed(0)) * torch.logspace(-2, 2, 7)
    mean_square = unit_mean_square(features).square().mean(dim=1)
    torch.testing.assert_close(mean_square, torch.ones(2, 5, 7), rtol=2e-2, atol=0)


def test_features_of_zero_stay_zero_and_finite():
    features = torch.zeros(1, 8, 4, 4, requires_grad=True)
    unit_mean_square(features).sum().backward()
    assert torch.isfinite(features.grad).all()


def test_a_block_with_norm_changes_its_input_by_an_amount_that_does_not_grow_with_it():
    torch.manual_seed(0)
    features, none = torch.randn(1, 12, 8, 8), (torch.zeros(1, 0), torch.zeros(1, 0))

    def changes(*, norm):
        block = ResidualBlock(12, replace(SMALL, block_norm=norm))
        return tuple(block(factor * features, *none) - factor * features for factor in (1, 100))

    torch.testing.assert_close(*changes(norm=True), rtol=1e-2, atol=1e-2)
    small, large = changes(norm=False)
    assert large.abs().mean() > 50 * small.abs().mean()


def test_the_norm_and_the_exit_are_choices_that_weights_can_be_loaded_for():
    other = replace(SMALL, block_norm=True, exit_kernel=1)
    network = randomise(RestorationNetwork(other))
    assert network.predictor.exit.kernel_size == (1, 1)
    assert torch.isfinite(network(torch.rand(1, 3, 16, 16)).restored).all()
    assert preset("base").block_norm


def test_modulated_blocks_begin_as_plain_ones_and_then_tell_tasks_and_stages_apart():
    torch.manual_seed(0)
    config = replace(SMALL, block_modulation=True)
    network = RestorationNetwork(config)
    image, scale = torch.rand(2, 3, 16, 16), torch.zeros(2, 1, 16, 16)
    context = torch.zeros(2, config.n_context)

    def features(weights, stage):
        return network.features(image, image, scale, weights, context, torch.eye(2)[stage])

    none, one = torch.zeros(2, config.n_tasks), torch.eye(config.n_tasks)[:2]
    torch.testing.assert_close(features(none, 0), features(one, 1))
    with torch.no_grad():
        for module in network.predictor.encoder[0][0].modulation.parameters():
            module.normal_()
    assert not torch.allclose(features(none, 0), features(one, 0))
    assert not torch.allclose(features(none, 0), features(none, 1))

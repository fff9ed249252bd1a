"""What the whole network promises."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from conftest_model import SMALL, randomise
from opir.errors import ShapeError
from opir.model import NetworkConfig, RestorationNetwork, preset

TINY_PAPER = replace(
    SMALL, fusion="pointwise", bias=False, uncertainty="pooled", stage_two_sees_observed=False, output_fusion=True
)


@pytest.mark.parametrize("name", ["tiny", "base", "large", "paper"])
def test_an_untrained_network_is_the_exact_identity(name):
    image = torch.rand(2, 3, 40, 24)
    network = RestorationNetwork(preset(name)).eval()
    with torch.no_grad():
        output = network(image)
    tolerance = 1e-6 if name == "paper" else 0.0  # the paper's fusion sums four copies of the image
    for stage in output.stages:
        torch.testing.assert_close(stage, image, rtol=0, atol=tolerance)


@pytest.mark.parametrize("config", [SMALL, TINY_PAPER], ids=["affine", "paper"])
@pytest.mark.parametrize("size", [(1, 1), (1, 9), (5, 3), (17, 33), (32, 40)])
def test_any_size_gives_images_and_uncertainties_of_that_size(config, size):
    network = randomise(RestorationNetwork(config))
    with torch.no_grad():
        output = network(torch.rand(2, 3, *size))
    assert len(output.stages) == len(output.scales) == 2
    for stage, scale in zip(output.stages, output.scales, strict=True):
        assert stage.shape == (2, 3, *size)
        assert scale.shape == (2, 1, *size)
        assert torch.isfinite(stage).all()
        assert (scale > 0).all()
        assert torch.isfinite(scale).all()
    assert output.task_logits.shape == (2, config.n_tasks)


def test_the_learned_uncertainty_is_an_error_between_a_fifth_of_a_grey_level_and_white():
    network = randomise(RestorationNetwork(SMALL), strength=30.0)
    with torch.no_grad():
        scale = network(torch.rand(1, 3, 32, 32)).scales[-1]
    assert scale.min() >= 0.2 / 255
    assert scale.max() <= 1
    assert scale.max() > 10 * scale.min()


def test_both_stages_use_the_same_predictor():
    network = randomise(RestorationNetwork(SMALL))
    calls = []
    network.predictor.register_forward_hook(lambda module, inputs, output: calls.append(id(module)))
    image = torch.rand(1, 3, 16, 16)
    before = network(image)
    assert calls == [id(network.predictor)] * 2
    names = {name.split(".")[0] for name, _ in network.named_parameters()}
    assert names == {"estimator", "predictor", "task_parameters", "head"}
    with torch.no_grad():
        network.predictor.exit.bias += 0.5
    after = network(image)
    for stage in range(2):
        assert (after.stages[stage] - before.stages[stage]).abs().max() > 1e-3


def test_gradients_of_both_stages_reach_the_shared_predictor():
    network = randomise(RestorationNetwork(SMALL))
    image = torch.rand(1, 3, 16, 16)
    output = network(image)
    weight = network.predictor.entry.weight
    first, second = (torch.autograd.grad(stage.mean(), weight, retain_graph=True)[0] for stage in output.stages)
    assert first.abs().max() > 0
    assert not torch.allclose(first, second)


def test_stage_two_cannot_bend_the_uncertainty_of_stage_one():
    network = randomise(RestorationNetwork(SMALL))
    output = network(torch.rand(1, 3, 16, 16))
    (gradient,) = torch.autograd.grad(output.restored.mean(), output.scales[0], allow_unused=True)
    assert gradient is None


def test_stage_two_looks_at_the_uncertainty():
    network = randomise(RestorationNetwork(SMALL))
    image = torch.rand(1, 3, 16, 16)
    weights, context = network.estimate(network.encode(image).mean(dim=(2, 3)))
    low, _ = network.stage(image, image, torch.full((1, 1, 16, 16), 1e-3), weights, context, 1)
    high, _ = network.stage(image, image, torch.full((1, 1, 16, 16), 1e-1), weights, context, 1)
    assert (low - high).abs().max() > 1e-4


def test_naming_the_task_changes_the_operator_and_only_where_told():
    network = randomise(RestorationNetwork(SMALL))
    image = torch.rand(2, 3, 16, 16)
    labels = torch.eye(SMALL.n_tasks)[:2]
    blind = network(image).restored
    told = network(image, labels).restored
    assert (blind - told).abs().max() > 1e-4
    mask = torch.zeros_like(labels, dtype=torch.bool)
    mask[0] = True
    partly = network(image, labels, told=mask).restored
    torch.testing.assert_close(partly[0], told[0])
    torch.testing.assert_close(partly[1], blind[1])


def test_images_of_a_batch_do_not_touch_each_other():
    network = randomise(RestorationNetwork(SMALL))
    images = torch.rand(3, 3, 24, 24)
    with torch.no_grad():
        together = network(images).restored
        alone = torch.cat([network(image[None]).restored for image in images])
    torch.testing.assert_close(together, alone, rtol=0, atol=1e-5)


def test_overfits_two_images():
    """Bright specks on a chequered picture: no operator that is the same for all pixels takes them away."""
    torch.manual_seed(0)
    clean = torch.rand(2, 3, 4, 4).repeat_interleave(8, 2).repeat_interleave(8, 3)
    specks = (torch.rand(2, 1, 32, 32) < 0.1).float()
    degraded = clean * (1 - specks) + specks
    network = RestorationNetwork(SMALL)
    optimiser = torch.optim.AdamW(network.parameters(), lr=3e-3)
    before = (degraded - clean).abs().mean()
    for _ in range(200):
        loss = (network(degraded).restored - clean).abs().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert loss < 0.5 * before  # a trunk whose features are the same for all pixels stays at 1


@pytest.mark.parametrize("shape", [(3, 8, 8), (1, 1, 8, 8), (1, 3, 0, 8)])
def test_a_wrong_image_is_named(shape):
    with pytest.raises(ShapeError, match="image must be"):
        RestorationNetwork(SMALL)(torch.zeros(shape))


def test_wrong_task_weights_are_named():
    with pytest.raises(ShapeError, match="task_weights must be"):
        RestorationNetwork(SMALL)(torch.zeros(2, 3, 8, 8), torch.zeros(1, SMALL.n_tasks))


def test_one_stage_is_possible():
    config: NetworkConfig = replace(SMALL, n_stages=1)
    assert len(RestorationNetwork(config)(torch.rand(1, 3, 8, 8)).stages) == 1


def test_stopping_after_one_stage_gives_the_first_of_both():
    network, image = randomise(RestorationNetwork(SMALL)), torch.rand(1, 3, 24, 17)
    both, one = network(image), network(image, n_stages=1)
    assert len(one.stages) == len(one.scales) == 1
    assert torch.equal(one.restored, both.stages[0])


def test_the_degradation_is_estimated_from_the_surroundings():
    network = randomise(RestorationNetwork(SMALL))
    picture = torch.rand(2, 3, 40, 48)
    crop = picture[:, :, 8:24, 16:40]
    told = network(picture, n_stages=0).task_logits
    with torch.no_grad():
        seen = network(crop, surroundings=picture)
        weights, context = network.estimate(network.encode(picture).mean(dim=(2, 3)))
        by_hand, _ = network.stage(crop, crop, torch.zeros(2, 1, 16, 24), weights, context, 0)
    torch.testing.assert_close(seen.task_logits, told)
    torch.testing.assert_close(seen.stages[0], by_hand)
    assert seen.restored.shape == crop.shape
    with pytest.raises(ShapeError, match="surroundings of 2 images; got 1"):
        network(crop, surroundings=picture[:1])

"""The halo computed from the architecture against what the network really looks at."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from conftest_model import SMALL, randomise
from opir.model import NetworkConfig, RestorationNetwork, encoder_halo, preset, stage_halo

SHALLOW = replace(SMALL, widths=(8, 12), encoder_blocks=(1, 2), decoder_blocks=(1,), downscale=4)
WIDE = replace(SMALL, dilations=(1, 9), widths=(8,), encoder_blocks=(0,), decoder_blocks=(), downscale=8)


def _vectors(config: NetworkConfig):
    return torch.rand(1, config.n_tasks), torch.rand(1, config.n_context)


@pytest.mark.parametrize(
    "config", [SMALL, SHALLOW, WIDE, preset("tiny"), preset("base")], ids=["small", "shallow", "wide", "tiny", "base"]
)
def test_stage_halo_is_what_an_impulse_reaches(config):
    """Linearised: the gradient of one output pixel shows every input pixel it depends on."""
    network = randomise(RestorationNetwork(config), strength=1.0).double()
    halo = stage_halo(config)
    side = 2 * halo + 6 * config.stride
    image = torch.rand(1, 3, side, side, dtype=torch.float64, requires_grad=True)
    weights, context = (vector.double() for vector in _vectors(config))
    scale = torch.zeros(1, 1, side, side, dtype=torch.float64)
    restored, _ = network.stage(image, image, scale, weights, context, 0)
    centre = side // 2 // config.stride * config.stride
    reached = 0
    for phase in range(config.stride):
        at = centre + phase
        (gradient,) = torch.autograd.grad(restored[0, :, at, at].sum(), image, retain_graph=True)
        touched = gradient.abs().sum(dim=(0, 1)).nonzero()
        reached = max(reached, int((touched - at).abs().max()))
    assert reached <= halo
    assert reached > halo - config.stride  # no halo is wasted


@pytest.mark.parametrize("dilations", [(), (1,), (2, 5)])
def test_encoder_halo_is_what_an_impulse_reaches(dilations):
    config = replace(SMALL, estimator_dilations=dilations)
    network = RestorationNetwork(config).double()
    halo = encoder_halo(config)
    side = 2 * halo + 48
    image = torch.rand(1, 3, side, side, dtype=torch.float64, requires_grad=True)
    features = network.encode(image)
    cell = side // 16
    (gradient,) = torch.autograd.grad(features[0, :, cell, cell].sum(), image)
    touched = gradient.abs().sum(dim=(0, 1)).nonzero()
    assert int(touched.min()) >= 8 * cell - halo
    assert int(touched.max()) < 8 * cell + 8 + halo
    assert int(touched.min()) < 8 * cell - halo + config.stride  # no halo is wasted


@pytest.mark.parametrize("size", [(57, 91), (64, 33), (121, 40)])
def test_tiles_with_the_halo_equal_the_whole_image(size):
    config = SMALL
    network = randomise(RestorationNetwork(config))
    stride, halo, tile = config.stride, stage_halo(config), 32
    height, width = (-(-side // stride) * stride for side in size)
    image = torch.rand(1, 3, height, width)
    weights, context = network.estimate(network.encode(image).mean(dim=(2, 3)))
    current, scale = image, torch.zeros(1, 1, height, width)
    tiled, tiled_scale = image.clone(), scale.clone()
    with torch.no_grad():
        for stage in range(config.n_stages):
            source, source_scale = tiled.clone(), tiled_scale.clone()
            for top in range(0, height, tile):
                for left in range(0, width, tile):
                    rows = slice(max(0, top - halo), min(height, top + tile + halo))
                    columns = slice(max(0, left - halo), min(width, left + tile + halo))
                    window = (..., rows, columns)
                    piece, piece_scale = network.stage(
                        source[window], image[window], source_scale[window], weights, context, stage
                    )
                    core = (
                        ...,
                        slice(top - rows.start, min(top + tile, height) - rows.start),
                        slice(left - columns.start, min(left + tile, width) - columns.start),
                    )
                    target = (..., slice(top, top + tile), slice(left, left + tile))
                    tiled[target], tiled_scale[target] = piece[core], piece_scale[core]
            current, scale = network.stage(current, image, scale, weights, context, stage)
    torch.testing.assert_close(tiled, current, rtol=0, atol=1e-5)
    torch.testing.assert_close(tiled_scale, scale, rtol=0, atol=1e-5)
    assert (current - image).abs().max() > 1e-2

"""A network that is quick to run and whose every part counts."""

from __future__ import annotations

import torch

from opir.model import NetworkConfig, RestorationNetwork

SMALL = NetworkConfig(
    widths=(8, 8),
    encoder_blocks=(1, 1),
    decoder_blocks=(1,),
    head_width=8,
    downscale=4,
    estimator_widths=(8, 8, 8),
    n_context=4,
)


def small_network() -> RestorationNetwork:
    """Weights that change pictures visibly; the same at every call."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = RestorationNetwork(SMALL)
        with torch.no_grad():
            for parameter in network.parameters():
                parameter.add_(0.05 * torch.randn_like(parameter))
    return network.eval()

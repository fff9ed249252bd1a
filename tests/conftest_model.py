from __future__ import annotations

import torch

from opir.model import NetworkConfig, RestorationNetwork

SMALL = NetworkConfig(
    widths=(8, 12, 16),
    encoder_blocks=(1, 1, 1),
    decoder_blocks=(1, 1),
    head_width=8,
    estimator_widths=(8, 8, 8),
    n_context=8,
)


def randomise(network: RestorationNetwork, *, seed: int = 0, strength: float = 0.1) -> RestorationNetwork:
    """Give every parameter that starts at zero a random value, so that no path of the network is silent."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in network.parameters():
            if not parameter.any():
                fan = parameter.shape[-1] if parameter.ndim > 1 else 1
                noise = torch.randn(parameter.shape, generator=generator)
                parameter.copy_(strength * noise / fan**0.5)
    return network.eval()

"""Parts of a network that begin with random weights although the rest is trained."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from opir.model.network import RestorationNetwork
from opir.model.parts import parameters_of_parts


def begin_anew(network: RestorationNetwork, parts: Sequence[str]) -> None:
    """Give some parts the weights of a new network, drawn from torch's random numbers.

    A trunk that has settled for several tasks does not find what the same trunk finds from nothing for a few of them
    (docs/decisions/0018), and yet wants the estimator that it will be used with.

    Args:
        network: changed in place.
        parts: names of modules or parameters, dotted, such as "predictor"; none changes nothing.

    Raises:
        ConfigurationError: if there is no such part.
    """
    if not parts:
        return
    chosen = parameters_of_parts(network, parts, option="fresh")
    new = dict(RestorationNetwork(network.config).named_parameters())
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            if name in chosen:
                parameter.copy_(new[name])

"""Parts of a network that keep their weights while the others are trained."""

from __future__ import annotations

from collections.abc import Sequence

from torch import nn

from opir.errors import ConfigurationError
from opir.model.parts import parameters_of_parts


def freeze(network: nn.Module, parts: Sequence[str]) -> None:
    """Let the parameters of these parts have no gradient, and those of all others one.

    Args:
        network: changed in place.
        parts: names of modules or parameters, dotted: "estimator", "estimator.entry", "head.weight".

    Raises:
        ConfigurationError: if there is no such part, or nothing would be left to train.
    """
    parameters = dict(network.named_parameters())
    frozen = parameters_of_parts(network, parts, option="frozen")
    if len(frozen) == len(parameters):
        raise ConfigurationError(f"frozen must leave something to train; got {', '.join(parts)}")
    for name, parameter in parameters.items():
        parameter.requires_grad_(name not in frozen)

"""Parts of a network by name."""

from __future__ import annotations

from collections.abc import Iterable

from torch import nn

from opir.errors import ConfigurationError


def parameters_of_parts(network: nn.Module, parts: Iterable[str], *, option: str) -> set[str]:
    """Names of the parameters that belong to some parts of a network.

    Args:
        network: any module.
        parts: names of modules or parameters, dotted: "estimator", "estimator.entry", "head.weight".
        option: what names them, for the error.

    Raises:
        ConfigurationError: if there is no such part.
    """
    names = [name for name, _ in network.named_parameters()]
    found: set[str] = set()
    for part in parts:
        members = {name for name in names if name == part or name.startswith(f"{part}.")}
        if not members:
            tops = ", ".join(dict.fromkeys(name.partition(".")[0] for name in names))
            raise ConfigurationError(
                f"{option} must name parts of the network, {tops}, or parts of these; got {part!r}"
            )
        found |= members
    return found

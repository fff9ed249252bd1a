"""Trained weights in a network with room for more."""

from __future__ import annotations

from dataclasses import replace

from opir.errors import ConfigurationError
from opir.model.config import NetworkConfig
from opir.model.network import RestorationNetwork


def may_extend(start: NetworkConfig, target: NetworkConfig) -> bool:
    """Tell whether a network of ``start`` becomes one of ``target`` by adding changes of tasks to its convolutions."""
    return start == target or (start.task_rank == 0 and replace(start, task_rank=target.task_rank) == target)


def extended(network: RestorationNetwork, target: NetworkConfig) -> RestorationNetwork:
    """The same function as a network of ``target``: what is new changes nothing until it is trained.

    Raises:
        ConfigurationError: if more than ``task_rank`` would have to change, or it is not zero in ``network``.
    """
    if network.config == target:
        return network
    if not may_extend(network.config, target):
        raise ConfigurationError(f"the network can only gain a task_rank; got {network.config} for {target}")
    larger = RestorationNetwork(target)
    larger.load_state_dict({**larger.state_dict(), **network.state_dict()})
    return larger

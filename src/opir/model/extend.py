"""Trained weights in a network with room for more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from torch import nn

from opir.errors import ConfigurationError
from opir.model.config import NetworkConfig
from opir.model.network import RestorationNetwork
from opir.model.predictor import ResidualBlock


def may_extend(start: NetworkConfig, target: NetworkConfig) -> bool:
    """Tell whether a network of ``start`` becomes one of ``target`` by adding what changes nothing at first: blocks at
    the ends of its levels, and changes of tasks to convolutions that have none.
    """
    blocks = (
        (start.encoder_blocks, target.encoder_blocks),
        (start.decoder_blocks, target.decoder_blocks),
    )
    for few, many in blocks:
        if len(few) != len(many) or any(before > after for before, after in zip(few, many, strict=True)):
            return False
    added = {name: getattr(target, name) for name in ("encoder_blocks", "decoder_blocks", "task_rank")}
    return start.task_rank in (0, target.task_rank) and replace(start, **added) == target


def extended(network: RestorationNetwork, target: NetworkConfig) -> RestorationNetwork:
    """The same function as a network of ``target``: what is new changes nothing until it is trained.

    Raises:
        ConfigurationError: if more than blocks or a ``task_rank`` would have to be added.
    """
    if network.config == target:
        return network
    if not may_extend(network.config, target):
        raise ConfigurationError(f"the network can only gain blocks or a task_rank; got {network.config} for {target}")
    larger = RestorationNetwork(target)
    larger.load_state_dict({**larger.state_dict(), **network.state_dict()})
    for chains, n_before in (
        (larger.predictor.encoder, network.config.encoder_blocks),
        (larger.predictor.decoder, network.config.decoder_blocks),
    ):
        _silence_new_blocks(chains, n_before)
    return larger


def _silence_new_blocks(chains: nn.ModuleList, n_before: Sequence[int]) -> None:
    """Let the blocks behind the first ``n_before`` of every level add nothing."""
    for chain, n in zip(chains, n_before, strict=True):
        assert isinstance(chain, nn.ModuleList)
        for block in list(chain)[n:]:
            assert isinstance(block, ResidualBlock)
            nn.init.zeros_(block.second.weight)

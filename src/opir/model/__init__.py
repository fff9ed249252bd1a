"""The network, one file per part. Needs the ``torch`` extra."""

from __future__ import annotations

from opir.model.config import NetworkConfig
from opir.model.cost import Cost, measure_cost
from opir.model.network import RestorationNetwork, RestorationOutput
from opir.model.presets import PRESETS, preset
from opir.model.receptive_field import encoder_halo, stage_halo
from opir.model.weights_file import load_network, save_network

__all__ = [
    "PRESETS",
    "Cost",
    "NetworkConfig",
    "RestorationNetwork",
    "RestorationOutput",
    "encoder_halo",
    "load_network",
    "measure_cost",
    "preset",
    "save_network",
    "stage_halo",
]

"""Write and read the weights of a network: one safetensors file that can rebuild its network alone."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from opir.errors import ConfigurationError, WeightsError
from opir.model.config import NetworkConfig
from opir.model.network import RestorationNetwork

WEIGHTS_NAME = "model.safetensors"
"""File name of the weights inside a model folder."""

_LATER = ("estimator.log_odds", "estimator.logarithms.")
"""Parts that older files lack altogether. A new network has them in a state in which they change nothing."""


def save_network(network: RestorationNetwork, path: Path, *, dtype: torch.dtype = torch.float32) -> None:
    """Write the weights of ``network``, rounded to a type, and its configuration, through a temporary file.

    Raises:
        WeightsError: if a finite value is beyond the range of the type.
    """
    tensors = {}
    for name, tensor in network.state_dict().items():
        tensors[name] = tensor.detach().to("cpu", dtype).contiguous()
        if torch.isfinite(tensor).all() and not torch.isfinite(tensors[name]).all():
            largest = float(tensor.abs().max())
            raise WeightsError(f"{name} must fit into {dtype}; its largest value is {largest:.3g}: keep float32")
    temporary = path.with_name(path.name + ".partial")
    save_file(tensors, temporary, metadata={"config": json.dumps(asdict(network.config))})
    with temporary.open("rb") as written:
        os.fsync(written.fileno())
    temporary.replace(path)


def load_network(path: Path) -> RestorationNetwork:
    """Rebuild a network, in float32, from a safetensors file, or from the folder that holds ``model.safetensors``.

    It is in evaluation mode. Files from before log-odds were kept apart have none that are changed, and in files from
    before the estimator read logarithms these say nothing.

    Raises:
        WeightsError: if the file is missing, damaged, or was written for another architecture.
    """
    file = path / WEIGHTS_NAME if path.is_dir() else path
    try:
        with safe_open(file, framework="pt") as opened:
            metadata: dict[str, str] | None = opened.metadata()
            tensors: dict[str, Tensor] = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118
    except (OSError, SafetensorError) as error:
        raise WeightsError(f"expected a safetensors file at {file}; {error}") from error
    if metadata is None or "config" not in metadata:
        raise WeightsError(f"{file} holds no network configuration; expected weights saved by this package")
    config = _config_from_json(metadata["config"], file)
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(0)  # what an older file lacks is the same every time
        network = RestorationNetwork(config).eval()
    own = network.state_dict()
    for part in _LATER:
        if not any(name.startswith(part) for name in tensors):
            tensors |= {name: tensor for name, tensor in own.items() if name.startswith(part)}
    missing = own.keys() ^ tensors.keys()
    if missing:
        raise WeightsError(f"{file} does not fit its own configuration; differing names: {sorted(missing)[:5]}")
    try:
        network.load_state_dict(tensors)
    except RuntimeError as error:
        raise WeightsError(f"{file} does not fit its own configuration: {error}") from error
    return network


def _config_from_json(text: str, file: Path) -> NetworkConfig:
    try:
        values: dict[str, Any] = json.loads(text)
        known = {field.name for field in fields(NetworkConfig)}
        unknown = values.keys() - known
        if unknown:
            raise WeightsError(f"{file} was written by another version; unknown settings: {sorted(unknown)}")
        settings: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in values.items()
        }
        return NetworkConfig(**settings)
    except (json.JSONDecodeError, TypeError, ConfigurationError) as error:
        raise WeightsError(f"{file} holds an unusable network configuration: {error}") from error

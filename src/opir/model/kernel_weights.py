"""Write and read the weights of the network that finds kernels."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from opir.errors import WeightsError
from opir.model.kernel_network import KernelNetwork

_MEAN: Final = re.compile(r"means\.\d+\.weight")
"""Names of the tensors of which every block has one."""


def save_kernel_network(network: KernelNetwork, path: Path, *, dtype: torch.dtype = torch.float32) -> None:
    """Write the weights, rounded to a type, through a temporary file."""
    tensors = {name: tensor.detach().to("cpu", dtype).contiguous() for name, tensor in network.state_dict().items()}
    temporary = path.with_name(path.name + ".partial")
    save_file(tensors, temporary)
    temporary.replace(path)


def load_kernel_network(path: Path) -> KernelNetwork:
    """Read the weights that :func:`save_kernel_network` wrote, as float32; their shapes tell the size of the network.

    Raises:
        WeightsError: if the file is missing, damaged, or holds something else.
    """
    try:
        tensors = load_file(path)
    except (OSError, SafetensorError) as error:
        raise WeightsError(f"expected a safetensors file at {path}; {error}") from error
    try:
        n_blocks = sum(_MEAN.fullmatch(name) is not None for name in tensors)
        network = KernelNetwork(tensors["exit.weight"].shape[1], n_blocks)
        network.load_state_dict(tensors)
    except (KeyError, IndexError, RuntimeError) as error:
        raise WeightsError(f"{path} does not hold a network for kernels: {error}") from error
    return network

"""Write and read the weights of the network that finds kernels."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from opir.errors import WeightsError
from opir.model.kernel_network import KernelNetwork


def save_kernel_network(network: KernelNetwork, path: Path, *, dtype: torch.dtype = torch.float32) -> None:
    """Write the weights, rounded to a type, through a temporary file."""
    tensors = {name: tensor.detach().to("cpu", dtype).contiguous() for name, tensor in network.state_dict().items()}
    temporary = path.with_name(path.name + ".partial")
    save_file(tensors, temporary)
    temporary.replace(path)


def load_kernel_network(path: Path) -> KernelNetwork:
    """Read the weights that :func:`save_kernel_network` wrote, as float32.

    Raises:
        WeightsError: if the file is missing, damaged, or holds something else.
    """
    network = KernelNetwork()
    try:
        network.load_state_dict(load_file(path))
    except (OSError, SafetensorError) as error:
        raise WeightsError(f"expected a safetensors file at {path}; {error}") from error
    except RuntimeError as error:
        raise WeightsError(f"{path} does not hold a network for kernels: {error}") from error
    return network

"""Which weights count for one task alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor, nn

from opir.model.network import RestorationNetwork
from opir.model.predictor import ContextModulation
from opir.model.task_convolution import TaskConvolution
from opir.model.task_parameters import TaskParameters
from opir.tasks import TASKS, Task


def owned_entries(network: RestorationNetwork, tasks: Sequence[Task]) -> dict[str, Tensor]:
    """Entries of the parameters that change nothing in pictures in which none of these tasks has a weight.

    They are the low-rank changes of kernels, the columns of the modulations and the task-aware parameters: all that is
    multiplied by a task's weight. Everything else is shared.

    Args:
        network: whose parameters are looked at.
        tasks: owners.

    Returns:
        By the parameter's name, a boolean tensor of its shape; parameters without such entries are left out.
    """
    indices = sorted({TASKS.index(task) for task in tasks})
    owned: dict[str, Tensor] = {}
    if not indices:
        return owned
    for name, module in network.named_modules():
        for parameter_name, dimension, chosen in _slices(module, indices):
            parameter = module.get_parameter(parameter_name)
            mask = torch.zeros_like(parameter, dtype=torch.bool)
            mask.index_fill_(dimension, torch.tensor(chosen, device=mask.device), value=True)
            owned[f"{name}.{parameter_name}"] = mask
    return owned


def _slices(module: nn.Module, tasks: Sequence[int]) -> Iterator[tuple[str, int, list[int]]]:
    """Parameters of a module that tasks own slices of: name, dimension of the slices, and which of them."""
    if isinstance(module, TaskConvolution) and module.rank:
        directions = [task * module.rank + k for task in tasks for k in range(module.rank)]
        yield from (("expand", 1, directions), ("reduce", 0, directions))
    elif isinstance(module, ContextModulation):
        yield "affine.weight", 1, list(tasks)
    elif isinstance(module, TaskParameters):
        yield from (("scale", 1, list(tasks)), ("shift", 1, list(tasks)))

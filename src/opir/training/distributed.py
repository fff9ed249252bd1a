"""The processes of a run: one, or several of ``torchrun``, on one machine or many (docs/decisions/0004)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from opir.errors import ConfigurationError


@dataclass(frozen=True, kw_only=True)
class Processes:
    """All processes of a run, seen from one of them."""

    rank: int = 0
    """Number of this process, from 0."""

    n_processes: int = 1
    """How many there are, over all machines."""

    device: torch.device
    """Where this process computes."""

    @property
    def leads(self) -> bool:
        """Whether this is the one process that writes files and reports."""
        return self.rank == 0

    def share_gradients(self, network: nn.Module, *, all_used: bool) -> nn.Module:
        """The network, with gradients averaged over all processes during the backward pass.

        Args:
            network: what is trained.
            all_used: whether every parameter has a gradient in every step; otherwise unused ones are looked for.
        """
        if self.n_processes == 1:
            return network
        devices = [self.device] if self.device.type == "cuda" else None
        return DistributedDataParallel(network, device_ids=devices, find_unused_parameters=not all_used)

    def sum(self, values: Tensor) -> Tensor:
        """The sum of ``values`` over all processes, the same in each of them."""
        if self.n_processes > 1:
            dist.all_reduce(values)
        return values

    def any(self, flag: bool) -> bool:
        """Whether ``flag`` holds in at least one process."""
        return bool(self.sum(torch.tensor(float(flag), device=self.device)) > 0)

    def check_same_step(self, step: int) -> None:
        """Check that all processes go on from the same step.

        Raises:
            ConfigurationError: if they do not.
        """
        mine = torch.zeros(self.n_processes, device=self.device, dtype=torch.int64)
        mine[self.rank] = step
        steps: list[int] = self.sum(mine).tolist()
        if len(set(steps)) > 1:
            raise ConfigurationError(
                f"all processes must resume from the same checkpoint; found the steps {steps} by rank: "
                "put the run folder on storage that all machines share"
            )


@contextmanager
def joined_processes(device: torch.device | str | None = None) -> Iterator[Processes]:
    """Join the processes that ``torchrun`` has started, and leave them at the end; without it, stay alone.

    Args:
        device: "cpu" or "cuda"; None takes CUDA where there is any. Several processes of one machine take one GPU each.

    Raises:
        ConfigurationError: if the device is not there, or a machine runs more processes than it has GPUs.
    """
    chosen = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
    n_processes = int(os.environ.get("WORLD_SIZE", "1"))
    if chosen.type == "cuda":
        chosen = _gpu(chosen, several=n_processes > 1)
        torch.cuda.set_device(chosen)
    if n_processes == 1:
        yield Processes(device=chosen)
        return
    dist.init_process_group("nccl" if chosen.type == "cuda" else "gloo")
    try:
        yield Processes(rank=dist.get_rank(), n_processes=n_processes, device=chosen)
        dist.barrier()  # the first one still writes files: left early, another one once hung when it was taken down
    finally:
        dist.destroy_process_group()


def _gpu(chosen: torch.device, *, several: bool) -> torch.device:
    index = int(os.environ.get("LOCAL_RANK", "0")) if several else chosen.index or 0
    if index >= torch.cuda.device_count():
        raise ConfigurationError(
            f"GPU {index} is needed, numbered from 0; this machine has {torch.cuda.device_count()} that torch can use: "
            "start fewer processes per machine, or train on the cpu"
        )
    return torch.device("cuda", index)

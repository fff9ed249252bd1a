"""What is measured during training: losses, PSNR of the training crops, the size of the gradient."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import torch
from torch import Tensor

from opir.data.mixture import Sample
from opir.model.network import RestorationOutput
from opir.tasks import TASKS
from opir.training.losses import Losses

PSNR_OF = "psnr/"
"""Begins the names of the PSNR of samples in which a task is labelled; "psnr/clean" is that of samples without any."""


class Means:
    """Running means, kept as a sum and a count under each name."""

    def __init__(self, totals: Mapping[str, tuple[float, float]] | None = None) -> None:
        self.totals = dict(totals or {})

    def add(self, totals: Mapping[str, tuple[float, float]]) -> None:
        """Take in sums and counts."""
        for name, (value, count) in totals.items():
            before = self.totals.get(name, (0.0, 0.0))
            self.totals[name] = (before[0] + value, before[1] + count)

    def take(self) -> dict[str, float]:
        """The means of what was counted at least once; counting begins anew."""
        means = {name: value / count for name, (value, count) in self.totals.items() if count}
        self.totals = {}
        return means


@torch.no_grad()
def measure(output: RestorationOutput, batch: Sample, losses: Losses) -> dict[str, Tensor]:
    """Sum and count, (2,), of every loss term and of the PSNR [dB] of a micro-batch, overall and by task.

    Where no stage ran, the PSNR is that of the input.
    """
    restored = output.restored if output.stages else batch.degraded
    error = ((restored.clamp(0, 1) - batch.clean) ** 2).mean(dim=(1, 2, 3))
    psnr = -10 * torch.log10(error.clamp_min(1e-8))
    every = torch.ones_like(psnr)
    clean = (batch.labels.sum(dim=1) == 0).to(psnr)
    groups = {"psnr": every, **{PSNR_OF + task: batch.labels[:, k] for k, task in enumerate(TASKS)}}
    groups[PSNR_OF + "clean"] = clean
    return {
        **{name: torch.stack((value, torch.ones_like(value))) for name, value in vars(losses).items()},
        **{name: torch.stack(((psnr * member).sum(), member.sum())) for name, member in groups.items()},
    }


def add_up(measured: Iterable[Mapping[str, Tensor]]) -> dict[str, Tensor]:
    """The sums and counts of several micro-batches together."""
    totals: dict[str, Tensor] = {}
    for values in measured:
        for name, value in values.items():
            totals[name] = totals[name] + value if name in totals else value
    return totals

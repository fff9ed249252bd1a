"""One step of the optimiser: gradients of a batch, in pieces if need be, checked before they touch the weights."""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial

import torch
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from opir.data.mixture import Sample
from opir.training.context_teacher import ContextTeacher
from opir.training.distributed import Processes
from opir.training.losses import restoration_losses
from opir.training.measurements import add_up, measure
from opir.training.optimiser import Optimisers
from opir.training.recipe import Precision, Recipe


@dataclass(frozen=True, kw_only=True)
class StepResult:
    """What a step has come to; the same in all processes."""

    totals: dict[str, tuple[float, float]]
    """Sum and count of every measurement, over the whole batch."""

    precision: Precision
    """The arithmetic that it was computed in."""

    @property
    def finite(self) -> bool:
        """Whether loss and gradient are finite; if not, the weights have been left as they were."""
        return all(math.isfinite(self.totals[name][0]) for name in ("total", "gradient_norm"))


def training_step(
    model: nn.Module,
    optimiser: Optimisers,
    micro_batches: Sequence[Sample],
    recipe: Recipe,
    processes: Processes,
    *,
    seed: int = 0,
    n_stages: int | None = None,
    teacher: ContextTeacher | None = None,
) -> StepResult:
    """Train on one batch; where bfloat16 leaves the finite numbers, the same step is computed in float32.

    A loss or gradient that is not finite in float32 either changes nothing: neither weights nor optimiser.

    Args:
        model: the network, wrapped by :meth:`Processes.share_gradients`.
        optimiser: of the network's parameters.
        micro_batches: equal parts of this process's share of the batch.
        recipe: precision, losses and the largest norm of the gradient.
        processes: all that take part.
        n_stages: stages of the network that are trained; None trains all.
        seed: begins torch's own random numbers, so that a resumed or repeated step draws the same.
        teacher: says which context is to be kept; None where it is free.
    """
    gradients = partial(
        _gradients, model, micro_batches, recipe, processes, seed=seed, n_stages=n_stages, teacher=teacher
    )
    result = gradients(precision=recipe.precision)
    if not result.finite and recipe.precision != "float32":
        result = gradients(precision="float32")
    if result.finite:
        optimiser.step()
    return result


def _gradients(
    model: nn.Module,
    micro_batches: Sequence[Sample],
    recipe: Recipe,
    processes: Processes,
    *,
    precision: Precision,
    seed: int,
    n_stages: int | None,
    teacher: ContextTeacher | None,
) -> StepResult:
    """Leave the clipped gradient of the whole batch, over all processes, in the parameters."""
    torch.manual_seed(seed)
    model.zero_grad(set_to_none=True)
    measured = []
    for number, batch in enumerate(micro_batches, start=1):
        last = number == len(micro_batches)  # gradients travel between processes once, after the last
        told = (batch.told[:, None] > 0) & (batch.known > 0)
        with nullcontext() if last or not isinstance(model, DistributedDataParallel) else model.no_sync():
            with torch.autocast(batch.clean.device.type, dtype=torch.bfloat16, enabled=precision == "bfloat16"):
                output = model(
                    batch.degraded,
                    task_weights=batch.labels,
                    told=told,
                    n_stages=n_stages,
                    surroundings=batch.surroundings,
                )
            expected = None if teacher is None else teacher.context(batch.surroundings)
            losses = restoration_losses(
                output, batch.clean, batch.labels, batch.known, recipe.loss, expected_context=expected
            )
            (losses.total / len(micro_batches)).backward()  # type: ignore[no-untyped-call]
        measured.append(measure(output, batch, losses))
    norm = nn.utils.clip_grad_norm_(model.parameters(), recipe.max_gradient_norm)
    sums = add_up(measured)
    totals: list[list[float]] = processes.sum(torch.stack(list(sums.values())).double()).tolist()
    named = {name: (value, count) for name, (value, count) in zip(sums, totals, strict=True)}
    return StepResult(totals={**named, "gradient_norm": (float(norm), 1.0)}, precision=precision)

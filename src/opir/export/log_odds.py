"""How readily a trained network finds a task: an affine change of its log-odds, folded into the last linear layer.

Training shows every degradation far more often than albums do, and counts a miss like a false alarm. In use a false
alarm may cost much more: a noisy picture that is taken for a dark one is brightened. Log-odds that were estimated for
one prevalence become those for another by a shift (Saerens et al., Neural Computation 14(1), 2002), and a cost is one
more; a slope above one commits the network to its better guess, since half of a task brightens by half.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import torch

from opir.errors import ConfigurationError
from opir.model.network import RestorationNetwork
from opir.tasks import TASKS, Task


@dataclass(frozen=True, kw_only=True)
class LogOddsChange:
    """``l`` becomes ``slope * l + shift`` for one task."""

    task: Task
    """Whose log-odds l change."""

    slope: float = 1.0
    """Above 0."""

    shift: float = 0.0
    """Below 0 the task is found less often."""

    def __post_init__(self) -> None:
        if not (math.isfinite(self.slope) and self.slope > 0 and math.isfinite(self.shift)):
            raise ConfigurationError(
                f"the log-odds of {self.task} need a slope above 0 and a finite shift; got {self.slope}, {self.shift}"
            )


def parse_log_odds(text: str) -> LogOddsChange:
    """Read ``TASK=SLOPE,SHIFT``, as in ``low_light=3,-4.8``.

    Raises:
        ConfigurationError: if the text has another form, names no task, or has a slope that is not above 0.
    """
    name, _, numbers = text.partition("=")
    task = next((task for task in TASKS if task == name), None)
    try:
        slope, shift = (float(number) for number in numbers.split(","))
    except ValueError:
        task = None
    if task is None:
        raise ConfigurationError(
            f"expected TASK=SLOPE,SHIFT, as in low_light=3,-4.8, with one of {', '.join(TASKS)}; got {text!r}"
        )
    return LogOddsChange(task=task, slope=slope, shift=shift)


def change_log_odds(network: RestorationNetwork, changes: Iterable[LogOddsChange]) -> None:
    """Apply changes to the network's estimator, in place and in order; context and everything else stay."""
    layer = network.estimator.task_logits
    with torch.no_grad():
        for change in changes:
            row = TASKS.index(change.task)
            layer.weight[row] *= change.slope
            layer.bias[row] *= change.slope
            layer.bias[row] += change.shift

"""How readily a trained network finds a task: an affine change of its log-odds, made in use and never in training.

Training shows every degradation far more often than albums do, and counts a miss like a false alarm. In use a false
alarm may cost much more: a noisy picture that is taken for a dark one is brightened. Log-odds that were estimated for
one prevalence become those for another by a shift (Saerens et al., Neural Computation 14(1), 2002), and a cost is one
more; a slope above one commits the network to its better guess, since half of a task brightens by half. Another task
may speak for or against: a dark subject that is out of focus resembles a dark exposure. Slopes, shifts and factors
together are the matrix scaling of Guo et al., "On calibration of modern neural networks", ICML 2017, section 4.2.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from opir.errors import ConfigurationError
from opir.model.network import RestorationNetwork
from opir.tasks import TASKS, Task


@dataclass(frozen=True, kw_only=True)
class LogOddsChange:
    """``l`` becomes ``slope * l + shift + sum of factor * l'`` for one task, l' being those of other tasks."""

    task: Task
    """Whose log-odds l change."""

    slope: float = 1.0
    """Above 0."""

    shift: float = 0.0
    """Below 0 the task is found less often."""

    others: Mapping[Task, float] = field(default_factory=dict)
    """Factors of the log-odds of other tasks, as they are before any change."""

    def __post_init__(self) -> None:
        numbers = (self.slope, self.shift, *self.others.values())
        if not (all(map(math.isfinite, numbers)) and self.slope > 0) or self.task in self.others:
            raise ConfigurationError(
                f"the log-odds of {self.task} need a slope above 0, a finite shift, and others; got {self}"
            )


def parse_log_odds(text: str) -> LogOddsChange:
    """Read ``TASK=SLOPE,SHIFT[,OTHER=FACTOR...]``, as in ``low_light=2,-6,blur=-1``.

    Raises:
        ConfigurationError: if the text has another form, names no task, or has a slope that is not above 0.
    """
    name, _, terms = text.partition("=")
    slope, shift, *factors = (*terms.split(","), "")
    try:
        named = [factor.partition("=") for factor in factors if factor]
        others = {_task(other): float(factor) for other, _, factor in named}
        task, numbers = _task(name), (float(slope), float(shift))
    except ValueError as error:
        raise ConfigurationError(
            f"expected TASK=SLOPE,SHIFT[,OTHER=FACTOR...], as in low_light=2,-6,blur=-1, with tasks among "
            f"{', '.join(TASKS)}; got {text!r}"
        ) from error
    return LogOddsChange(task=task, slope=numbers[0], shift=numbers[1], others=others)


def _task(name: str) -> Task:
    """Return the task of a name; ``ValueError`` if there is none."""
    return TASKS[TASKS.index(name)]


def change_log_odds(network: RestorationNetwork, changes: Iterable[LogOddsChange]) -> None:
    """Apply changes on top of those that the network's estimator has, in place; what was trained stays as it is."""
    log_odds = network.estimator.log_odds
    before = log_odds.clone()
    for change in changes:
        factors = {change.task: change.slope, **change.others}
        row = TASKS.index(change.task)
        log_odds[row] = sum(factor * before[TASKS.index(task)] for task, factor in factors.items())
        log_odds[row, -1] += change.shift

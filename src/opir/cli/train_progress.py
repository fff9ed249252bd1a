"""How a training run shows itself: a bar at a terminal, plain lines anywhere else."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from opir.cli.console import say

if TYPE_CHECKING:
    from opir.training.loop import Progress


def numbers(progress: Progress) -> str:
    """Loss and PSNR, of all samples and by task."""
    by_task = ", ".join(f"{task} {value:.1f}" for task, value in progress.psnr_by_task.items())
    per_task = f" ({by_task})" if by_task else ""
    return f"loss {progress.losses['total']:.4f}  psnr {progress.psnr:.2f} dB{per_task}"


def time_left(progress: Progress) -> str:
    """Time to the last step at the present speed, as ``7 min`` or ``3 h 20 min``."""
    minutes = round((progress.n_steps - progress.step) * progress.seconds_per_step / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"


@contextmanager
def training_progress() -> Iterator[Callable[[Progress], None]]:
    """Yield what is called with the progress; a bar on standard error while the block runs, if that is a terminal."""
    if not sys.stderr.isatty():
        yield _say_line
        return
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn
    from rich.progress import Progress as Bars

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.completed:.0f}/{task.total:.0f}"),
    )
    with Bars(*columns, TextColumn("{task.fields[numbers]}", markup=False), console=Console(stderr=True)) as bars:
        bar = bars.add_task("training", total=None, visible=False, numbers="")

        def show(progress: Progress) -> None:
            bars.update(
                bar,
                description=f"{time_left(progress)} left",
                completed=progress.step,
                total=progress.n_steps,
                numbers=f"{numbers(progress)}  {progress.seconds_per_step:.2f} s/step",
                visible=True,
            )

        yield show


def _say_line(progress: Progress) -> None:
    say(
        f"step {progress.step}/{progress.n_steps}  {numbers(progress)}  {progress.seconds_per_step:.3f} s/step  "
        f"{time_left(progress)} left"
    )

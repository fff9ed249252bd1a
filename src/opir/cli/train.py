"""``opir train``: run a training recipe."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from opir.training.loop import Progress


def train(
    recipe: Annotated[str, typer.Argument(help="Name of a recipe, for example four_tasks.")],
    data: Annotated[Path, typer.Option(help="Folder of the training data.", exists=True, file_okay=False)],
    run: Annotated[Path, typer.Option(help="Folder of the run; a run that is there already is resumed.")],
    start_from: Annotated[Path | None, typer.Option(help="Weights (safetensors) to begin with.")] = None,
    changes: Annotated[
        list[str] | None, typer.Option("--set", help="Change a setting of the recipe: n_steps=2000.")
    ] = None,
    minutes: Annotated[float | None, typer.Option(help="Checkpoint and stop after this long.")] = None,
    workers: Annotated[int, typer.Option(help="Processes that make samples.", min=0)] = 1,
    threads: Annotated[int | None, typer.Option(help="Threads of the optimiser's process.", min=1)] = None,
) -> None:
    """Train a network. Interrupted or finished, the same command goes on where it stopped."""
    import torch

    from opir.data.training_folder import open_banks
    from opir.training.loop import train as run_training
    from opir.training.recipes import override
    from opir.training.recipes import recipe as named_recipe

    if threads:
        torch.set_num_threads(threads)
    chosen = override(named_recipe(recipe), changes or [])
    banks = open_banks(data, min_side=chosen.crop_size)
    for name, bank in banks.items():
        typer.echo(f"{name}: {len(bank)} pictures")
    deadline = None if minutes is None else time.monotonic() + 60 * minutes
    run_training(
        chosen,
        banks,
        run,
        start_from=start_from,
        n_workers=workers,
        report=_print_progress,
        keep_going=lambda: deadline is None or time.monotonic() < deadline,
    )
    typer.echo(f"averaged weights: {run / 'model.safetensors'}")


def _print_progress(progress: Progress) -> None:
    remaining = (progress.n_steps - progress.step) * progress.seconds_per_step / 60
    typer.echo(
        f"step {progress.step}/{progress.n_steps}  loss {progress.losses['total']:.4f}  psnr {progress.psnr:.2f} dB  "
        f"{progress.seconds_per_step:.3f} s/step  {remaining:.0f} min left"
    )

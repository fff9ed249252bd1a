"""``opir train-kernel``: train the network that finds the kernel of a blur."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from opir.cli.console import say


def train_kernel(
    data: Annotated[
        Path,
        typer.Option(metavar="DIR", help="Folder of the training data, with clean/.", exists=True, file_okay=False),
    ],
    run: Annotated[
        Path, typer.Option(metavar="DIR", help="Folder of the run; one that is there already is resumed.")
    ] = Path("runs/kernel"),
    steps: Annotated[int, typer.Option(metavar="N", min=1, help="Steps of the optimiser.")] = 4_000,
    learning_rate: Annotated[float, typer.Option(metavar="RATE", help="Peak of the learning rate.")] = 1e-3,
    seed: Annotated[int, typer.Option(metavar="N", min=0, help="Seed of weights and samples.")] = 0,
    replays: Annotated[
        int, typer.Option(metavar="N", min=1, help="How often a sample is used, turned and mirrored.")
    ] = 4,
    hold_out: Annotated[
        int, typer.Option(metavar="N", min=0, help="Clean photographs kept away, the same as of opir train.")
    ] = 0,
    start_from: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Weights to begin with, kernel.safetensors.", exists=True, dir_okay=False),
    ] = None,
    width: Annotated[int, typer.Option(metavar="N", min=1, help="Channels; weights to begin with grow to them.")] = 64,
    blocks: Annotated[int, typer.Option(metavar="N", min=1, help="Residual blocks, likewise.")] = 9,
    minutes: Annotated[float | None, typer.Option(metavar="N", help="Checkpoint and stop after this long.")] = None,
    workers: Annotated[int, typer.Option(metavar="N", min=0, help="Processes that make samples.")] = 1,
    threads: Annotated[int | None, typer.Option(metavar="N", min=1, help="Threads of the optimiser's process.")] = None,
) -> None:
    """Train the network that finds the kernel of a blur. The same command goes on where it stopped."""
    import torch

    from opir.cli.stop_signals import INTERRUPTED, stop_requests, until
    from opir.data.blurred_samples import CROP_PX
    from opir.data.training_folder import find_training_pictures
    from opir.runtime.spec import TORCH_KERNEL_FILE
    from opir.training.kernel_run import LEAST_GUIDANCE, KernelProgress, KernelRecipe, train_kernel_network

    recipe = KernelRecipe(
        n_steps=steps, learning_rate=learning_rate, seed=seed, n_replays=replays, width=width, n_blocks=blocks
    )
    if start_from is not None:  # what has learned kernels is not held to them again
        recipe = replace(recipe, guidance=LEAST_GUIDANCE)
    folder = find_training_pictures(data)
    folder.check()
    folder, _ = folder.hold_out(hold_out)
    bank = folder.read({"clean"}, min_side=CROP_PX)["clean"]
    if threads:
        torch.set_num_threads(threads)

    def tell(progress: KernelProgress) -> None:
        say(f"step {progress.step}/{steps}  gain {progress.gain_db:.2f} dB  kernel error {progress.kernel_error:.3f}")

    with stop_requests() as asked_to_stop:
        train_kernel_network(
            recipe,
            bank,
            run,
            start_from=start_from,
            n_workers=workers,
            report=tell,
            keep_going=until(minutes, asked_to_stop),
        )
        stopped = asked_to_stop()
    say(f"stopped: the same command goes on from {run}" if stopped else f"averaged weights: {run / TORCH_KERNEL_FILE}")
    if stopped:
        raise typer.Exit(INTERRUPTED)

"""``opir export``: turn trained weights into a model folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from opir.cli.console import choice
from opir.tasks import TASKS


def export(
    weights: Annotated[Path, typer.Argument(help="Trained weights, model.safetensors of a run.", dir_okay=False)],
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder of the model, created if missing.")],
    name: Annotated[str, typer.Option(help="Name of the model.")],
    version: Annotated[str, typer.Option(help="Version of the weights.")],
    tasks: Annotated[list[str], typer.Option("--task", help="A degradation of the training data; repeatable.")],
    uncertainty_scale: Annotated[float, typer.Option(help="Calibration factor of the error scale.")] = 1.0,
    kernel_network: Annotated[
        Path | None, typer.Option(help="Network that finds the kernel of a blur, kernel.safetensors.", dir_okay=False)
    ] = None,
    expert: Annotated[
        Path | None,
        typer.Option(help="Weights that restore pictures with nothing but the expert's tasks.", dir_okay=False),
    ] = None,
    expert_tasks: Annotated[
        list[str] | None, typer.Option("--expert-task", help="A task of the expert; repeatable.")
    ] = None,
    expert_uncertainty_scale: Annotated[
        float | None,
        typer.Option(help="Calibration factor of the expert's error scale.", show_default="that of the network"),
    ] = None,
    half: Annotated[bool, typer.Option("--half", help="Round the weights to float16: files of half the size.")] = False,
    log_odds: Annotated[
        list[str] | None,
        typer.Option(
            metavar="TASK=SLOPE,SHIFT[,OTHER=FACTOR]",
            help="Change the log-odds l of a task, in use, to SLOPE l + SHIFT + FACTOR l of OTHER; repeatable.",
        ),
    ] = None,
) -> None:
    """Write the ONNX graphs, the weights and model.json that ``opir restore --model FOLDER`` needs."""
    from opir.export.onnx import Release, export_model
    from opir.model.kernel_weights import load_kernel_network
    from opir.model.log_odds import change_log_odds, parse_log_odds
    from opir.model.weights_file import load_network

    trained = tuple(choice(task, TASKS, option="--task") for task in tasks)
    release = Release(
        name=name,
        version=version,
        trained_tasks=trained,
        uncertainty_scale=uncertainty_scale,
        expert_tasks=tuple(choice(task, TASKS, option="--expert-task") for task in expert_tasks or ()),
        expert_uncertainty_scale=expert_uncertainty_scale,
    )
    changes = [parse_log_odds(text) for text in log_odds or ()]
    network = load_network(weights)
    change_log_odds(network, changes)
    finder = None if kernel_network is None else load_kernel_network(kernel_network)
    second = None if expert is None else load_network(expert)
    export_model(network, output, release, kernel_network=finder, expert=second, half=half)
    total = sum(path.stat().st_size for path in output.iterdir())
    typer.echo(f"{output}: {total / 1e6:.1f} MB")

"""``opir merge``: one set of weights from two."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from opir.cli.console import choice
from opir.tasks import TASKS


def merge(
    weights: Annotated[Path, typer.Argument(help="Weights, safetensors or a model folder.", exists=True)],
    other: Annotated[Path, typer.Argument(help="Weights that come from the same ones.", exists=True)],
    output: Annotated[Path, typer.Option("--output", "-o", help="File to write, safetensors.", dir_okay=False)],
    share: Annotated[float, typer.Option(min=0.0, max=1.0, help="Share of the second ones.")] = 0.5,
    parts: Annotated[
        list[str] | None,
        typer.Option("--only", metavar="PART", help="Merge this part alone, such as estimator; repeatable."),
    ] = None,
    tasks: Annotated[
        list[str] | None,
        typer.Option("--task", help="Merge only the weights that this task owns; repeatable."),
    ] = None,
) -> None:
    """Average two networks of one origin, or take a part of the second: --only estimator --share 1."""
    from opir.model.merge import merged
    from opir.model.weights_file import load_network, save_network

    if output.exists():
        raise typer.BadParameter(f"{output} exists; choose another name or remove it", param_hint="--output")
    owners = tuple(choice(task, TASKS, option="--task") for task in tasks or ())
    network = merged(load_network(weights), load_network(other), share=share, parts=tuple(parts or ()), tasks=owners)
    output.parent.mkdir(parents=True, exist_ok=True)
    save_network(network, output)
    typer.echo(str(output))

"""``opir train``: run a training recipe."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from opir.cli.console import say, say_columns
from opir.errors import ConfigurationError

if TYPE_CHECKING:
    from opir.data.training_folder import TrainingFolder
    from opir.training.plan import Plan
    from opir.training.recipe import Recipe

FROM_BUNDLED_WEIGHTS = ("finetune", "expert")
"""Recipes that begin with the bundled weights unless told otherwise."""


def _list_recipes(wanted: bool) -> None:
    if not wanted:
        return
    from opir.training.recipes import RECIPES

    say_columns([(name, entry.summary) for name, entry in RECIPES.items()])
    raise typer.Exit


def train(
    recipe: Annotated[str, typer.Argument(metavar="RECIPE", help="What to train; see --list.", show_default=False)],
    data: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Folder of the training data.", exists=True, file_okay=False),
    ] = None,
    run: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Folder of the run; a run that is there already is resumed.",
            show_default="runs/RECIPE",
            file_okay=False,
        ),
    ] = None,
    changes: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="Change a setting, n_steps=500 or loss.tasks=0; repeatable."),
    ] = None,
    preset: Annotated[str | None, typer.Option(metavar="NAME", help="Size of the network; see opir presets.")] = None,
    machine: Annotated[
        str | None, typer.Option(metavar="small|medium|large", help="How to compute the same steps on this machine.")
    ] = None,
    split: Annotated[
        str | None, typer.Option(metavar="NAME", help="Split of data sets that have several.", show_default="train")
    ] = None,
    hold_out: Annotated[
        int,
        typer.Option(metavar="N", min=0, help="Clean photographs kept away from training, listed in held_out.txt."),
    ] = 0,
    start_from: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Weights to begin with, safetensors or a model folder.", exists=True),
    ] = None,
    from_scratch: Annotated[bool, typer.Option("--from-scratch", help="Begin with random weights.")] = False,
    minutes: Annotated[float | None, typer.Option(metavar="N", help="Checkpoint and stop after this long.")] = None,
    workers: Annotated[
        int | None, typer.Option(metavar="N", min=0, help="Processes that make samples.", show_default="1")
    ] = None,
    threads: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Threads of the optimiser's process.", show_default="all")
    ] = None,
    device: Annotated[
        str | None, typer.Option(metavar="cpu|cuda", help="What computes.", show_default="CUDA if there is any")
    ] = None,
    report_every: Annotated[int, typer.Option(metavar="N", min=1, help="Steps between reports.")] = 50,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the settled run as JSON; train nothing.")] = False,
    show_list: Annotated[  # noqa: ARG001 - handled by its callback
        bool, typer.Option("--list", callback=_list_recipes, is_eager=True, help="Print the recipes and exit.")
    ] = False,
) -> None:
    """Train a network. Interrupted or finished, the same command goes on where it stopped.

    Ctrl-C writes a checkpoint and ends with exit code 130; a second one stops at once.
    """
    from opir.data.training_folder import find_training_pictures
    from opir.training.held_out import keep_list
    from opir.training.recipes import recipe as named_recipe

    base = named_recipe(recipe)
    held_out: tuple[Path, ...] = ()
    if data is None and not dry_run:
        raise typer.BadParameter("a folder is needed, unless with --dry-run", param_hint="--data")
    start = _start(base, start_from, from_scratch=from_scratch)
    folder = None if data is None else find_training_pictures(data, split=split)
    if folder is not None:
        folder.check()
        folder, held_out = folder.hold_out(hold_out)
    plan = _plan(base, folder, start, changes=changes or [], preset=preset, machine=machine)
    n_workers = plan.n_workers if workers is None else workers
    for note in plan.notes if _leads() else ():
        typer.echo(f"note: {note}", err=True)
    if dry_run:
        _print_plan(plan, folder, start, n_workers)
        return
    assert folder is not None
    run = run or Path("runs") / recipe
    if _leads():
        keep_list(run, held_out)
        _say_sizes(plan, folder)
    _train(
        plan.recipe,
        folder,
        run,
        start=start,
        n_workers=n_workers,
        minutes=minutes,
        threads=threads,
        device=device,
        report_every=report_every,
    )


def _leads() -> bool:
    """Whether this is the one process of ``torchrun``, or the only one, that talks."""
    return os.environ.get("RANK", "0") == "0"


def _start(base: Recipe, start_from: Path | None, *, from_scratch: bool) -> Path | None:
    """The weights to begin with, if any."""
    from opir.runtime.weights import DEFAULT_MODEL, find_model

    if start_from is not None and from_scratch:
        raise typer.BadParameter("--from-scratch begins with random weights; leave one of the two out.")
    if start_from is None and base.name in FROM_BUNDLED_WEIGHTS and not from_scratch:
        return find_model(DEFAULT_MODEL)
    return start_from


def _plan(
    base: Recipe, folder: TrainingFolder | None, start: Path | None, *, changes: list[str], preset: str | None,
    machine: str | None,
) -> Plan:  # fmt: skip
    """Settle the run; weights to begin with bring their network along, unless their estimator alone is taken."""
    from opir.model.presets import preset as network_preset
    from opir.model.weights_file import load_network
    from opir.training.overrides import override
    from opir.training.plan import plan_run
    from opir.training.start import check_start, takes_estimator_alone

    model = None if preset is None else network_preset(preset)
    start_model = None if start is None else load_network(start).config
    if model is None and start_model is not None and not takes_estimator_alone(override(base, changes), start_model):
        model = start_model
    plan = plan_run(
        base,
        folder,
        model=model,
        changes=changes,
        machine=machine,
        n_processes=int(os.environ.get("WORLD_SIZE", "1")),
    )
    if start_model is None:
        return plan
    check_start(plan.recipe, start_model)
    taken = f"the network is that of the weights to start from, not that of {base.name}"
    return plan if start_model == base.model or start_model != model else replace(plan, notes=(taken, *plan.notes))


def _print_plan(plan: Plan, folder: TrainingFolder | None, start: Path | None, n_workers: int) -> None:
    settled = {
        "recipe": asdict(plan.recipe),
        "phase_bounds": plan.recipe.phase_bounds(),
        "n_workers": n_workers,
        "start_from": None if start is None else str(start),
        "data": None if folder is None else str(folder.root),
        "banks": None if folder is None else folder.n_pictures,
    }
    typer.echo(json.dumps(settled, indent=1))


def _say_sizes(plan: Plan, folder: TrainingFolder) -> None:
    used = {bank for ingredient in plan.recipe.ingredients.values() for bank in ingredient.banks}
    for name, n in folder.n_pictures.items():
        say(f"{name}: {n} pictures{'' if name in used else ', not used'}")


def _train(
    recipe: Recipe, folder: TrainingFolder, run: Path, *, start: Path | None, n_workers: int, minutes: float | None,
    threads: int | None, device: str | None, report_every: int,
) -> None:  # fmt: skip
    import torch

    from opir.cli.stop_signals import INTERRUPTED, stop_requests, until
    from opir.cli.train_progress import training_progress
    from opir.training.loop import train as run_training

    if device is not None and device.partition(":")[0] not in ("cpu", "cuda"):
        raise ConfigurationError(f"device must be cpu or cuda; got {device!r}")
    if threads:
        torch.set_num_threads(threads)
    used = {bank for ingredient in recipe.ingredients.values() for bank in ingredient.banks}
    banks = folder.read(used, min_side=recipe.largest_crop)
    with stop_requests() as asked_to_stop, training_progress() as report:
        run_training(
            recipe,
            banks,
            run,
            start_from=start,
            n_workers=n_workers,
            report_every=report_every,
            report=report,
            keep_going=until(minutes, asked_to_stop),
            device=device,
        )
        stopped = asked_to_stop()
    if _leads():
        goes_on = f"stopped: the same command goes on from the checkpoint in {run}"
        say(goes_on if stopped else f"averaged weights: {run / 'model.safetensors'}")
    if stopped:
        raise typer.Exit(INTERRUPTED)

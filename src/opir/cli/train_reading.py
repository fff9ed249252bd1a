"""``opir train-reading``: let the estimator read tasks from the logarithms of its features."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from opir.cli.console import choice, say
from opir.errors import ConfigurationError
from opir.tasks import TASKS

if TYPE_CHECKING:
    from opir.training.mean_features import MeanFeatures

TEACHER_FOLDER = "teacher"
"""Folder inside a run's for what the teacher's encoder makes of the samples."""


def train_reading(
    data: Annotated[
        Path, typer.Option(metavar="DIR", help="Folder of the training data.", exists=True, file_okay=False)
    ],
    start_from: Annotated[
        Path, typer.Option(metavar="FILE", help="Weights, safetensors or a model folder.", exists=True)
    ],
    task: Annotated[list[str], typer.Option(metavar="TASK", help="What is read anew; repeatable.")],
    run: Annotated[
        Path, typer.Option(metavar="DIR", help="Folder of the run; samples that are there are not made again.")
    ] = Path("runs/reading"),
    share: Annotated[
        float,
        typer.Option(
            metavar="N", min=0, max=1, help="Of what is fitted or imitated; the rest is what was read before."
        ),
    ] = 0.7,
    teacher: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Weights whose estimator is imitated, instead of the labels.", exists=True),
    ] = None,
    samples: Annotated[int, typer.Option(metavar="N", min=1, help="Samples of the recipe estimator.")] = 40_000,
    changes: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="NAME=VALUE", help="Change the ingredients, the seed or the crops of the recipe estimator."
        ),
    ] = None,
    heads: Annotated[
        int, typer.Option(metavar="N", min=1, help="Readings whose mean is learned; none with --teacher.")
    ] = 8,
    split: Annotated[
        str | None, typer.Option(metavar="NAME", help="Split of data sets that have several.", show_default="train")
    ] = None,
    hold_out: Annotated[
        int, typer.Option(metavar="N", min=0, help="Clean photographs kept away, the same as of opir train.")
    ] = 0,
    minutes: Annotated[float | None, typer.Option(metavar="N", help="Stop making samples after this long.")] = None,
    workers: Annotated[int, typer.Option(metavar="N", min=0, help="Processes that make samples.")] = 1,
    threads: Annotated[int | None, typer.Option(metavar="N", min=1, help="Threads of this process.")] = None,
) -> None:
    """Let the estimator read tasks from the logarithms of its features.

    The encoder, the context and the trunks stay as they are. Samples are encoded and kept in the folder of the
    run; the same command goes on where it stopped. With --teacher the estimator learns to say what another one says of
    them. Changes of the log-odds of these tasks are undone, since they were chosen for what was read before: choose
    them anew with opir export --log-odds.
    """
    import torch

    from opir.cli.stop_signals import INTERRUPTED, stop_requests, until
    from opir.data.training_folder import find_training_pictures
    from opir.model.weights_file import WEIGHTS_NAME, load_network, save_network
    from opir.training.held_out import keep_list
    from opir.training.mean_features import collect_features
    from opir.training.plan import plan_run
    from opir.training.reading import ReadingRecipe, imitate_reading, log_odds_as_trained, refit_reading
    from opir.training.recipes import recipe as named_recipe

    tasks = tuple(choice(name, TASKS, option="--task") for name in task)
    for weights in (start_from, *([] if teacher is None else [teacher])):
        if weights.resolve() in (run.resolve(), (run / WEIGHTS_NAME).resolve()):
            raise ConfigurationError(f"weights that are read would be overwritten; got {weights}: use another --run")
    network = load_network(start_from)
    teacher_network = None if teacher is None else load_network(teacher)
    folder = find_training_pictures(data, split=split)
    folder.check()
    folder, held_out = folder.hold_out(hold_out)
    plan = plan_run(named_recipe("estimator"), folder, model=network.config, changes=changes or [])
    if plan.recipe.model != network.config:
        raise ConfigurationError("the network is that of the weights to start from: leave model.* as it is")
    for note in plan.notes:
        typer.echo(f"note: {note}", err=True)
    keep_list(run, held_out)
    used = {bank for ingredient in plan.recipe.ingredients.values() for bank in ingredient.banks}
    banks = folder.read(used, min_side=plan.recipe.largest_crop)
    if threads:
        torch.set_num_threads(threads)

    encoders = {"own": (network, run)}
    if teacher_network is not None:
        encoders["teacher's"] = (teacher_network, run / TEACHER_FOLDER)
    features: list[MeanFeatures] = []
    with stop_requests() as asked_to_stop:
        keep_going = until(minutes, asked_to_stop)
        for whose, (encoder, where) in encoders.items():
            found = collect_features(
                encoder.estimator,
                plan.recipe,
                banks,
                where,
                samples,
                n_workers=workers,
                report=partial(_tell, whose, samples),
                keep_going=keep_going,
            )
            if found is None:
                break
            features.append(found)
        stopped = asked_to_stop()
    if len(features) < len(encoders):
        say(f"stopped: the same command goes on from {run}")
        raise typer.Exit(INTERRUPTED if stopped else 0)
    recipe = ReadingRecipe(n_heads=heads, seed=plan.recipe.seed)
    estimator, own = network.estimator, features[0]
    if teacher_network is None:
        network.estimator = refit_reading(estimator, own, tasks, recipe, share=share, report=say)
    else:
        said = log_odds_as_trained(teacher_network.estimator, features[1].features)
        network.estimator = imitate_reading(estimator, own.features, said, tasks, recipe, share=share, report=say)
    save_network(network, run / WEIGHTS_NAME)
    say(f"weights: {run / WEIGHTS_NAME}")


def _tell(whose: str, samples: int, n: int) -> None:
    say(f"{whose} encoder: {min(n, samples)} of {samples} samples")

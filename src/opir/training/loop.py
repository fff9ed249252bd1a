"""The training loop, flat, read from top to bottom."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from opir.data.image_bank import ImageBank
from opir.errors import NumericalError
from opir.model.network import RestorationNetwork
from opir.model.weights_file import load_network
from opir.training.average import WeightAverage
from opir.training.checkpoint import TrainingState, load_checkpoint, save_checkpoint
from opir.training.context_teacher import ContextTeacher
from opir.training.distributed import Processes, joined_processes
from opir.training.frozen import freeze, train_tasks_alone
from opir.training.measurements import PSNR_OF, Means
from opir.training.optimiser import build_optimiser
from opir.training.recipe import Recipe
from opir.training.run_folder import prepare_run_folder
from opir.training.run_log import RunLog
from opir.training.sample_pictures import draw_sheet
from opir.training.sample_source import check_batch_sizes, step_batches
from opir.training.schedule import cosine_with_warmup
from opir.training.start import begun, check_from_scratch
from opir.training.state_file import STATE_NAME
from opir.training.step import StepResult, training_step

LEAST_SHEET_INTERVAL = 500
"""Fewest steps between two sheets of sample pictures; the last step has one in any case."""

MOST_SHEETS = 50
"""Sheets of sample pictures in a long run."""


@dataclass(frozen=True, kw_only=True)
class Progress:
    """What is reported now and then: means since the last report."""

    step: int
    n_steps: int
    seconds_per_step: float
    learning_rate: float
    gradient_norm: float
    """Before clipping."""
    psnr: float
    """Of the last stage on training crops, in dB: a sign of life, no score."""
    psnr_by_task: Mapping[str, float]
    """The same over the samples in which a task is labelled, "clean" for those without any; only what occurred."""
    losses: Mapping[str, float]


def train(
    recipe: Recipe,
    banks: Mapping[str, ImageBank],
    run: Path,
    *,
    start_from: Path | None = None,
    n_workers: int = 1,
    report_every: int = 50,
    report: Callable[[Progress], None] = lambda _: None,
    keep_going: Callable[[], bool] = lambda: True,
    device: torch.device | str | None = None,
) -> RestorationNetwork:
    """Train until the recipe's last step and return the averaged network.

    A run folder that holds a checkpoint is resumed: the samples, the learning rate, the optimiser and the random
    numbers go on as if the run had never stopped. Under ``torchrun`` all processes train together on the recipe's
    batches; the first one writes and reports.

    Args:
        recipe: what to train.
        banks: pictures, by the names that the recipe's ingredients use.
        run: folder of the run; created if missing.
        start_from: weights to begin a new run with.
        n_workers: processes that make samples, for each training process.
        report_every: steps between reports.
        report: called with the progress.
        keep_going: asked after every step; False checkpoints and stops.
        device: "cpu" or "cuda"; None takes CUDA where there is any.

    Raises:
        WeightsError: if a checkpoint or ``start_from`` cannot be used.
        ConfigurationError: if the recipe names a bank or an operator that does not exist, differs from the one that
            the run began with, or has batches that cannot be dealt out to the processes.
        NumericalError: if loss or gradient are not finite, in float32 either. Checkpoints stay as they are.
    """
    with ExitStack() as stack:
        processes = stack.enter_context(joined_processes(device))
        check_batch_sizes(recipe, processes)
        state = _initial_state(recipe, start_from, processes)
        first = load_checkpoint(run, state, recipe)
        processes.check_same_step(first)
        if processes.leads:
            prepare_run_folder(run, recipe, processes, step=first)
        log = stack.enter_context(closing(RunLog(run if processes.leads else None, step=first)))
        if recipe.compile:
            state.network.compile(dynamic=False)
        every_step = all(phase.n_stages != 0 for phase in recipe.phases)
        model = processes.share_gradients(state.network, all_used=every_step)
        sheet_every = max(LEAST_SHEET_INTERVAL, recipe.n_steps // MOST_SHEETS)
        last_checkpoint = last_report = time.monotonic()
        last_reported = saved = first

        batches = step_batches(banks, recipe, processes, first=first, n_workers=n_workers)
        for step, micro_batches in enumerate(batches, start=first):
            rate = cosine_with_warmup(step, peak=recipe.learning_rate, n_steps=recipe.n_steps, n_warmup=recipe.n_warmup)
            for group in state.optimiser.param_groups:
                group["lr"] = rate * group["rate_factor"]
            seed = _seed_of_step(recipe, processes, step)
            n_stages = recipe.phase_at(step).n_stages
            result = training_step(
                model,
                state.optimiser,
                micro_batches,
                recipe,
                processes,
                seed=seed,
                n_stages=n_stages,
                teacher=state.teacher,
            )
            done = step + 1
            if not result.finite or result.precision != recipe.precision:
                log.event(done, "repeated in float32" if result.finite else "not finite", _problem(result))
            if not result.finite:
                raise NumericalError(_not_finite(result, run, done, saved))
            state.average.update(state.network, step)
            state.means.add(result.totals)

            stopping = processes.any(not keep_going())
            now = time.monotonic()
            if done % report_every == 0:
                seconds = (now - last_report) / (done - last_reported)
                means = state.means.take()
                log.numbers(done, {"seconds": seconds, "learning_rate": rate, **means})
                if processes.leads:
                    report(_progress(done, recipe, seconds, rate, means))
                last_report, last_reported = now, done
            if processes.leads and (done % sheet_every == 0 or done == recipe.n_steps):
                log.picture(done, draw_sheet(state.average.network, banks, recipe, processes.device))
            due = now - last_checkpoint > 60 * recipe.checkpoint_minutes
            if processes.leads and (due or stopping or done == recipe.n_steps):
                save_checkpoint(run, state, recipe, done)
                last_checkpoint, saved = time.monotonic(), done
            if stopping:
                break
        return state.average.network


def _initial_state(recipe: Recipe, start_from: Path | None, processes: Processes) -> TrainingState:
    torch.manual_seed(recipe.seed)
    if start_from is None:
        check_from_scratch(recipe)
    start = load_network(start_from) if start_from else RestorationNetwork(recipe.model)
    network = begun(recipe, start)
    freeze(network, recipe.frozen)
    train_tasks_alone(network, recipe.only_tasks)
    network.to(processes.device).train()
    optimiser = build_optimiser(network, recipe)
    average = WeightAverage(network, decay=recipe.average_decay)
    teacher = ContextTeacher(network) if recipe.loss.context else None
    return TrainingState(network=network, average=average, optimiser=optimiser, means=Means(), teacher=teacher)


def _seed_of_step(recipe: Recipe, processes: Processes, step: int) -> int:
    """Seed of torch's own random numbers: of the step and the process alone, so that resuming needs no state."""
    sequence = np.random.SeedSequence(recipe.seed, spawn_key=(step, processes.rank))
    return int(sequence.generate_state(1, np.uint64)[0])


def _progress(done: int, recipe: Recipe, seconds: float, rate: float, means: Mapping[str, float]) -> Progress:
    by_task = {name.removeprefix(PSNR_OF): value for name, value in means.items() if name.startswith(PSNR_OF)}
    others = {name: value for name, value in means.items() if not name.startswith(PSNR_OF)}
    return Progress(
        step=done,
        n_steps=recipe.n_steps,
        seconds_per_step=seconds,
        learning_rate=rate,
        gradient_norm=others.pop("gradient_norm"),
        psnr=others.pop("psnr"),
        psnr_by_task=by_task,
        losses=others,
    )


def _problem(result: StepResult) -> dict[str, str]:
    """The measurements of a step as text: JSON knows no NaN."""
    return {name: f"{value / count:g}" for name, (value, count) in result.totals.items() if count}


def _not_finite(result: StepResult, run: Path, done: int, saved: int) -> str:
    numbers = _problem(result)
    checkpoint = f"{run / STATE_NAME} holds step {saved}" if saved else f"{run} holds no checkpoint yet"
    return (
        f"step {done}: expected a finite loss and gradient, got loss {numbers['total']} and gradient norm "
        f"{numbers['gradient_norm']} in {result.precision}; nothing of this step was kept and {checkpoint}: look "
        "at the last lines of metrics.jsonl, then run the same command with a lower learning_rate or max_gradient_norm"
    )

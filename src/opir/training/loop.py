"""The training loop, flat, read from top to bottom."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch.utils.data import DataLoader

from opir.data.image_bank import ImageBank
from opir.data.mixture import Sample
from opir.data.training_set import Positions, TrainingSet
from opir.model.network import RestorationNetwork
from opir.model.presets import preset
from opir.model.weights_file import load_network
from opir.training.average import WeightAverage
from opir.training.checkpoint import TrainingState, load_checkpoint, save_checkpoint
from opir.training.losses import restoration_losses
from opir.training.recipes import Recipe
from opir.training.schedule import cosine_with_warmup


@dataclass(frozen=True, kw_only=True)
class Progress:
    """What is reported now and then."""

    step: int
    n_steps: int
    seconds_per_step: float
    psnr: float
    """Of the last stage on training crops since the last report, in dB: a sign of life, no score."""
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
) -> RestorationNetwork:
    """Train until the recipe's last step and return the averaged network.

    A run folder that holds a checkpoint is resumed: the samples, the learning rate and the optimiser go on as if
    the run had never stopped.

    Args:
        recipe: what to train.
        banks: pictures, by the names that the recipe's ingredients use.
        run: folder of the run; created if missing.
        start_from: weights to begin a new run with.
        n_workers: processes that make samples.
        report_every: steps between reports.
        report: called with the progress.
        keep_going: asked after every step; False checkpoints and stops.

    Raises:
        WeightsError: if a checkpoint or ``start_from`` cannot be used.
        ConfigurationError: if the recipe names a bank or an operator that does not exist.
    """
    run.mkdir(parents=True, exist_ok=True)
    (run / "recipe.json").write_text(json.dumps(asdict(recipe), indent=1))
    torch.manual_seed(recipe.seed)
    network = load_network(start_from) if start_from else RestorationNetwork(preset(recipe.preset))
    network.train()
    average = WeightAverage(network, decay=recipe.average_decay)
    optimiser = torch.optim.AdamW(
        network.parameters(), lr=recipe.learning_rate, betas=(0.9, 0.99), weight_decay=recipe.weight_decay
    )
    state = TrainingState(network=network, average=average, optimiser=optimiser)
    first = load_checkpoint(run, state)

    samples = TrainingSet(banks, recipe.ingredients, crop_size=recipe.crop_size, seed=recipe.seed)
    loader = DataLoader(
        samples,
        batch_size=recipe.batch_size,
        sampler=Positions(first * recipe.batch_size, recipe.n_steps * recipe.batch_size),
        num_workers=n_workers,
        prefetch_factor=4 if n_workers else None,
        persistent_workers=False,
    )
    last_checkpoint = last_report = time.monotonic()
    sums: dict[str, float] = {}
    n_summed = 0
    with (run / "metrics.jsonl").open("a") as log:
        for step, batch in enumerate(loader, start=first):
            for group in optimiser.param_groups:
                group["lr"] = cosine_with_warmup(
                    step, peak=recipe.learning_rate, n_steps=recipe.n_steps, n_warmup=recipe.n_warmup
                )
            values = training_step(network, optimiser, Sample(*batch), recipe)
            average.update(network, step)
            for name, value in values.items():
                sums[name] = sums.get(name, 0.0) + value
            n_summed += 1

            done = step + 1
            stopping = not keep_going()
            if done % report_every == 0:
                now = time.monotonic()
                means = {name: value / n_summed for name, value in sums.items()}
                seconds = (now - last_report) / n_summed
                log.write(json.dumps({"step": done, "seconds": seconds, **means}) + "\n")
                log.flush()
                report(
                    Progress(
                        step=done,
                        n_steps=recipe.n_steps,
                        seconds_per_step=seconds,
                        psnr=means.pop("psnr"),
                        losses=means,
                    )
                )
                last_report, sums, n_summed = now, {}, 0
            due = time.monotonic() - last_checkpoint > 60 * recipe.checkpoint_minutes
            if due or stopping or done == recipe.n_steps:
                save_checkpoint(run, state, done)
                last_checkpoint = time.monotonic()
            if stopping:
                break
    return average.network


def training_step(
    network: RestorationNetwork, optimiser: torch.optim.Optimizer, batch: Sample, recipe: Recipe
) -> dict[str, float]:
    """One step of the optimiser; returns the loss terms and the PSNR of the batch as numbers."""
    told = (batch.told[:, None] > 0) & (batch.known > 0)
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=recipe.precision == "bfloat16"):
        output = network(batch.degraded, task_weights=batch.labels, told=told)
    losses = restoration_losses(output, batch.clean, batch.labels, batch.known, recipe.loss)
    optimiser.zero_grad(set_to_none=True)
    losses.total.backward()  # type: ignore[no-untyped-call]
    norm = torch.nn.utils.clip_grad_norm_(network.parameters(), recipe.max_gradient_norm)
    optimiser.step()
    error = ((output.restored.detach().clamp(0, 1) - batch.clean) ** 2).mean(dim=(1, 2, 3))
    return {
        "psnr": float((-10 * torch.log10(error.clamp_min(1e-8))).mean()),
        "gradient_norm": float(norm),
        **{name: float(value.detach()) for name, value in vars(losses).items()},
    }

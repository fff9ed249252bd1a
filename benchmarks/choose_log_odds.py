"""Which change of a task's log-odds restores best, on photographs that were held out of training?

Degrades crops of clean photographs as the recipe ``estimator`` does, each of them showing most of its picture, restores
every one by stage 1 with the task absent, half and fully present, the other tasks as estimated, and looks for the
change ``slope * l + shift + factor * l'`` of ``opir export --log-odds``, on top of those that the weights have, whose
task weights give the best mean PSNR (read between the three by straight lines; at most 45 dB count, so that untouched
pictures do not decide alone). Half of the samples choose, the other half are reported. Real pairs are not among them:
those of training were trained on.

    python benchmarks/choose_log_odds.py --weights WEIGHTS --photos RUN/held_out.txt --task low_light --other blur
"""

from __future__ import annotations

import argparse
import itertools
import json
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from calibration import photographs
from opir.data.image_bank import ImageBank
from opir.data.training_set import TrainingSet
from opir.model import RestorationNetwork, load_network
from opir.model.task_weights import task_weights_of
from opir.tasks import TASKS
from opir.training.recipes import recipe as named_recipe

PRESENCE = (0.0, 0.5, 1.0)
"""Weights of the task that are tried."""

MOST_DB = 45.0
"""PSNR that counts as perfect."""

SLOPES = (1.0, 1.5, 2.0, 3.0)
SHIFTS = tuple(np.arange(-8.0, 4.5, 0.5).tolist())
FACTORS = (-1.5, -1.0, -0.5, 0.0)

Floats = NDArray[np.float64]


def main() -> None:
    """Measure, choose and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weights", type=Path, required=True, help="weights or model folder")
    parser.add_argument("--photos", type=Path, required=True, help="folder of clean photographs, or a list of files")
    parser.add_argument("--task", choices=TASKS, required=True)
    parser.add_argument("--other", choices=TASKS, default=None, help="a task that may speak against it")
    parser.add_argument("--samples", type=int, default=240)
    parser.add_argument("--crop", type=int, default=256)
    parser.add_argument("--json", type=Path, default=None)
    options = parser.parse_args()
    torch.set_num_threads(1)

    network = load_network(options.weights).eval()
    ingredients = {
        name: ingredient
        for name, ingredient in named_recipe("estimator").ingredients.items()
        if ingredient.banks == ("clean",)
    }
    bank = ImageBank.read(photographs(options.photos), min_side=options.crop)
    samples = TrainingSet({"clean": bank}, ingredients, crop_size=options.crop, seed=4)
    row = TASKS.index(options.task)
    logits, labels, psnr = measure(network, samples, options.samples, row)
    against = logits[:, TASKS.index(options.other)] if options.other else np.zeros(len(logits))
    factors = FACTORS if options.other else (0.0,)

    choosing, reporting = slice(0, None, 2), slice(1, None, 2)

    def score(change: tuple[float, float, float], which: slice) -> float:
        slope, shift, factor = change
        log_odds = slope * logits[:, row] + shift + factor * against
        return float(at(psnr, 1 / (1 + np.exp(-log_odds)))[which].mean())

    changes = list(itertools.product(SLOPES, SHIFTS, factors))
    best = max(changes, key=lambda change: score(change, choosing))
    result = {
        "weights": options.weights.name,
        "task": options.task,
        "other": options.other,
        "samples": len(logits),
        "with_the_task": int((labels[:, row] > 0).sum()),
        "slope": best[0],
        "shift": best[1],
        "factor": best[2],
        "psnr_unchanged": score((1.0, 0.0, 0.0), reporting),
        "psnr_changed": score(best, reporting),
        "psnr_told": float(at(psnr, labels[:, row])[reporting].mean()),
    }
    print(json.dumps(result, indent=1))
    if options.json is not None:
        options.json.write_text(json.dumps(result, indent=1) + "\n")


@torch.no_grad()
def measure(network: RestorationNetwork, samples: TrainingSet, n: int, row: int) -> tuple[Floats, Floats, Floats]:
    """Log-odds (n, T), labels (n, T) and PSNR (n, presences) [dB] after stage 1 for each weight of task ``row``."""
    logits: list[Floats] = []
    labels: list[Floats] = []
    psnr: list[list[float]] = []
    for k in range(n):
        sample = samples[k]
        image = sample.degraded[None]
        seen = network(image, n_stages=0)
        logits.append(seen.task_logits[0].double().numpy())
        labels.append(sample.labels.double().numpy())
        psnr.append([])
        for presence in PRESENCE:
            weights = task_weights_of(seen.task_logits)
            weights[0, row] = presence
            restored, _ = network.stage(image, image, torch.zeros_like(image[:, :1]), weights, seen.context, 0)
            error = (torch.round(restored[0].clamp(0, 1) * 255) / 255 - sample.clean).square().mean().item()
            psnr[-1].append(min(MOST_DB, -10 * np.log10(max(error, 1e-10))))
    return np.array(logits), np.array(labels), np.array(psnr)


def at(psnr: Floats, presence: Floats) -> Floats:
    """PSNR (n,) for weights (n,) of the task, between those that were measured (n, presences)."""
    return np.array([np.interp(one, PRESENCE, row) for one, row in zip(presence, psnr, strict=True)])


if __name__ == "__main__":
    main()

"""Can the sample pipeline feed the training of a preset?

Measures, in one run and in turns: samples per second of one worker process of the numbered stream (one thread), of the
device-resident stream, and of training steps of the preset on data that is already there.

    python benchmarks/data_throughput.py --data TRAIN --recipe four_tasks --json results.json
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import torch

from opir.data.mixture import Sample
from opir.data.resident import ResidentTrainingSet
from opir.data.training_folder import open_banks
from opir.data.training_set import TrainingSet
from opir.model import RestorationNetwork
from opir.training.distributed import Processes
from opir.training.optimiser import build_optimiser
from opir.training.recipes import recipe as named_recipe
from opir.training.step import training_step


def main() -> None:
    """Measure and print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--recipe", default="four_tasks")
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--json", type=Path, default=None)
    options = parser.parse_args()
    recipe = named_recipe(options.recipe)
    phase = recipe.phases[0]
    banks = open_banks(options.data, min_side=phase.crop_size)
    numbered = TrainingSet(banks, recipe.ingredients, crop_size=phase.crop_size, seed=0)
    resident = ResidentTrainingSet(
        banks, recipe.ingredients, batch_size=phase.batch_size, crop_size=phase.crop_size, seed=0, device="cpu"
    )
    network = RestorationNetwork(recipe.model)
    optimiser = build_optimiser(network, recipe)
    batch = resident.batch(0)
    threads = torch.get_num_threads()
    processes = Processes(device=torch.device("cpu"))

    def one_worker(turn: int) -> None:
        first = turn * phase.batch_size
        Sample(*map(torch.stack, zip(*(numbered[first + k] for k in range(phase.batch_size)), strict=True)))

    tasks: dict[str, tuple[int, Callable[[int], object]]] = {
        "one_worker": (1, one_worker),
        "resident": (threads, resident.batch),
        "training_step": (threads, lambda _: training_step(network, optimiser, (batch,), recipe, processes)),
    }
    taken: dict[str, list[float]] = {name: [] for name in tasks}
    for turn in range(options.repeats + 1):
        for name, (n_threads, run) in tasks.items():
            torch.set_num_threads(n_threads)
            start = time.perf_counter()
            run(turn)
            if turn:
                taken[name].append(time.perf_counter() - start)
    rates = {name: phase.batch_size / statistics.median(values) for name, values in taken.items()}
    report = {
        "question": "samples per second of the pipeline against those that training consumes",
        "recipe": recipe.name,
        "precision": recipe.precision,
        "batch": phase.batch_size,
        "crop": phase.crop_size,
        "threads": threads,
        "torch": torch.__version__,
        "machine": platform.processor() or platform.machine(),
        "samples_per_second": {name: round(rate, 2) for name, rate in rates.items()},
        "worker_over_training": round(rates["one_worker"] / rates["training_step"], 2),
        "resident_over_training": round(rates["resident"] / rates["training_step"], 2),
    }
    text = json.dumps(report, indent=1)
    if options.json:
        options.json.write_text(text + "\n")
    print(text)


if __name__ == "__main__":
    main()

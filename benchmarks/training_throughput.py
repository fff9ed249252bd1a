"""How many samples per second does training consume, and where does the time go?

Whole steps (forward, losses, backward, clipping, optimiser) on data that is already on the device, then each part timed
in turn: making the samples, forward with losses, backward, the operator's own forward and backward on tensors of the
step's shapes. Shares are of data + step, as if nothing overlapped; in training, samples are made beside the step.

    python benchmarks/training_throughput.py --json results.json                       # base, 16 crops of 256, CUDA
    python benchmarks/training_throughput.py --device cpu --batch 2 --crop 64          # a figure for a processor
    python benchmarks/training_throughput.py --data TRAIN --recipe all_tasks           # with the time of the data
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
from torch import Tensor

import machine
from opir.data.mixture import Sample
from opir.data.resident import ResidentTrainingSet
from opir.data.training_folder import open_banks
from opir.model import RestorationNetwork, preset
from opir.ops import choose_implementation, pixelwise_conv
from opir.tasks import TASKS
from opir.training.distributed import Processes
from opir.training.losses import restoration_losses
from opir.training.recipe import Recipe
from opir.training.recipes import recipe as named_recipe
from opir.training.step import training_step


def main() -> None:
    """Measure, print a table and one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--preset", default="base")
    parser.add_argument("--device", choices=["cuda", "cpu"], default="cuda")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--crop", type=int, default=256)
    parser.add_argument("--precision", choices=["float32", "bfloat16"], default="bfloat16")
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--data", type=Path, default=None)
    parser.add_argument("--recipe", default="all_tasks")
    parser.add_argument("--json", type=Path, default=None)
    options = parser.parse_args()
    if options.device == "cuda" and not torch.cuda.is_available():
        print("no CUDA device: not measured (--device cpu gives a figure for the processor)")
        return
    device = torch.device(options.device)
    torch.manual_seed(0)
    recipe = Recipe(name="benchmark", precision=options.precision).with_model(preset(options.preset))
    network = RestorationNetwork(recipe.model).to(device)
    optimiser = torch.optim.AdamW(network.parameters(), lr=1e-5)
    batch = _random_batch(options.batch, options.crop, device)
    autocast = torch.autocast(device.type, dtype=torch.bfloat16, enabled=options.precision == "bfloat16")

    def forward() -> Tensor:
        told = (batch.told[:, None] > 0) & (batch.known > 0)
        with autocast:
            output = network(batch.degraded, task_weights=batch.labels, told=told)
        return restoration_losses(output, batch.clean, batch.labels, batch.known, recipe.loss).total

    def forward_and_backward() -> None:
        network.zero_grad(set_to_none=True)
        forward().backward()

    contestants: dict[str, Callable[[], object]] = {
        "step": lambda: training_step(network, optimiser, (batch,), recipe, Processes(device=device)),
        "forward": forward,
        "forward_and_backward": forward_and_backward,
        "operator": _operator(recipe, options.batch, options.crop, device),
    }
    if options.data is not None:
        stream = named_recipe(options.recipe)
        banks = open_banks(options.data, min_side=options.crop)
        resident = ResidentTrainingSet(
            banks,
            stream.ingredients,
            batch_size=options.batch,
            crop_size=options.crop,
            seed=0,
            device=options.device,
        )
        numbers = iter(range(options.repeats + 2))
        contestants["data"] = lambda: resident.batch(next(numbers))
    seconds = _medians(contestants, options.repeats, device)
    total = seconds["step"] + seconds.get("data", 0.0)
    parts = {
        "data": seconds.get("data"),
        "forward": seconds["forward"],
        "backward": seconds["forward_and_backward"] - seconds["forward"],
        "operator, in these two": recipe.model.n_stages * seconds["operator"],
        "optimiser and the rest": seconds["step"] - seconds["forward_and_backward"],
    }
    shares = {name: None if value is None else round(value / total, 4) for name, value in parts.items()}
    report = {
        "question": "samples per second in training, and where the time goes",
        **machine.describe(),
        "preset": options.preset,
        "batch": options.batch,
        "crop": options.crop,
        "precision": options.precision,
        "device": torch.cuda.get_device_name() if device.type == "cuda" else platform.processor() or platform.machine(),
        "threads": torch.get_num_threads(),
        "operator": ": ".join(choose_implementation(device, torch.float32)),
        "cuda": torch.version.cuda,
        "samples_per_second": round(options.batch / seconds["step"], 2),
        "median_seconds": seconds,
        "shares": shares,
    }
    print(f"{report['samples_per_second']} samples/s of {options.crop} x {options.crop}, {options.precision}")
    for name, share in shares.items():
        print(f"{name:>24}  {'not measured (--data)' if share is None else f'{share:.1%}'}")
    text = json.dumps(report, indent=1)
    if options.json:
        options.json.write_text(text + "\n")
    print(text)


def _random_batch(batch: int, crop: int, device: torch.device) -> Sample:
    shape = (batch, 3, crop, crop)
    labels = torch.zeros(batch, len(TASKS), device=device)
    pictures = (torch.rand(shape, device=device), torch.rand(shape, device=device))
    return Sample(*pictures, labels, labels + 1, torch.zeros(batch, device=device))


def _operator(recipe: Recipe, batch: int, crop: int, device: torch.device) -> Callable[[], object]:
    """One stage's operator, values and all gradients, as the model calls it."""
    config = recipe.model
    shape = (batch, 3, crop, crop)
    dtype = torch.bfloat16 if recipe.precision == "bfloat16" else torch.float32  # of what the network predicts

    def predicted(n_channels: int) -> Tensor:
        return torch.randn(batch, n_channels, crop, crop, device=device, dtype=dtype).requires_grad_()

    image = torch.rand(shape, device=device, requires_grad=True)
    kernels, logits, bias = predicted(config.n_kernel_channels), predicted(len(config.dilations)), predicted(3)
    upstream = torch.randn(shape, device=device)

    def run() -> object:
        value = pixelwise_conv(
            image, kernels, dilations=config.dilations, mixing_logits=logits, bias=bias, add_image=True
        )
        return torch.autograd.grad(value, (image, kernels, logits, bias), upstream)

    return run


def _medians(contestants: dict[str, Callable[[], object]], repeats: int, device: torch.device) -> dict[str, float]:
    """Median seconds of each, taken in turns; the first two turns are a warm-up."""
    taken: dict[str, list[float]] = {name: [] for name in contestants}
    for turn in range(repeats + 2):
        for name, run in contestants.items():
            start = time.perf_counter()
            run()
            if device.type == "cuda":
                torch.cuda.synchronize(device)
            if turn >= 2:
                taken[name].append(time.perf_counter() - start)
    return {name: statistics.median(values) for name, values in taken.items()}


if __name__ == "__main__":
    main()

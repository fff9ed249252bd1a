"""Time and peak memory by size, each size in a process of its own, on synthetic pictures.

Is the cost of a pixel the same from 0.1 to 100 megapixels, and is the memory that a photograph of 24 megapixels takes
below 1.5 GB above the decoded picture?

    python benchmarks/memory.py
    python benchmarks/memory.py --size 1 --size 24 --effort balanced
    python benchmarks/memory.py --size 1 --task noise           # by the expert; --task rain by the first trunk
    python benchmarks/memory.py --preset tiny --size 1          # random weights: they do not change time and memory
"""

from __future__ import annotations

import argparse
import tempfile
from dataclasses import asdict
from pathlib import Path

import machine
from opir.runtime.speed import Case, measure
from opir.tasks import TASKS

SIZES = (0.1, 1.0, 24.0, 100.0)
FREE_REPEATS_BELOW = 2.0
"""Megapixels up to which a size is timed three times; a larger one takes long enough to be timed once."""


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="base")
    parser.add_argument("--preset", default=None, help="export this size with random weights instead; needs torch")
    parser.add_argument("--engine", choices=["auto", "onnxruntime", "torch"], default="auto")
    parser.add_argument("--size", type=float, action="append", help="megapixels; repeatable")
    parser.add_argument("--effort", choices=["fast", "balanced", "best"], default="best")
    parser.add_argument("--task", choices=TASKS, default=None, help="told: noise for the expert, rain for the network")
    parser.add_argument("--threads", type=int, default=None)
    parser.add_argument("--json", type=Path, default=None)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if options.preset is not None:
            options.model = _exported(options.preset, Path(folder) / options.preset)
        entries = _measured(options)
    name = "memory" if options.preset is None else f"memory-{options.preset}"
    machine.write(name, __doc__ or "", entries, options.json, preset=options.preset)


def _exported(name: str, folder: Path) -> str:
    import torch

    from opir.export import Release, export_model
    from opir.model import RestorationNetwork, preset

    torch.manual_seed(0)
    network = RestorationNetwork(preset(name))
    export_model(network, folder, Release(name=name, version="0", trained_tasks=("noise",)))
    return str(folder)


def _measured(options: argparse.Namespace) -> list[dict[str, object]]:
    entries: list[dict[str, object]] = []
    rows = []
    for megapixels in options.size or SIZES:
        case = Case(
            model=options.model,
            engine=options.engine,
            megapixels=megapixels,
            effort=options.effort,
            task=options.task,
            threads=options.threads,
            repeats=3 if megapixels <= FREE_REPEATS_BELOW else 1,
        )
        speed = measure(case)
        size = speed.height * speed.width / 1e6
        per_megapixel = {
            "seconds_per_megapixel": speed.seconds / size,
            "cpu_seconds_per_megapixel": speed.cpu_seconds / size,
        }
        model = options.preset or case.model
        entries.append({"effort": case.effort, "task": case.task, "model": model} | asdict(speed) | per_megapixel)
        peak = "-" if speed.peak_bytes is None else f"{speed.peak_bytes / 1e9:.2f}"
        rows.append(
            (
                f"{size:.1f}",
                speed.tile or "whole",
                speed.n_tiles,
                f"{speed.seconds:.2f}",
                f"{speed.seconds / size:.2f}",
                f"{speed.cpu_seconds / size:.2f}",
                peak,
            )
        )
        print(f"{size:.1f} megapixels done", flush=True)
    machine.show(("Mpx", "tile", "tiles", "s", "s/Mpx", "CPU s/Mpx", "peak GB above picture and model"), rows)
    return entries


if __name__ == "__main__":
    main()

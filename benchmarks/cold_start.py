"""From the start of the process to the first picture: what takes the time?

Each line is a new process, the lines take turns, medians. Differences between lines are the cost of the step between.

    python benchmarks/cold_start.py
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import machine
from opir.imaging import write_photo
from opir.runtime.speed import synthetic_photo

CODE = {
    "python": "pass",
    "numpy": "import numpy",
    "onnxruntime": "import onnxruntime",
    "opir": "import opir",
    "opir.runtime.restore": "import opir.runtime.restore",
    "model loaded": "from opir import Restorer; Restorer({model!r})",
}
CLI = "from opir.cli.main import run; run()"


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="base")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path, default=None)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        picture = Path(folder) / "picture.png"
        write_photo(synthetic_photo(0.01), picture)
        restore = [
            "restore",
            str(picture),
            "-o",
            str(Path(folder) / "out.png"),
            "--overwrite",
            "--model",
            options.model,
        ]
        commands = {name: [sys.executable, "-c", code.format(model=options.model)] for name, code in CODE.items()}
        commands["opir --help"] = [sys.executable, "-c", CLI, "--help"]
        commands["opir restore, 0.01 Mpx"] = [sys.executable, "-c", CLI, *restore]
        wall: dict[str, list[float]] = {name: [] for name in commands}
        processor: dict[str, list[float]] = {name: [] for name in commands}
        for number in range(options.rounds + 1):
            for name, command in commands.items():
                seconds, cpu = _run(command)
                if number:  # the first round fills the file cache
                    wall[name].append(seconds)
                    processor[name].append(cpu)
    entries = [
        {"step": name, "seconds": median(wall[name]), "cpu_seconds": median(processor[name])} for name in commands
    ]
    machine.show(
        ("step", "s", "CPU s"), [(e["step"], f"{e['seconds']:.3f}", f"{e['cpu_seconds']:.3f}") for e in entries]
    )
    machine.write("cold-start", __doc__ or "", entries, options.json, model=options.model)


def _run(command: list[str]) -> tuple[float, float]:
    """Return wall and processor time of a child."""
    before, start = os.times(), time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    seconds, after = time.perf_counter() - start, os.times()
    children = after.children_user + after.children_system - before.children_user - before.children_system
    return seconds, children


if __name__ == "__main__":
    main()

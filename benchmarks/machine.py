"""What a result was measured on, and where it is written: shared by the scripts of this folder."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median

from opir.runtime.machine import usable_threads

RESULTS = Path(__file__).parent / "results"
LIBRARIES = ("opir", "numpy", "onnxruntime", "torch", "triton", "opencv-python-headless", "scikit-image")


@dataclass(frozen=True, kw_only=True)
class Times:
    """Seconds of one contestant, over all rounds."""

    wall: tuple[float, ...]
    processor: tuple[float, ...]

    @property
    def median_wall(self) -> float:
        """Median wall time [s]."""
        return median(self.wall)

    @property
    def median_processor(self) -> float:
        """Median processor time of all threads [s]; hardly depends on what else the machine does."""
        return median(self.processor)


def in_turns(contestants: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, Times]:
    """Time the contestants one after the other, round by round, after a round that does not count."""
    wall: dict[str, list[float]] = {name: [] for name in contestants}
    processor: dict[str, list[float]] = {name: [] for name in contestants}
    for number in range(rounds + 1):
        for name, run in contestants.items():
            start, start_processor = time.perf_counter(), time.process_time()
            run()
            if number:
                wall[name].append(time.perf_counter() - start)
                processor[name].append(time.process_time() - start_processor)
    return {name: Times(wall=tuple(wall[name]), processor=tuple(processor[name])) for name in contestants}


def describe() -> dict[str, object]:
    """Device, versions, threads, load and commit."""
    return {
        "date": time.strftime("%Y-%m-%d"),
        "commit": commit(),
        "processor": _processor(),
        "machine": platform.machine(),
        "system": platform.system(),
        "threads": usable_threads(),
        "load_average": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
        "python": platform.python_version(),
        "versions": {name: found for name in LIBRARIES if (found := _version(name))},
    }


def commit() -> str:
    """Short hash of the checked-out commit, marked where files differ from it."""
    command = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty"]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    return found.stdout.strip() or "unknown"


def write(name: str, question: str, rows: Sequence[Mapping[str, object]], path: Path | None, **more: object) -> None:
    """Write a result file, ``results/DATE-cpu-NAME.json`` unless another path is given."""
    machine = describe()
    target = path or RESULTS / f"{machine['date']}-cpu-{name}.json"
    report = {"question": question, **machine, **more, "rows": list(rows)}
    target.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    print(f"written: {target}")


def show(headings: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print a table."""
    cells = [[str(cell) for cell in row] for row in (headings, *rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for row in cells:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip(), flush=True)


def _processor() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in text.splitlines() if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None

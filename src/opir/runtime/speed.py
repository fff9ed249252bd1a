"""How fast this machine restores, and how much memory that takes: each measurement in a process of its own.

The peak of a process never falls, so two measurements in one process would share the larger one; and the first
restoration of a process pays for loading. The child is this module run as a program; it prints one line of JSON.
"""

from __future__ import annotations

import json
import math
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Final, cast

import numpy as np

from opir.errors import ConfigurationError, OpirError
from opir.imaging import Photo
from opir.runtime.effort import DEFAULT_EFFORT, Effort
from opir.runtime.engine import EngineName
from opir.runtime.restore import Restorer, Tile
from opir.runtime.settings import RestoreSettings
from opir.runtime.weights import DEFAULT_MODEL
from opir.tasks import Task

MEGAPIXEL: Final = 1e6
_ASPECT: Final = 1.5
_STATUS: Final = Path("/proc/self/status")


@dataclass(frozen=True, kw_only=True)
class Case:
    """What is measured."""

    model: str = DEFAULT_MODEL
    """Bundled model or model folder."""
    engine: EngineName = "auto"
    """What computes."""
    megapixels: float = 1.0
    """Size of the picture, 3 : 2."""
    effort: Effort = DEFAULT_EFFORT
    """How much is computed."""
    task: Task | None = None
    """The degradation that is told, None to let the model find out. It decides which trunk restores the picture."""
    tile: Tile = "auto"
    """Largest side of a tile [px], 0 for the whole picture."""
    threads: int | None = None
    """Processor threads, None for all."""
    repeats: int = 3
    """Restorations that are timed; with more than one, another one comes before."""

    def __post_init__(self) -> None:
        if not (math.isfinite(self.megapixels) and 0.0 < self.megapixels <= 1000.0):
            raise ConfigurationError(f"megapixels must be between 0 and 1000, got {self.megapixels}")
        if self.repeats < 1:
            raise ConfigurationError(f"repeats must be at least 1, got {self.repeats}")


@dataclass(frozen=True, kw_only=True)
class Speed:
    """What was measured."""

    engine: str
    """Inference engine."""
    device: str
    """Device that computed."""
    precision: str
    """Arithmetic."""
    height: int
    """Rows of the picture [px]."""
    width: int
    """Columns of the picture [px]."""
    tile: int
    """Largest side of a tile [px], 0 for the whole picture."""
    n_tiles: int
    """Number of tiles."""
    share_refined: float
    """Share of the pixels that went through all stages, 0 to 1."""
    expert: bool
    """Whether the model's expert restored it; see :mod:`opir.runtime.expert`."""
    load_seconds: float
    """Time to load the model [s]."""
    seconds: float
    """Median time of a restoration [s]."""
    cpu_seconds: float
    """Median processor time of a restoration, all threads together [s]."""
    megapixels_per_second: float
    """Size of the picture over ``seconds``."""
    peak_bytes: int | None
    """Peak memory above the decoded picture and what was loaded before it; None where the system does not say."""
    process_peak_bytes: int | None
    """Peak memory of the whole process."""
    device_peak_bytes: int | None
    """Peak memory of torch on a CUDA device, model included; None where something else computed."""


def measure(case: Case) -> Speed:
    """Measure in a new process.

    Raises :class:`OpirError` with the message of the child where it fails.
    """
    command = [sys.executable, "-m", __spec__.name, json.dumps(asdict(case))]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    lines = done.stdout.strip().splitlines()
    if done.returncode != 0 or not lines:
        last = (done.stderr.strip().splitlines() or [f"the process ended with code {done.returncode}"])[-1]
        raise OpirError(last)
    return Speed(**json.loads(lines[-1]))


def measure_here(case: Case) -> Speed:
    """Measure in this process, whose peak of memory counts from its start."""
    photo = synthetic_photo(case.megapixels)
    start = time.perf_counter()
    restorer = Restorer(case.model, engine=case.engine, tile=case.tile, threads=case.threads)
    loaded = time.perf_counter() - start
    before = _memory("VmRSS")
    settings = RestoreSettings(task=None if case.task is None else (case.task,), effort=case.effort, record=False)
    wall, processor = [], []
    for number in range(case.repeats + (case.repeats > 1)):
        start, start_cpu = time.perf_counter(), time.process_time()
        report = restorer.restore(photo, settings=settings).report
        if number or case.repeats == 1:
            wall.append(time.perf_counter() - start)
            processor.append(time.process_time() - start_cpu)
    peak = _memory("VmHWM")
    return Speed(
        engine=report.engine,
        device=report.device,
        precision=report.precision,
        height=report.height,
        width=report.width,
        tile=report.tile,
        n_tiles=report.n_tiles,
        share_refined=report.share_refined,
        expert=report.expert,
        load_seconds=loaded,
        seconds=median(wall),
        cpu_seconds=median(processor),
        megapixels_per_second=report.height * report.width / MEGAPIXEL / median(wall),
        peak_bytes=None if peak is None or before is None else peak - before,
        process_peak_bytes=peak,
        device_peak_bytes=_device_peak(restorer),
    )


def synthetic_photo(megapixels: float) -> Photo:
    """Return a 3 : 2 picture of smooth waves with noise of 10 grey levels on its right half, the same every time.

    Made row by row: a floating-point copy of it would raise the peak that is to be measured.
    """
    height = max(1, round(math.sqrt(megapixels * MEGAPIXEL / _ASPECT)))
    width = max(1, round(height * _ASPECT))
    generator = np.random.default_rng(0)
    pixels = np.empty((height, width, 3), np.uint8)
    wave = 60.0 * np.sin(np.arange(width, dtype=np.float32)[:, None] / np.array([23, 37, 61], np.float32))
    for row in range(height):
        line = 128.0 + wave * math.cos(row / 47)
        line[width // 2 :] += generator.normal(0.0, 10.0, (width - width // 2, 3))
        pixels[row] = np.clip(np.rint(line), 0, 255)
    return Photo(pixels=pixels)


def _memory(name: str) -> int | None:
    """Return an entry of the process's status [bytes]; None where the system has none."""
    try:
        text = _STATUS.read_text(encoding="ascii")
    except OSError:
        return None
    return next((int(line.split()[1]) * 1024 for line in text.splitlines() if line.startswith(f"{name}:")), None)


def _device_peak(restorer: Restorer) -> int | None:
    if restorer.engine.name != "torch":
        return None
    import torch

    from opir.runtime.torch_device import peak_bytes

    return peak_bytes(torch.device(restorer.engine.device))


def _child(argument: str) -> int:
    """Measure what the parent asks for; return the exit code."""
    try:
        speed = measure_here(Case(**cast("dict[str, object]", json.loads(argument))))  # type: ignore[arg-type]
    except OpirError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(json.dumps(asdict(speed)) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(_child(sys.argv[1]))

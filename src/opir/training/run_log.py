"""The record of a run: one JSON line per report or event, and the same numbers for TensorBoard."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from opir.imaging import Photo, write_photo
from opir.imaging.atomic import write_atomically

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter

METRICS_NAME = "metrics.jsonl"
"""File name of the record inside a run folder."""

_LOG = logging.getLogger(__name__)


class RunLog:
    """Writes ``metrics.jsonl``, ``tensorboard/`` and ``pictures/`` of a run; nothing at all without a run folder."""

    def __init__(self, run: Path | None, *, step: int) -> None:
        """Go on after ``step`` steps: what was recorded later is dropped, since those steps will be taken again."""
        self._run = run
        self._tensorboard = None if run is None else _open_tensorboard(run, step)
        if run is not None:
            (run / "pictures").mkdir(exist_ok=True)
            _drop_after(run / METRICS_NAME, step)

    def numbers(self, step: int, values: Mapping[str, float]) -> None:
        """Record measurements."""
        self._line({"step": step, **values})
        if self._tensorboard is not None:
            for name, value in values.items():
                self._tensorboard.add_scalar(name, value, step)
            self._tensorboard.flush()

    def event(self, step: int, name: str, details: Mapping[str, str | float]) -> None:
        """Record that something happened."""
        self._line({"step": step, "event": name, **details})

    def picture(self, step: int, sheet: NDArray[np.uint8]) -> None:
        """Record a sheet of pictures, (H, W, 3), sRGB."""
        if self._run is not None:
            write_photo(Photo(pixels=sheet), self._run / "pictures" / f"step_{step:06d}.png")
        if self._tensorboard is not None:
            self._tensorboard.add_image("pictures", sheet, step, dataformats="HWC")

    def close(self) -> None:
        """Finish the files of TensorBoard."""
        if self._tensorboard is not None:
            self._tensorboard.close()

    def _line(self, values: Mapping[str, str | float]) -> None:
        if self._run is not None:
            with (self._run / METRICS_NAME).open("a", encoding="utf-8") as stream:
                stream.write(json.dumps(dict(values)) + "\n")


def _open_tensorboard(run: Path, step: int) -> SummaryWriter | None:
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        _LOG.warning("tensorboard is not installed: the run is recorded in %s alone", run / METRICS_NAME)
        return None
    return SummaryWriter(run / "tensorboard", purge_step=step + 1)


def _drop_after(file: Path, step: int) -> None:
    """Keep the lines up to ``step``; one that was cut off in mid-writing has no step and goes, too."""
    if not file.exists():
        return
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    kept = [line for line in lines if line.endswith("}\n") and json.loads(line)["step"] <= step]
    write_atomically(file, "".join(kept).encode())

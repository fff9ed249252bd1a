"""Which photographs a run has never seen, in a file that calibration and comparisons can start from."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from opir.errors import ConfigurationError
from opir.imaging.atomic import write_atomically

FILE_NAME = "held_out.txt"
"""One absolute path a line, inside a run folder; missing where nothing is held out."""


def keep_list(run: Path, photographs: Sequence[Path]) -> None:
    """Write the list, or check that a resumed run holds out the same photographs as before.

    Raises:
        ConfigurationError: if it does not: what was held out would have been trained on.
    """
    file = run / FILE_NAME
    lines = sorted(str(path.resolve()) for path in photographs)
    before = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    if run.exists() and any(run.iterdir()) and before != lines:
        raise ConfigurationError(
            f"{run} holds a run that held out {len(before)} photographs, not these {len(lines)}: give --hold-out as "
            "it was, with the same data, or use another run folder"
        )
    if lines:
        run.mkdir(parents=True, exist_ok=True)
        write_atomically(file, ("\n".join(lines) + "\n").encode())

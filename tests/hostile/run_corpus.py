"""Feeds the corpus to the border of the package and reports: ``PYTHONPATH=tests python -m hostile.run_corpus``.

Prints one JSON object: cases by format, kind and outcome, the slowest, the largest, and every failure: an exception
that is not the package's own, a crash, a hang, a file that was touched or left behind.
"""

from __future__ import annotations

import argparse
import json
import os
import queue
import re
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

TESTS = Path(__file__).parents[1]
WALL_SECONDS = 240.0
"""Time for one file on a busy machine, after which it counts as a hang."""


@dataclass
class Summary:
    """What became of the cases."""

    outcomes: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    """(format, kind, outcome) -> cases."""
    failures: list[dict[str, object]] = field(default_factory=list)
    slowest: list[tuple[float, str]] = field(default_factory=list)
    """Processor time [s] and name."""
    peak_mb: int = 0
    warnings: Counter[str] = field(default_factory=Counter)
    """Warnings of libraries that reached the caller, with their figures left out."""

    def add(self, entry: dict[str, object]) -> None:
        """Count one case."""
        outcome = str(entry["outcome"])
        self.outcomes[str(entry["format"]), str(entry["kind"]), outcome] += 1
        if outcome not in ("decoded", "refused"):
            self.failures.append(entry)
        if entry.get("warning"):
            self.warnings[re.sub(r"\d+", "N", str(entry["warning"]))[:120]] += 1
        seconds, peak = entry.get("seconds", 0.0), entry.get("peak_mb", 0)
        assert isinstance(seconds, float | int)
        assert isinstance(peak, int)
        self.slowest = sorted([*self.slowest, (float(seconds), str(entry["name"]))], reverse=True)[:5]
        self.peak_mb = max(self.peak_mb, peak)

    @property
    def n_cases(self) -> int:
        """How many were opened."""
        return self.outcomes.total()

    def report(self) -> dict[str, object]:
        """Everything, for a file."""
        table: dict[str, dict[str, dict[str, int]]] = {}
        for (format, kind, outcome), count in sorted(self.outcomes.items()):
            table.setdefault(format, {}).setdefault(kind, {})[outcome] = count
        totals: Counter[str] = Counter()
        for (_, _, outcome), count in self.outcomes.items():
            totals[outcome] += count
        return {
            "cases": self.n_cases,
            "outcomes": dict(totals),
            "by_format": table,
            "slowest": self.slowest,
            "peak_mb": self.peak_mb,
            "warnings": dict(self.warnings.most_common()),
            "failures": self.failures,
        }


def run_corpus(*, every: int = 1, parts: str = "sb") -> Summary:
    """Open the cases in processes that may die, a new one after each death."""
    summary, first = Summary(), 0
    with tempfile.TemporaryDirectory() as name:
        while True:
            done, reason = _one_process(Path(name), every, parts, first, summary)
            if reason is None:
                return summary
            if not done:
                raise RuntimeError(f"the process that opens the files does not start: {reason}")
            for path in Path(name).iterdir():
                path.unlink()
            name_of_case = str(done.get("begin", done.get("name")))
            kind, _, seed = name_of_case.partition("-")
            summary.add({"outcome": reason, "format": seed.partition("-")[0], "kind": kind, "name": name_of_case})
            first = int(str(done["number"])) + 1


def _one_process(
    folder: Path, every: int, parts: str, first: int, summary: Summary
) -> tuple[dict[str, object], str | None]:
    """Return the last line and how the process ended: None if it came to the end of the corpus."""
    command = [sys.executable, "-m", "hostile.feeding", str(folder), str(every), parts, str(first)]
    environment = os.environ | {"PYTHONPATH": str(TESTS), "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, text=True)
    lines: queue.Queue[str] = queue.Queue()
    assert process.stdout is not None
    stream = process.stdout
    reader = threading.Thread(target=_pass_on, args=(stream, lines))
    reader.start()
    last: dict[str, object] = {}
    try:
        while True:
            try:
                line = lines.get(timeout=WALL_SECONDS)
            except queue.Empty:
                return last, "hang"
            if not line:
                return last, None if process.wait() == 0 else f"crash ({process.returncode})"
            last = json.loads(line)
            if "outcome" in last:
                summary.add(last)
    finally:
        process.kill()
        reader.join()
        process.wait()
        stream.close()


def _pass_on(stream: IO[str], lines: queue.Queue[str]) -> None:
    for line in stream:
        lines.put(line)
    lines.put("")


def main() -> None:
    """Run it and print the report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--every", type=int, default=1, help="take every n-th spoilt file")
    parser.add_argument("--parts", default="sb", help="s: spoilt files, b: bombs")
    arguments = parser.parse_args()
    summary = run_corpus(every=arguments.every, parts=arguments.parts)
    sys.stdout.write(json.dumps(summary.report(), indent=1) + "\n")
    sys.exit(1 if summary.failures else 0)


if __name__ == "__main__":
    main()

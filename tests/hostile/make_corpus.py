"""Writes the hostile corpus to a folder: ``PYTHONPATH=tests python -m hostile.make_corpus FOLDER [EVERY]``."""

from __future__ import annotations

import sys
from pathlib import Path

from hostile.corpus import Case, all_bombs, sample
from hostile.odd_files import make_deep_path, make_odd_files, make_odd_names


def write_cases(cases: list[Case], folder: Path) -> list[Path]:
    """Write cases as files, one folder per seed."""
    paths = []
    for case in cases:
        path = folder / case.seed / case.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(case.data)
        paths.append(path)
    return paths


def main() -> None:
    """Write everything; EVERY takes every n-th of the spoilt files."""
    folder, every = Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1
    n = len(write_cases(list(sample(every)), folder / "spoilt"))
    for case in all_bombs():
        n += len(write_cases([case], folder / "bombs"))
    n += len(make_odd_files(folder / "odd")) + len(make_odd_names(folder / "names"))
    make_deep_path(folder / "deep")
    sys.stdout.write(f"{n + 1} files in {folder}\n")


if __name__ == "__main__":
    main()

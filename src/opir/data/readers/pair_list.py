"""One's own pairs, listed in a table: ``pairs.csv``, or ``NAME_pairs.csv`` beside the folder ``NAME``."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from opir.data.pairs import Pair, natural_key
from opir.data.problems import Problem
from opir.data.readers.layout import Scan
from opir.data.readers.listing import Listing, join
from opir.data.readers.reader import Reader
from opir.tasks import Task

_DEGRADED: tuple[tuple[str, tuple[Task, ...]], ...] = (
    ("degraded", ()),
    ("input", ()),
    ("lq", ()),
    ("low", ("low_light",)),
    ("hazy", ("haze",)),
    ("noisy", ("noise",)),
    ("blur", ("blur",)),
    ("rain", ("rain",)),
    ("snow", ("snow",)),
)
_CLEAN = ("clean", "target", "gt", "ref", "reference", "high", "clear", "sharp")
_ENDING = "pairs.csv"


@dataclass(frozen=True)
class _Columns:
    degraded: str
    clean: str
    tasks: tuple[Task, ...]


@dataclass(frozen=True, kw_only=True)
class PairListReader(Reader):
    """Reads a table whose columns name the two files of a pair, as paths or as stems."""

    @property
    def splits(self) -> tuple[str, ...]:
        """All rows together."""
        return ("all",)

    @property
    def patterns(self) -> tuple[str, ...]:
        """The table and its columns."""
        columns = "|".join(name for name, _ in _DEGRADED)
        return (f"*_pairs.csv or pairs.csv with the columns {columns} and {'|'.join(_CLEAN)}",)

    def scan(self, listing: Listing) -> tuple[Scan, ...]:
        """The rows of the first table that names files which exist."""
        for table, folder in _tables(listing):
            with table.open(encoding="utf-8-sig", errors="replace", newline="") as lines:
                rows = csv.DictReader(lines)
                columns = _columns(rows.fieldnames or ())
                scan = None if columns is None else _read(listing, folder, rows, columns)
            if scan is not None:
                return (scan,)
        return ()


def _tables(listing: Listing) -> list[tuple[Path, str]]:
    """(table, folder of the pictures): tables in the root, or the one beside a root of the same name."""
    tables: list[tuple[Path, str]] = []
    for name in listing.files():
        if name.casefold().endswith(_ENDING):
            start = name[: -len(_ENDING)].rstrip("_-")
            tables.append((listing.root / name, listing.find_folder(start) or ""))
    root = listing.root.resolve()
    beside = root.parent / f"{root.name}_{_ENDING}"
    return [*tables, (beside, "")] if beside.is_file() else tables


def _columns(names: Iterable[str]) -> _Columns | None:
    known = {name.strip().casefold(): name for name in names}
    degraded = [(known[name], tasks) for name, tasks in _DEGRADED if name in known]
    clean = [known[name] for name in _CLEAN if name in known]
    return _Columns(degraded[0][0], clean[0], degraded[0][1]) if degraded and clean else None


def _read(
    listing: Listing, folder: str, rows: Iterable[dict[str | None, str | None]], columns: _Columns
) -> Scan | None:
    by_name = _pictures(listing, folder)
    pairs: dict[str, Pair] = {}
    problems: list[Problem] = []
    for row in rows:
        texts = [(row.get(column) or "").strip() for column in (columns.degraded, columns.clean)]
        degraded, clean = (by_name.get(text) or _relative(listing, folder, text) for text in texts)
        if degraded is None or clean is None:
            missing = texts[0] if degraded is None else texts[1]
            path = listing.root / folder / texts[0]
            detail = f"{missing!r} is listed but there is no such picture"
            problems.append(Problem(kind="no clean partner", path=path, detail=detail))
            continue
        name = _name(degraded, folder)
        if name in pairs:
            detail = f"listed twice, with {pairs[name].clean.name} and {PurePosixPath(clean).name}"
            problems.append(Problem(kind="ambiguous", path=listing.root / degraded, detail=detail))
            continue
        pairs[name] = Pair(
            degraded=listing.root / degraded,
            clean=listing.root / clean,
            name=name,
            tasks=columns.tasks,
        )
    if not pairs:
        return None
    ordered = sorted(pairs.values(), key=lambda pair: natural_key(pair.name))
    return Scan(split="all", pairs=tuple(ordered), problems=tuple(problems))


def _pictures(listing: Listing, folder: str) -> dict[str, str]:
    """Relative path of every picture directly in ``folder``, by its name and by its stem."""
    paths: dict[str, str] = {}
    for name in listing.pictures(folder):
        paths[name] = join(folder, name)
        paths.setdefault(PurePosixPath(name).stem, join(folder, name))
    return paths


def _name(path: str, folder: str) -> str:
    """The path without suffix, below ``folder`` where it lies there."""
    pure = PurePosixPath(path).with_suffix("")
    return (pure.relative_to(folder) if pure.is_relative_to(folder) else pure).as_posix()


def _relative(listing: Listing, folder: str, text: str) -> str | None:
    path = join(folder, text)
    return path if text and (listing.root / path).is_file() else None


READERS = (PairListReader(name="pair_list", title="Pairs listed in a table", source=""),)

"""What ``opir data check`` says about a split: for people, and as one JSON object."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import typer

from opir.cli.console import printable, say_columns
from opir.data.problems import describe_problems, relative_name

if TYPE_CHECKING:
    from opir.data.inspection import Inspection, PathPair

MAX_LISTED: Final = 20
MAX_SIZES: Final = 4


def print_report(found: Inspection, against: Path | None) -> None:
    """Print a summary in two columns, then every list of files, cut after :data:`MAX_LISTED`."""
    say_columns(list(_summary(found, against)))
    for line in _details(found, against):
        typer.echo(printable(line))
    typer.echo("")


def json_report(found: Inspection, against: Path | None) -> dict[str, object]:
    """Everything that was found, complete; paths relative to the folders."""
    image_set, quality, root = found.image_set, found.quality, found.image_set.root
    report: dict[str, object] = {
        "data_set": image_set.reader,
        "title": image_set.title,
        "source": image_set.source,
        "split": image_set.split,
        "root": str(root),
        "kind": image_set.kind,
        "count": len(image_set),
        "published_count": image_set.expected,
        "tasks": dict(found.tasks),
        "sizes": [{"width": s.width, "height": s.height, "count": s.count} for s in found.sizes],
        "problems": [{"kind": p.kind, "file": relative_name(p.path, root), "detail": p.detail} for p in found.problems],
        "duplicates": [[relative_name(path, root) for path in group] for group in found.duplicates],
        "repeated_references": [[relative_name(path, root) for path in group] for group in found.repeated_references],
        "alike": _json_pairs(found.alike, root, root),
        "unchanged_pairs": list(found.unchanged),
        "input_psnr_db": None
        if quality is None
        else {
            "mean": quality.mean_db,
            "lowest": quality.worst_db,
            "lowest_name": quality.worst_name,
            "highest": quality.best_db,
            "pairs": quality.n_pairs,
        },
        "sound": found.is_sound,
    }
    if against is not None:
        report["against"] = str(against)
        report["overlap"] = _json_pairs(found.overlap, root, against)
        report["overlap_alike"] = _json_pairs(found.overlap_alike, root, against)
    return report


def _json_pairs(pairs: Sequence[PathPair], root: Path, other: Path) -> list[list[str]]:
    return [[relative_name(one, root), relative_name(two, other)] for one, two in pairs]


def _summary(found: Inspection, against: Path | None) -> Iterator[tuple[str, str]]:
    image_set, quality = found.image_set, found.quality
    yield "data set", f"{image_set.title} [{image_set.reader}]"
    yield "split", image_set.split
    yield "folder", str(image_set.root)
    if image_set.source:
        yield "cite", image_set.source
    published = "" if image_set.expected in (None, len(image_set)) else f" (published: {image_set.expected})"
    yield ("pairs" if image_set.pairs else "pictures"), f"{len(image_set)}{published}"
    if image_set.pairs:
        yield "tasks", ", ".join(f"{task} {count}" for task, count in found.tasks) or "not told by the layout"
    sizes = [f"{size.width}x{size.height} ({size.count})" for size in found.sizes[:MAX_SIZES]]
    more = len(found.sizes) - MAX_SIZES
    yield "sizes", ", ".join(sizes) + (f" and {more} others" if more > 0 else "")
    if quality is not None:
        lowest = f"lowest {quality.worst_db:.2f} ({quality.worst_name}), highest {quality.best_db:.2f}"
        yield "inputs", f"{quality.mean_db:.2f} dB mean PSNR (RGB, float), {lowest}"
    yield "problems", str(len(found.problems) or "none")
    yield "duplicates", str(len(found.duplicates) or "none")
    if against is not None:
        overlap = f"{len(found.overlap)} identical, {len(found.overlap_alike)} alike"
        yield "overlap", f"{overlap} with {against}"
    yield "result", "sound" if found.is_sound else "something is wrong"


def _details(found: Inspection, against: Path | None) -> Iterator[str]:
    root = found.image_set.root
    if found.problems:
        yield "problems:"
        yield from describe_problems(found.problems, root, limit=MAX_LISTED).splitlines()
    yield from _groups("duplicates, the same pixels in several files", found.duplicates, root)
    yield from _groups("note: the same reference in several files", found.repeated_references, root)
    yield from _pairs("note: look alike", found.alike, root, root)
    if found.unchanged:
        yield from _listed("note: input and reference are identical", found.unchanged)
    if against is not None:
        yield from _pairs("overlap, the same pixels", found.overlap, root, against)
        yield from _pairs("overlap, look alike", found.overlap_alike, root, against)


def _groups(title: str, groups: Sequence[Sequence[Path]], root: Path) -> Iterator[str]:
    yield from _listed(title, [" = ".join(relative_name(path, root) for path in group) for group in groups])


def _pairs(title: str, pairs: Sequence[PathPair], root: Path, other: Path) -> Iterator[str]:
    yield from _listed(title, [" ~ ".join(pair) for pair in _json_pairs(pairs, root, other)])


def _listed(title: str, lines: Sequence[str]) -> Iterator[str]:
    if lines:
        yield f"{title} ({len(lines)}):"
        yield from (f"  {line}" for line in lines[:MAX_LISTED])
    if len(lines) > MAX_LISTED:
        yield f"  and {len(lines) - MAX_LISTED} more"

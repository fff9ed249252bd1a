"""What can be wrong with the files of a data set, and how it is told: all at once, never one by one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

ProblemKind = Literal[
    "no clean partner",
    "no degraded partner",
    "unknown name",
    "ambiguous",
    "sizes differ",
    "unreadable",
]

MAX_LISTED = 20
"""Longest list of files in one message."""


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One file that does not fit."""

    kind: ProblemKind
    """What is wrong."""
    path: Path
    """The file."""
    detail: str
    """What was expected and what was found."""


def relative_name(path: Path, root: Path) -> str:
    """``path`` as seen from ``root``, with forward slashes; the whole path if it lies elsewhere."""
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.as_posix()


def describe_problems(problems: Sequence[Problem], root: Path, *, limit: int = MAX_LISTED) -> str:
    """One line per problem, at most ``limit`` of them, then the number of the others."""
    lines = [f"  {p.kind}: {relative_name(p.path, root)} ({p.detail})" for p in problems[:limit]]
    if len(problems) > limit:
        lines.append(f"  and {len(problems) - limit} more")
    return "\n".join(lines)

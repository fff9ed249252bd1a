"""Finding the pairs of a layout on disk."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from opir.data.pairs import Pair, natural_key
from opir.data.problems import Problem
from opir.data.readers.layout import Layout, Rule, Scan
from opir.data.readers.listing import Listing, join
from opir.data.readers.template import find_pictures, placeholder_names

MIN_COVERAGE = 0.5
"""A layout is recognised if at least this share of the degraded pictures finds its partner."""


def is_named(names: Sequence[str], aliases: Sequence[str]) -> bool:
    """Whether one of the folder names says which data set it is: as a whole, as a word, as its beginning."""
    for name in names:
        words = [word for word in re.split(r"[^a-z0-9]+", name.casefold()) if word]
        joined = "".join(words)
        for alias in aliases:
            if alias == joined or alias in words or (len(alias) > 4 and joined.startswith(alias)):
                return True
    return False


def names_around(listing: Listing, folder: str = "") -> tuple[str, ...]:
    """Folder names that may tell the data set: the root, its parent, and the way from the root down."""
    root = listing.root.resolve()
    return (root.name, root.parent.name, *PurePosixPath(folder).parts)


def find_places(
    listing: Listing,
    folders: Sequence[str],
    named_folders: Sequence[str],
    aliases: Sequence[str],
    *,
    parent_names_root: bool = True,
) -> list[str]:
    """Existing folders of a layout, as relative paths; the empty string is the root.

    A folder of the layout may also be the root itself: ``test_a`` is found in ``raindrop`` and as
    ``raindrop/test_a``. The ``named_folders`` count only where a folder name holds one of the ``aliases``;
    for the root itself its parent's name may do, unless ``parent_names_root`` is false.
    """
    root_name = listing.root.resolve().name.casefold()
    found: list[str] = []
    for path in (*folders, *named_folders):
        folder: str | None = "" if path == "" else listing.find_folder(path)
        if folder is None and PurePosixPath(path).name.casefold() == root_name:
            folder = ""
        if folder is None or folder in found:
            continue
        names = names_around(listing, folder)
        if path == "" and not parent_names_root:
            names = names[:1]
        if path in folders or is_named(names, aliases):
            found.append(folder)
    return found


@dataclass
class _Matches:
    """Relative paths that fit the rules of one layout below one folder."""

    partners: dict[str, list[str]] = field(default_factory=dict)
    """Clean pictures of every degraded one."""
    rules: dict[str, Rule] = field(default_factory=dict)
    """The rule that decided."""
    clean: set[str] = field(default_factory=set)
    """All clean pictures."""
    unknown: list[str] = field(default_factory=list)
    """Pictures beside degraded ones that no template explains."""

    @property
    def recognised(self) -> bool:
        """Whether the layout explains what lies in the folder."""
        n_paired = sum(len(clean) == 1 for clean in self.partners.values())
        return n_paired > 0 and n_paired >= MIN_COVERAGE * (len(self.partners) + len(self.unknown))


def scan_layout(listing: Listing, layout: Layout, aliases: Sequence[str]) -> Scan | None:
    """Pairs and problems of one split, or None where the layout is not recognised."""
    for folder in find_places(listing, layout.folders, layout.named_folders, aliases):
        matches = _match(listing, layout.rules, folder)
        if matches.recognised:
            return _collect(listing.root, layout, folder, matches)
    return None


def _match(listing: Listing, rules: Sequence[Rule], folder: str) -> _Matches:
    matches = _Matches()
    for rule in rules:
        shared = placeholder_names(rule.clean)
        by_key: dict[tuple[str, ...], list[str]] = {}
        for found in find_pictures(listing, rule.clean, folder):
            by_key.setdefault(found.key(shared), []).append(found.path)
            matches.clean.add(found.path)
        for found in find_pictures(listing, rule.degraded, folder):
            if not matches.partners.get(found.path):
                fitting = by_key.get(found.key(shared), [])
                matches.partners[found.path] = [path for path in fitting if path != found.path]
                matches.rules[found.path] = rule
    for path in matches.clean & matches.partners.keys():
        if not matches.partners[path]:
            del matches.partners[path]
    matches.unknown = _unknown_names(listing, matches)
    return matches


def _unknown_names(listing: Listing, matches: _Matches) -> list[str]:
    folders = {path.rpartition("/")[0] for path in matches.partners}
    paths = [join(folder, name) for folder in folders for name in listing.pictures(folder)]
    return sorted(set(paths) - matches.partners.keys() - matches.clean, key=natural_key)


def _collect(root: Path, layout: Layout, folder: str, matches: _Matches) -> Scan:
    n_dropped = len(PurePosixPath(folder).parts) + layout.n_common_folders
    pairs: dict[str, Pair] = {}
    problems: list[Problem] = []
    for path in sorted(matches.partners, key=natural_key):
        clean, rule = matches.partners[path], matches.rules[path]
        name = PurePosixPath(*PurePosixPath(path).parts[n_dropped:]).with_suffix("").as_posix()
        if not clean:
            detail = f"looked for {join(folder, rule.clean)}"
            problems.append(Problem(kind="no clean partner", path=root / path, detail=detail))
        elif len(clean) > 1 or name in pairs:
            others = ", ".join(clean) if len(clean) > 1 else pairs[name].degraded.name
            detail = f"{others} would fit as well"
            problems.append(Problem(kind="ambiguous", path=root / path, detail=detail))
        else:
            pairs[name] = Pair(
                degraded=root / path,
                clean=root / clean[0],
                name=name,
                tasks=rule.tasks,
                clean_border=rule.clean_border,
            )
    ordered = tuple(sorted(pairs.values(), key=lambda pair: natural_key(pair.name)))
    problems += _leftovers(root, layout, matches)
    return Scan(split=layout.split, pairs=ordered, problems=tuple(problems), expected=layout.expected)


def _leftovers(root: Path, layout: Layout, matches: _Matches) -> list[Problem]:
    """Pictures that no template explains, and clean ones that nothing belongs to."""
    expected = "fits none of " + ", ".join(dict.fromkeys(rule.degraded for rule in layout.rules))
    problems = [Problem(kind="unknown name", path=root / path, detail=expected) for path in matches.unknown]
    if not layout.shared_clean:
        used = {path for clean in matches.partners.values() for path in clean}
        problems += [
            Problem(kind="no degraded partner", path=root / path, detail="nothing belongs to it")
            for path in sorted(matches.clean - used, key=natural_key)
        ]
    return problems

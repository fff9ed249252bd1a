"""SICE: sequences of 7 or 9 exposures and one reference each; the darker shots are the degraded ones."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace

from opir.data.pairs import Pair
from opir.data.readers.layout import Layout, Rule, Scan
from opir.data.readers.listing import Listing
from opir.data.readers.reader import Reader
from opir.data.readers.scanning import scan_layout


def _layout(split: str, folders: tuple[str, ...], shots: str, label: str) -> Layout:
    rule = Rule(degraded=f"{shots}{{scene:d}}/{{shot:d}}", clean=f"{label}/{{scene:d}}", tasks=("low_light",))
    return Layout(split=split, rules=(rule,), folders=folders)


_LAYOUTS = (
    _layout("part1", ("Dataset_Part1", "Dataset_Part1/Dataset_Part1", "SICE_Dataset_Part1"), "", "Label"),
    _layout("part1", ("Dataset_Part1",), "Dataset_Part1/", "Label"),
    _layout("part2", ("Dataset_Part2", "Dataset_Part2/Dataset_Part2", "SICE_Dataset_Part2"), "", "Label"),
    _layout("part2", ("Dataset_Part2",), "Dataset_Part2/", "Label"),
    _layout("part2_test", ("Dataset_Part2",), "Test/", "Test_Label"),
)


@dataclass(frozen=True, kw_only=True)
class SiceReader(Reader):
    """Takes the first 3 of 7 or 4 of 9 shots of every scene: they are numbered from dark to bright."""

    @property
    def splits(self) -> tuple[str, ...]:
        """The two published parts."""
        return tuple(dict.fromkeys(layout.split for layout in _LAYOUTS))

    @property
    def patterns(self) -> tuple[str, ...]:
        """Scenes and their references."""
        return tuple(pattern for layout in _LAYOUTS for pattern in layout.patterns)

    def scan(self, listing: Listing) -> tuple[Scan, ...]:
        """Every part that is there, dark shots only."""
        found: dict[str, Scan] = {}
        for layout in _LAYOUTS:
            scan = scan_layout(listing, layout, self.aliases)
            if scan is not None and layout.split not in found:
                found[layout.split] = replace(scan, pairs=_dark_half(scan.pairs))
        return tuple(found.values())


def _dark_half(pairs: tuple[Pair, ...]) -> tuple[Pair, ...]:
    scenes: dict[object, list[Pair]] = defaultdict(list)
    for pair in pairs:
        scenes[pair.clean].append(pair)
    return tuple(pair for shots in scenes.values() for pair in shots[: len(shots) // 2])


READERS = (
    SiceReader(
        name="sice",
        title="SICE",
        source="J. Cai, S. Gu, L. Zhang, Learning a Deep Single Image Contrast Enhancer, TIP 2018",
        aliases=("sice",),
    ),
)

"""One's own pairs: two folders with telling names, or two endings in one folder."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from opir.data.readers.layout import Layout, Rule, Scan
from opir.data.readers.listing import Listing
from opir.data.readers.reader import Reader, most_specific
from opir.data.readers.scanning import names_around, scan_layout
from opir.tasks import Task

_FOLDERS: tuple[tuple[str, str, tuple[Task, ...]], ...] = (
    ("degraded", "clean", ()),
    ("input", "target|gt|clean|output|groundtruth|ground_truth", ()),
    ("inputs", "targets|outputs", ()),
    ("lq", "gt|hq", ()),
    ("input_crops", "gt_crops|target_crops", ()),
    ("data", "gt|label|target", ()),
    ("low", "high|normal|gt", ("low_light",)),
    ("hazy|haze", "clear|clean|gt|target", ("haze",)),
    ("blur|blurry|blurred", "sharp|gt|clean|target", ("blur",)),
    ("noisy", "clean|gt|target", ("noise",)),
    ("rain|rainy|rainy_image|rain_image", "norain|clean|gt|target|ground_truth|clean_image", ("rain",)),
    ("snow|snowy|synthetic", "gt|clean|target", ("snow",)),
)

_ENDINGS: tuple[tuple[str, str, tuple[Task, ...]], ...] = (
    ("degraded", "clean", ()),
    ("input", "target", ()),
    ("input", "gt", ()),
    ("lq", "gt", ()),
    ("low", "high", ("low_light",)),
    ("hazy", "gt", ("haze",)),
    ("hazy", "clear", ("haze",)),
    ("blur", "sharp", ("blur",)),
    ("noisy", "clean", ("noise",)),
    ("real", "mean", ("noise",)),
    ("rain", "clean", ("rain",)),
    ("rainy", "clean", ("rain",)),
    ("snow", "clean", ("snow",)),
)

_SPLITS = (
    ("train", ("train", "training")),
    ("val", ("val", "valid", "validation")),
    ("test", ("test", "testing")),
    ("all", ("",)),
)

_HINTS: tuple[tuple[str, Task], ...] = (
    ("rain", "rain"),
    ("snow", "snow"),
    ("haze", "haze"),
    ("hazy", "haze"),
    ("fog", "haze"),
    ("blur", "blur"),
    ("nois", "noise"),
    ("lowlight", "low_light"),
    ("jpeg", "jpeg"),
)


def _rules(degraded: str, clean: str, tasks: tuple[Task, ...]) -> tuple[Rule, ...]:
    """Same name, same name in sub-folders, the same first part with endings, several for one clean picture."""
    names = [("{name}", "{name}"), ("{folder}/{name}", "{folder}/{name}")]
    names += [(f"{{name}}_{one}", f"{{name}}_{other}") for one, other, _ in _ENDINGS]
    names += [("{name}_{variant}", "{name}")]
    return tuple(Rule(degraded=f"{degraded}/{one}", clean=f"{clean}/{other}", tasks=tasks) for one, other in names)


_LAYOUTS = tuple(
    Layout(split=split, rules=_rules(degraded, clean, tasks), folders=folders)
    for split, folders in _SPLITS
    for degraded, clean, tasks in _FOLDERS
) + tuple(
    Layout(
        split=split,
        rules=(Rule(degraded=f"{{name}}_{one}", clean=f"{{name}}_{other}", tasks=tasks),),
        folders=folders,
    )
    for split, folders in _SPLITS
    for one, other, tasks in _ENDINGS
)


@dataclass(frozen=True, kw_only=True)
class FolderPairsReader(Reader):
    """Reads any of the usual pairs of folders; the task may be told by the name of the folder above."""

    @property
    def splits(self) -> tuple[str, ...]:
        """Without a folder for the split, all pairs together."""
        return tuple(split for split, _ in _SPLITS)

    @property
    def patterns(self) -> tuple[str, ...]:
        """The pairs of folders and of endings."""
        folders = tuple(f"{one}/{{name}} with {other}/{{name}}" for one, other, _ in _FOLDERS)
        endings = ", ".join(f"_{one} with _{other}" for one, other, _ in _ENDINGS)
        return (*folders, f"in one folder, names that differ in the ending: {endings}")

    def scan(self, listing: Listing) -> tuple[Scan, ...]:
        """Every split; the first layout that fits it is taken."""
        found: dict[str, Scan] = {}
        for layout in _LAYOUTS:
            if layout.split not in found:
                scan = scan_layout(listing, layout, self.aliases)
                if scan is not None:
                    found[layout.split] = _with_hints(scan, hinted_tasks(names_around(listing)))
        return most_specific(found.values())


def hinted_tasks(names: Sequence[str]) -> tuple[Task, ...]:
    """Tasks named in folder names: ``my-rain-photos`` and ``Deraining`` say rain, ``train`` does not."""
    words = [word for name in names for word in re.split(r"[^a-z0-9]+", name.casefold())]
    words += [one + other for one, other in pairwise(words)]
    return tuple(
        dict.fromkeys(task for word in words for hint, task in _HINTS if word.removeprefix("de").startswith(hint))
    )


def _with_hints(scan: Scan, tasks: tuple[Task, ...]) -> Scan:
    pairs = tuple(pair if pair.tasks else replace(pair, tasks=tasks) for pair in scan.pairs)
    return replace(scan, pairs=pairs)


READERS = (FolderPairsReader(name="folder_pairs", title="Two folders of pictures that belong together", source=""),)

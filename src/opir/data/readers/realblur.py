"""RealBlur-J and RealBlur-R: real blur, two cameras on one beam splitter; split by list files."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from opir.data.pairs import Pair, natural_key
from opir.data.problems import Problem
from opir.data.readers.layout import Layout, Rule, Scan
from opir.data.readers.listing import Listing
from opir.data.readers.reader import Reader
from opir.data.readers.scanning import scan_layout

_RULES = (Rule(degraded="{scene}/blur/blur_{n:d}", clean="{scene}/gt/gt_{n:d}", tasks=("blur",)),)
_FOLDERS = {
    "j": "RealBlur-J_ECC_IMCORR_centroid_itensity_ref",
    "r": "RealBlur-R_BM3D_ECC_IMCORR_centroid_itensity_ref",
}
_EXPECTED = {"train": 3758, "test": 980}


@dataclass(frozen=True, kw_only=True)
class RealBlurReader(Reader):
    """Reads ``RealBlur_J_test_list.txt`` and its like, or all scenes where there is no list."""

    @property
    def splits(self) -> tuple[str, ...]:
        """JPEG (j) and raw (r) pictures; ``all`` ignores the lists."""
        return tuple(f"{kind}_{part}" for kind in _FOLDERS for part in ("train", "test", "all"))

    @property
    def patterns(self) -> tuple[str, ...]:
        """The folder and the list of every split."""
        return tuple(
            f"{folder}/{rule.degraded} with {folder}/{rule.clean} and RealBlur_{kind.upper()}_test_list.txt"
            for kind, folder in _FOLDERS.items()
            for rule in _RULES
        )

    def scan(self, listing: Listing) -> tuple[Scan, ...]:
        """The splits that have a list; without any list, all scenes together."""
        scans: list[Scan] = []
        for kind, folder in _FOLDERS.items():
            lists = [scan for part in ("train", "test") if (scan := _read_list(listing, kind, part)) is not None]
            scans += lists
            if not lists:
                layout = Layout(split=f"{kind}_all", rules=_RULES, folders=(folder,))
                scan = scan_layout(listing, layout, self.aliases)
                scans += [] if scan is None else [scan]
        return tuple(scans)


def _read_list(listing: Listing, kind: str, part: str) -> Scan | None:
    wanted = f"realblur_{kind}_{part}_list.txt"
    files = [name for name in listing.files() if name.casefold() == wanted]
    if not files:
        return None
    lines = (listing.root / files[0]).read_text(encoding="utf-8", errors="replace").splitlines()
    pairs, problems = _parse(listing, lines)
    pairs.sort(key=lambda pair: natural_key(pair.name))
    return Scan(split=f"{kind}_{part}", pairs=tuple(pairs), problems=tuple(problems), expected=_EXPECTED[part])


def _parse(listing: Listing, lines: Iterable[str]) -> tuple[list[Pair], list[Problem]]:
    pairs: list[Pair] = []
    problems: list[Problem] = []
    for line in lines:
        paths = [PurePosixPath(text) for text in line.split()]
        blurred = [path for path in paths if path.parent.name == "blur"]
        sharp = [path for path in paths if path.parent.name == "gt"]
        if not blurred or not sharp:
            continue
        degraded, clean = listing.root / blurred[0], listing.root / sharp[0]
        name = PurePosixPath(*blurred[0].parts[1:]).with_suffix("").as_posix()
        if clean.is_file() and degraded.is_file():
            pairs.append(Pair(degraded=degraded, clean=clean, name=name, tasks=("blur",)))
        else:
            missing = clean if degraded.is_file() else degraded
            problems.append(Problem(kind="no clean partner", path=degraded, detail=f"{missing} is listed but missing"))
    return pairs, problems


READERS = (
    RealBlurReader(
        name="realblur",
        title="RealBlur",
        source="J. Rim et al., Real-World Blur Dataset for Learning and Benchmarking Deblurring, ECCV 2020",
        aliases=("realblur",),
    ),
)

"""Every hostile file: the seeds spoilt in every way, and the bombs."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from hostile.bombs import bombs
from hostile.damage import bit_flips, joined, lies, rewrites, truncations
from hostile.seeds import SEEDS

N_FLIPS, N_REWRITES = 16, 10


@dataclass(frozen=True)
class Case:
    """One hostile file."""

    seed: str
    kind: str
    """``sound``, ``cut``, ``flip``, ``run``, ``join``, ``lie`` or ``bomb``."""
    detail: str
    suffix: str
    data: bytes

    @property
    def name(self) -> str:
        """A file name that says it all."""
        return f"{self.kind}-{self.seed}-{self.detail}{self.suffix}"


def spoilt_seeds() -> Iterator[Case]:
    """Yield every seed as it is and spoilt, always the same cases in the same order."""
    for seed in SEEDS:
        data, number = seed.build(), zlib.crc32(seed.name.encode())
        yield Case(seed.name, "sound", "as-is", seed.suffix, data)
        for kind, spoilt in (
            ("cut", truncations(data)),
            ("flip", bit_flips(data, N_FLIPS, number)),
            ("run", rewrites(data, N_REWRITES, number)),
            ("join", joined(data)),
            ("lie", lies(data)),
        ):
            for detail, content in spoilt:
                yield Case(seed.name, kind, detail, seed.suffix, content)


def all_bombs() -> Iterator[Case]:
    """Yield the bombs."""
    for name, suffix, data in bombs():
        yield Case(name, "bomb", "1", suffix, data)


def corpus() -> Iterator[Case]:
    """Yield everything."""
    yield from spoilt_seeds()
    yield from all_bombs()


def sample(every: int) -> Iterator[Case]:
    """Yield every n-th of the spoilt seeds, and all sound ones."""
    for index, case in enumerate(spoilt_seeds()):
        if case.kind == "sound" or index % every == 0:
            yield case

"""Which kernels are worth being constants of a graph of their own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final, Generic, TypeVar

FIXED_FROM: Final = 500_000
"""Pixels of a tile from which on its kernels are made constants. Loading the graph takes a tenth of a second, and
a quarter of the time of a stage is saved; see ``benchmarks/cpu_engine.py``."""

StageT = TypeVar("StageT")

Key = tuple[bytes, ...]
"""What kernels depend on: trunk, task weights, context and stage."""


class FixedStages(Generic[StageT]):
    """Holds the last graph that was loaded with constant kernels; one at a time, since each keeps its working memory.

    Stages take turns from band to band of a picture, so the tiles of a band, which have the same kernels, follow each
    other. Threads may share it: one that finds the kernels of another picture loads its own, and both go on.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._key: Key | None = None
        self._loaded: StageT | None = None

    def get(self, key: Key, n_pixels: int, load: Callable[[], StageT]) -> StageT | None:
        """Return the graph for a tile with the kernels of ``key``; None where it would not pay.

        Only the size of the tile decides, not what was loaded before: rounding must not depend on other pictures.

        Args:
            key: what the kernels depend on.
            n_pixels: pixels of the tile.
            load: loads the graph with these kernels.
        """
        if n_pixels < FIXED_FROM:
            return None
        with self._lock:
            if self._loaded is None or key != self._key:
                self._key, self._loaded = key, None  # its memory is free before the next is loaded
                self._loaded = load()
            return self._loaded

"""Which kernels are worth being constants of a graph of their own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final, Generic, TypeVar

FIXED_FROM: Final = 500_000
"""Pixels with the same kernels from which on they are made constants. Loading the graph takes a tenth of a second, and
a quarter of the time of a stage is saved; see ``benchmarks/cpu_engine.py``."""

StageT = TypeVar("StageT")

Key = tuple[bytes, ...]
"""What kernels depend on: task weights, context and stage."""


class FixedStages(Generic[StageT]):
    """Holds the last graph that was loaded with constant kernels; one at a time, since each keeps its working memory.

    Stages take turns from band to band of a picture, so the tiles of a band, which have the same kernels, follow each
    other. Threads may share it: one that finds the kernels of another picture loads its own, and both go on.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._key: Key | None = None
        self._n_pixels = 0
        self._loaded: StageT | None = None

    def get(self, key: Key, n_pixels: int, load: Callable[[], StageT]) -> StageT | None:
        """Return the graph for the next ``n_pixels`` with the kernels of ``key``; None where it would not pay.

        Args:
            key: what the kernels depend on.
            n_pixels: pixels of the next tile; they are added up over the tiles that have the same key.
            load: loads the graph with these kernels.
        """
        with self._lock:
            if key != self._key:
                self._key, self._n_pixels, self._loaded = key, 0, None
            self._n_pixels += n_pixels
            if self._loaded is None and self._n_pixels >= FIXED_FROM:
                self._loaded = load()
            return self._loaded

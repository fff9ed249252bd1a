"""The rows of one stage's result that the next stage still needs."""

from __future__ import annotations

import numpy as np

from opir.runtime.engine import Float32
from opir.runtime.tiling import Window


class RowBuffer:
    """Rows of an array (C, height, W) that is made band by band from top to bottom; those above are forgotten."""

    def __init__(self) -> None:
        self._bands: list[Float32] = []
        self.top = 0
        """First row that is there."""
        self.bottom = 0
        """One past the last row that is there."""

    def extend(self, band: Float32, *, keep_from: int) -> None:
        """Forget the rows above ``keep_from`` and append a band (C, n, W) below, which then belongs to the buffer."""
        while self._bands and self.top < keep_from:
            n_rows = min(keep_from - self.top, self._bands[0].shape[1])
            rest = self._bands[0][:, n_rows:]
            self._bands[:1] = [rest.copy()] if rest.size else []  # a copy, to let the forgotten rows go
            self.top += n_rows
        self._bands.append(band)
        self.bottom += band.shape[1]

    def cut(self, window: Window) -> Float32:
        """Return a copy of a window, (C, h, w); its rows must be there."""
        if window.top < self.top or window.bottom > self.bottom:
            raise IndexError(
                f"rows {window.top} to {window.bottom} are asked for; {self.top} to {self.bottom} are there"
            )
        columns, first, parts = slice(window.left, window.right), self.top, []
        for band in self._bands:
            last = first + band.shape[1]
            rows = slice(max(window.top, first) - first, min(window.bottom, last) - first)
            if rows.start < rows.stop:
                parts.append(band[:, rows, columns])
            first = last
        return np.concatenate(parts, axis=1)

"""The restoration stages, tile by tile, one band of tiles behind the other.

A stage needs the result of the stage before on its tile and the halo around it, and nothing else. So as soon as stage 1
has done the bands of tiles down to one halo below a band, stage 2 does that band, and the rows that no later band will
read are forgotten. Of the results between the stages only two bands or so exist at a time, in float32: the values are
those of the whole picture at once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import groupby
from typing import TypeAlias

import numpy as np

from opir.errors import NumericalError
from opir.runtime.effort import BLOCK_PX, Effort, Gate, gate_of
from opir.runtime.engine import Engine, Float32
from opir.runtime.equal_windows import DeviceEngine, equal_window, largest_sides
from opir.runtime.expert import stage_halo_of, uncertainty_scale_of
from opir.runtime.pixels import Pixels
from opir.runtime.row_buffer import RowBuffer
from opir.runtime.tiling import Window

Progress: TypeAlias = Callable[[int, int], None]
"""Called with (pixels done, pixels in all) after each tile; an exception from it ends the restoration."""

Deliver: TypeAlias = Callable[[Window, Float32, Float32], None]
"""Called with a window of the padded picture, its restoration (3, h, w), not clipped, and its expected absolute
error (h, w) in units of the image: the scale of the last stage, calibrated."""

_N_CHANNELS = 4  # of a result: the picture and the scale
_GREY_LEVELS = 255.0


@dataclass(frozen=True, kw_only=True, eq=False)
class Conditions:
    """What holds for all tiles of a picture."""

    task_weights: Float32
    """(1, T)."""
    context: Float32
    """(1, n_context)."""
    effort: Effort
    """How much of the stages after the first is computed."""
    expert: bool
    """Whether the expert restores the picture."""


class StagePasses:
    """All stages over all tiles of one picture."""

    def __init__(
        self,
        engine: Engine,
        pixels: Pixels,
        cores: tuple[Window, ...],
        conditions: Conditions,
        progress: Progress | None,
    ) -> None:
        """``cores`` cover the padded picture, band by band."""
        self._engine, self._pixels, self._conditions = engine, pixels, conditions
        self._bands = [tuple(band) for _, band in groupby(cores, key=lambda core: core.top)]
        wants_equal = isinstance(engine, DeviceEngine) and engine.wants_equal_windows
        self._equal_sides = largest_sides(cores) if wants_equal and conditions.effort != "balanced" else None
        self._numbers = {core: number for number, core in enumerate(cores, start=1)}
        self._progress, self._done = progress, 0
        self._n_stages = 1 if conditions.effort == "fast" else engine.spec.n_stages
        self._calibration = uncertainty_scale_of(engine.spec, expert=conditions.expert)
        self._halo = stage_halo_of(engine.spec, expert=conditions.expert)
        self._reach = max(self._halo, 2 * BLOCK_PX) if conditions.effort == "balanced" else self._halo
        self._buffers = [RowBuffer() for _ in range(self._n_stages - 1)]
        self._next_band = [0] * self._n_stages
        self._refined = 0

    @property
    def share_refined(self) -> float:
        """Return the share of the pixels that went through all stages, 0 to 1."""
        return self._refined / (self._pixels.height * self._pixels.width)

    def run(self, deliver: Deliver) -> None:
        """Compute everything; ``deliver`` gets every core once, band by band.

        Raises :class:`NumericalError` naming stage and tile where a value is not finite.
        """
        for _ in self._bands:
            self._compute_band(0, deliver)
            for stage in range(1, self._n_stages):
                while self._is_ready(stage):
                    self._compute_band(stage, deliver)

    def _is_ready(self, stage: int) -> bool:
        """Tell whether the next band of a later stage has all that it reads."""
        number = self._next_band[stage]
        if number == len(self._bands):
            return False
        return self._buffers[stage - 1].bottom >= self._rows_read(self._bands[number])[1]

    def _compute_band(self, stage: int, deliver: Deliver) -> None:
        band = self._bands[self._next_band[stage]]
        self._next_band[stage] += 1
        is_last = stage == self._n_stages - 1
        height = band[0].height
        rows = None if is_last else np.empty((_N_CHANNELS, height, self._pixels.width), np.float32)
        for core in band:
            result = self._result(stage, core)
            if rows is None:
                deliver(core, result[:3], self._calibration * result[3])
            else:
                rows[:, :, core.left : core.right] = result
            self._tell(core)
        if rows is not None:
            following = self._bands[self._next_band[stage + 1]]
            self._buffers[stage].extend(rows, keep_from=self._rows_read(following)[0])

    def _result(self, stage: int, core: Window) -> Float32:
        """Return picture and scale of a core after a stage, (4, h, w)."""
        if stage == 0 or self._conditions.effort != "balanced":
            if stage == self._engine.spec.n_stages - 1:
                self._refined += core.area
            return self._computed(stage, core, core)
        buffer = self._buffers[stage - 1]
        result = buffer.cut(core)
        gate = self._gate(buffer, core)
        for window in gate.windows(self._halo, self._pixels.height, self._pixels.width):
            if stage == self._engine.spec.n_stages - 1:
                self._refined += window.area
            part = (..., *window.within(core).slices)
            share, before, after = gate.share[part], result[part], self._computed(stage, core, window)
            # Not before + share * difference alone: that would miss the new value by rounding where share is 1.
            result[part] = np.where(share == 1, after, before + share * (after - before))
        return result

    def _gate(self, buffer: RowBuffer, core: Window) -> Gate:
        height, width = self._pixels.height, self._pixels.width
        rows = core.grown(self._reach, height, width)
        around = Window(top=rows.top, left=0, bottom=rows.bottom, right=width)
        levels = _GREY_LEVELS * self._calibration
        return gate_of(buffer.cut(around)[3], levels, core, rows_from=rows.top, height=height)

    def _computed(self, stage: int, core: Window, part: Window) -> Float32:
        """Run a stage on a part of a core with its halo; return picture and scale of the part, (4, h, w)."""
        window = self._around(core, part)
        observed = self._pixels.cut(window)
        if stage == 0:
            current, scale = observed, np.zeros((1, 1, window.height, window.width), np.float32)
        else:
            before = self._buffers[stage - 1].cut(window)[None]
            current, scale = before[:, :3], before[:, 3:]
        conditions = self._conditions
        of_picture = conditions.task_weights, conditions.context
        outputs = self._engine.stage(current, observed, scale, *of_picture, stage, expert=conditions.expert)
        kept = (0, slice(None), *part.within(window).slices)
        for values in outputs:
            check_finite(values[kept], f"stage {stage + 1}", core, self._numbers[core])
        return np.concatenate([values[kept] for values in outputs])

    def _rows_read(self, band: tuple[Window, ...]) -> tuple[int, int]:
        """Return first row and end of what a band reads of the stage before."""
        if self._equal_sides is not None:
            window = self._around(band[0], band[0])
            return window.top, window.bottom
        return max(0, band[0].top - self._reach), min(self._pixels.height, band[0].bottom + self._reach)

    def _around(self, core: Window, part: Window) -> Window:
        """Return a part of a core with its halo; of one shape for all cores where the engine wants that."""
        halo, height, width = self._halo, self._pixels.height, self._pixels.width
        if self._equal_sides is not None:
            return equal_window(core, self._equal_sides, halo, height, width)
        return part.grown(halo, height, width)

    def _tell(self, core: Window) -> None:
        self._done += core.area
        if self._progress is not None:
            self._progress(self._done // self._n_stages, self._pixels.height * self._pixels.width)


def check_finite(values: Float32, part: str, core: Window, number: int) -> None:
    """Raise :class:`NumericalError` for NaN or infinity (either one shows in the extremes)."""
    if np.isfinite(values.min()) and np.isfinite(values.max()):
        return
    raise NumericalError(
        f"{part} gave values that are not finite in tile {number} (rows {core.top} to {core.bottom}, columns "
        f"{core.left} to {core.right}); nothing was written: try another --engine and run opir doctor"
    )

"""Restoring a picture: file, bytes or array in, :class:`Restoration` out."""

from __future__ import annotations

import difflib
import math
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Literal, TypeAlias

import numpy as np

from opir import __version__
from opir.errors import ConfigurationError, ImageTooLargeError
from opir.imaging import Photo, Source, from_network, read_photo, to_network
from opir.runtime.engine import Engine, EngineName, Float32
from opir.runtime.machine import available_memory_bytes
from opir.runtime.open_engine import open_engine
from opir.runtime.passes import ArrayResult, Progress, restore_array
from opir.runtime.result import Findings, Report, Restoration
from opir.runtime.spec import ModelSpec
from opir.runtime.tiling import automatic_tile, smaller_tile
from opir.runtime.weights import DEFAULT_MODEL, find_model
from opir.tasks import Task

Tile: TypeAlias = int | Literal["auto"]
"""Largest side of a tile [px], 0 for the whole picture, or ``auto`` to fit the free memory."""

MEMORY_SHARE: Final = 0.5
"""Share of the free memory that ``auto`` tiles may take."""

LARGEST_BUDGET_BYTES: Final = 2 * 1024**3
"""Working memory [bytes] beyond which larger tiles are no faster: their halo is small already."""

_ARRAY_BYTES_PER_PIXEL: Final = 48
"""Full-size float32 arrays alive during a stage: three pictures, two scales, one copy."""


class Restorer:
    """A loaded model, ready for any number of pictures.

    >>> restorer = Restorer()                                        # doctest: +SKIP
    >>> restorer.restore("photo.jpg").save("restored.jpg")           # doctest: +SKIP
    """

    def __init__(
        self,
        model: str | Path = DEFAULT_MODEL,
        *,
        engine: EngineName = "auto",
        tile: Tile = "auto",
        threads: int | None = None,
    ) -> None:
        """Load a model by bundled name or folder.

        ``threads`` is None for as many as the process may use. Raises :class:`WeightsError`,
        :class:`MissingExtraError` or :class:`ConfigurationError`.
        """
        self.tile = _checked_tile(tile)
        self.engine: Engine = open_engine(find_model(model), engine, threads=threads)

    @classmethod
    def from_engine(cls, engine: Engine, *, tile: Tile = "auto") -> Restorer:
        """Wrap an engine that is already open, such as a network in training."""
        restorer = cls.__new__(cls)
        restorer.tile = _checked_tile(tile)
        restorer.engine = engine
        return restorer

    @property
    def spec(self) -> ModelSpec:
        """Describe the model."""
        return self.engine.spec

    def restore(
        self,
        source: Source | Photo,
        *,
        task: Task | Sequence[Task] | None = None,
        strength: float = 1.0,
        progress: Progress | None = None,
    ) -> Restoration:
        """Restore one picture: a path, the bytes of a file, a PIL image, a uint8 array (H, W, 3), or a photo.

        ``task`` names the degradations instead of estimating them. ``strength`` s blends
        original + s (restored - original) in encoded values; 0 returns the original pixels exactly.
        ``progress`` is called with (pixels done, pixels in all); it may stop the work by raising.

        Raises :class:`ImageError` for a picture that cannot be read or does not fit into memory,
        :class:`ConfigurationError` for a bad task or strength, :class:`NumericalError` where the
        network's values are not finite.
        """
        if not (math.isfinite(strength) and 0.0 <= strength <= 1.0):
            raise ConfigurationError(f"strength must be between 0 (original) and 1 (restored), got {strength}")
        tasks = (task,) if isinstance(task, str) else None if task is None else tuple(task)
        weights = None if tasks is None else _task_weights(tasks, self.spec)
        photo = source if isinstance(source, Photo) else read_photo(source)
        start = time.perf_counter()
        image = to_network(photo)
        result, tile, notes = self._compute(image, weights, progress)
        restored = photo if strength == 0.0 else from_network(_blend(image, result.restored, strength), photo)
        report = Report(
            opir_version=__version__,
            model=self.spec.name,
            model_version=self.spec.version,
            weights_sha256=self.spec.fingerprint,
            engine=self.engine.name,
            device=self.engine.device,
            precision=self.engine.precision,
            height=image.shape[1],
            width=image.shape[2],
            tile=tile,
            n_tiles=result.n_tiles,
            task=tasks,
            strength=strength,
            seconds=time.perf_counter() - start,
            notes=notes,
        )
        uncertainty = (255.0 * self.spec.uncertainty_scale * result.scale).astype(np.float32)
        found = _findings(result.found, self.spec)
        return Restoration(photo=restored, uncertainty=uncertainty, found=found, report=report)

    def _compute(
        self, image: Float32, weights: Float32 | None, progress: Progress | None
    ) -> tuple[ArrayResult, int, tuple[str, ...]]:
        """Run the network, halving the tile as often as memory runs out; return result, tile and notes."""
        height, width = image.shape[1:]
        tile = self._first_tile(height, width)
        notes: tuple[str, ...] = ()
        while True:
            try:
                result = restore_array(self.engine, image, tile=tile, task_weights=weights, progress=progress)
                return result, tile, notes
            except MemoryError as error:
                smaller = smaller_tile(tile, height, width, stride=self.spec.stride)
                if smaller is None:
                    raise ImageTooLargeError(
                        f"not enough memory for a picture of {width} x {height} pixels, even in tiles: "
                        "close other programs or restore a part of it"
                    ) from error
                failed = f"tiles of {tile} px" if tile else "the whole picture"
                notes = (*notes, f"memory did not suffice for {failed}; went on with tiles of {smaller} px")
                tile = smaller

    def _first_tile(self, height: int, width: int) -> int:
        if self.tile != "auto":
            return self.tile
        arrays = _ARRAY_BYTES_PER_PIXEL * height * width
        free = max(0, int(available_memory_bytes() * MEMORY_SHARE) - arrays)
        return automatic_tile(
            height,
            width,
            halo=self.spec.stage_halo,
            stride=self.spec.stride,
            bytes_per_pixel=self.spec.bytes_per_pixel,
            budget_bytes=min(free, LARGEST_BUDGET_BYTES),
        )


def _checked_tile(tile: Tile) -> Tile:
    if tile != "auto" and tile < 0:
        raise ConfigurationError(f"tile must be 'auto', 0 (whole picture) or a number of pixels, got {tile!r}")
    return tile


def _task_weights(tasks: tuple[Task, ...], spec: ModelSpec) -> Float32:
    """Return the multi-hot (T,) weights of the named tasks, each of which the model must be trained on."""
    known = ", ".join(spec.trained_tasks)
    if not tasks:
        raise ConfigurationError(f"name at least one task of {known}, or None to let the model estimate")
    for name in tasks:
        if name not in spec.trained_tasks:
            near = difflib.get_close_matches(str(name), spec.trained_tasks, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"it knows {known}"
            raise ConfigurationError(f"model {spec.name!r} was not trained on the task {name!r}: {hint}")
    return np.array([task in tasks for task in spec.tasks], np.float32)


def _findings(found: Float32, spec: ModelSpec) -> Findings:
    pairs = zip(spec.tasks, found.tolist(), strict=True)
    return Findings(tuple((task, value) for task, value in pairs if task in spec.trained_tasks))


def _blend(original: Float32, restored: Float32, strength: float) -> Float32:
    if strength == 1.0:
        return restored
    return original + np.float32(strength) * (restored - original)

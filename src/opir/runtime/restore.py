"""Restoring a picture: file, bytes or array in, :class:`Restoration` out."""

from __future__ import annotations

import difflib
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final, Literal, TypeAlias, TypeVar

import numpy as np

from opir import __version__
from opir.errors import ConfigurationError, ImageTooLargeError
from opir.imaging import Photo, Source, from_network, read_photo, to_network
from opir.runtime.array_restoration import ArrayRestoration, check_array
from opir.runtime.blend import blend, trust
from opir.runtime.engine import Engine, EngineName, Float32
from opir.runtime.hidden_colours import fill_hidden, hidden_pixels, keep_hidden
from opir.runtime.machine import available_memory_bytes
from opir.runtime.metadata_policy import apply_policy
from opir.runtime.open_engine import open_engine
from opir.runtime.passes import Progress, estimate_array, restore_array
from opir.runtime.record import Record, with_record
from opir.runtime.result import Findings, Report, Restoration
from opir.runtime.settings import RestoreSettings, as_tasks
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

_Result = TypeVar("_Result")


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
        settings: RestoreSettings | None = None,
        task: Task | Sequence[Task] | None = None,
        strength: float | None = None,
        progress: Progress | None = None,
    ) -> Restoration:
        """Restore one picture: a path, the bytes of a file, a PIL image, a uint8 array (H, W, 3), or a photo.

        ``settings`` say what is done; ``task`` and ``strength`` are short for settings with only these.
        The colours of fully transparent pixels stay and do not influence the others.
        ``progress`` is called with (pixels done, pixels in all); it may stop the work by raising.

        Raises :class:`ImageError` for a picture that cannot be read or does not fit into memory,
        :class:`ConfigurationError` for impossible settings, :class:`NumericalError` where the
        network's values are not finite.
        """
        settings = _settings(settings, task, strength)
        weights = None if settings.task is None else _task_weights(settings.task, self.spec)
        photo = source if isinstance(source, Photo) else read_photo(source)
        start = time.perf_counter()
        image, hidden = to_network(photo), hidden_pixels(photo)
        visible = image if hidden is None else fill_hidden(image, hidden)
        result, tile, notes = self._in_tiles(
            photo.height,
            photo.width,
            lambda tile: restore_array(self.engine, visible, tile=tile, task_weights=weights, progress=progress),
        )
        uncertainty = (255.0 * self.spec.uncertainty_scale * result.scale).astype(np.float32)
        limit = settings.max_uncertainty
        weight = None if limit is None else trust(uncertainty, limit)
        restored = photo
        if settings.strength > 0.0:
            restored = from_network(blend(image, result.restored, strength=settings.strength, weight=weight), photo)
            restored = restored if hidden is None else keep_hidden(restored, photo, hidden)
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
            task=settings.task,
            strength=settings.strength,
            max_uncertainty=limit,
            share_withheld=0.0 if weight is None else 1.0 - float(weight.mean(dtype=np.float64)),
            settings_sha256=settings.sha256,
            seconds=time.perf_counter() - start,
            notes=notes,
        )
        return Restoration(
            photo=self._with_metadata(restored, settings),
            uncertainty=uncertainty,
            found=_findings(result.found, self.spec),
            report=report,
            settings=settings,
        )

    def restore_array(
        self, image: Float32, *, task: Task | Sequence[Task] | None = None, progress: Progress | None = None
    ) -> ArrayRestoration:
        """Restore an array (3, H, W), float32, encoded sRGB, nominally in [0, 1], without rounding the result.

        ``task`` and ``progress`` as for :meth:`restore`; values beyond [0, 1] reach the network as they are.

        Raises :class:`ShapeError` for any other array, :class:`ImageTooLargeError` where memory does not suffice,
        :class:`ConfigurationError` for an impossible task, :class:`NumericalError` where a value of the array or
        of the network is not finite.
        """
        tasks = _settings(None, task, None).task
        weights = None if tasks is None else _task_weights(tasks, self.spec)
        check_array(image)
        result, _, _ = self._in_tiles(
            image.shape[1],
            image.shape[2],
            lambda tile: restore_array(self.engine, image, tile=tile, task_weights=weights, progress=progress),
        )
        return ArrayRestoration(
            image=result.restored,
            uncertainty=(255.0 * self.spec.uncertainty_scale * result.scale).astype(np.float32),
            found=_findings(result.found, self.spec),
        )

    def analyze(self, source: Source | Photo) -> Findings:
        """Say what the model believes is wrong with a picture; only encoder and estimator run.

        The same findings, and the same errors, as those of :meth:`restore`.
        """
        photo = source if isinstance(source, Photo) else read_photo(source)
        image, hidden = to_network(photo), hidden_pixels(photo)
        visible = image if hidden is None else fill_hidden(image, hidden)
        found, _, _ = self._in_tiles(
            photo.height, photo.width, lambda tile: estimate_array(self.engine, visible, tile=tile)
        )
        return _findings(found, self.spec)

    def _with_metadata(self, photo: Photo, settings: RestoreSettings) -> Photo:
        metadata = apply_policy(photo.metadata, settings.metadata)
        if settings.leaves_record:
            record = Record(
                software=f"opir {__version__}",
                model=f"{self.spec.name} {self.spec.version}",
                weights_sha256=self.spec.fingerprint,
                settings=settings.canonical_json(),
            )
            metadata = replace(metadata, xmp=with_record(metadata.xmp, record))
        return replace(photo, metadata=metadata)

    def _in_tiles(
        self, height: int, width: int, compute: Callable[[int], _Result]
    ) -> tuple[_Result, int, tuple[str, ...]]:
        """Run the network, halving the tile as often as memory runs out; return result, tile and notes."""
        tile = self._first_tile(height, width)
        notes: tuple[str, ...] = ()
        while True:
            try:
                return compute(tile), tile, notes
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


def _settings(
    settings: RestoreSettings | None, task: Task | Sequence[Task] | None, strength: float | None
) -> RestoreSettings:
    """Return the settings, or those that the shorthand means."""
    if settings is None:
        return RestoreSettings(task=as_tasks(task), strength=1.0 if strength is None else strength)
    if task is not None or strength is not None:
        raise ConfigurationError("task and strength are given beside settings: put them into the settings")
    return settings


def _task_weights(tasks: tuple[Task, ...], spec: ModelSpec) -> Float32:
    """Return the multi-hot (T,) weights of the named tasks, each of which the model must be trained on."""
    known = ", ".join(spec.trained_tasks)
    for name in tasks:
        if name not in spec.trained_tasks:
            near = difflib.get_close_matches(str(name), spec.trained_tasks, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"it knows {known}"
            raise ConfigurationError(f"model {spec.name!r} was not trained on the task {name!r}: {hint}")
    return np.array([task in tasks for task in spec.tasks], np.float32)


def _findings(found: Float32, spec: ModelSpec) -> Findings:
    pairs = zip(spec.tasks, found.tolist(), strict=True)
    return Findings(tuple((task, value) for task, value in pairs if task in spec.trained_tasks))

"""Restoring a picture: file, bytes or array in, :class:`Restoration` out."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final, Literal, TypeAlias, TypeVar

from opir import __version__
from opir.deconvolution.kernel import extent_px
from opir.errors import ConfigurationError, ImageTooLargeError
from opir.imaging import Photo, Source, read_photo, to_network
from opir.imaging.metadata_policy import apply_policy
from opir.imaging.restoration_record import Record, with_record
from opir.runtime.array_restoration import ArrayRestoration, check_array
from opir.runtime.canvas import GREY_LEVELS, Canvas
from opir.runtime.effort import DEFAULT_EFFORT, Effort
from opir.runtime.engine import Engine, EngineName, Float32
from opir.runtime.equal_windows import DeviceEngine
from opir.runtime.hidden_colours import fill_hidden, hidden_pixels, keep_hidden
from opir.runtime.machine import available_memory_bytes
from opir.runtime.open_engine import open_engine
from opir.runtime.passes import Summary, TilesResult, restore_array, restore_pixels, summarise_array
from opir.runtime.pixels import ArrayPixels, PhotoPixels, Pixels
from opir.runtime.result import Findings, Report, Restoration
from opir.runtime.settings import RestoreSettings, as_tasks
from opir.runtime.spec import ModelSpec
from opir.runtime.stages import Progress
from opir.runtime.tiling import automatic_tile, smaller_tile
from opir.runtime.told_tasks import told_weights
from opir.runtime.weights import DEFAULT_MODEL, find_model
from opir.tasks import Task

Tile: TypeAlias = int | Literal["auto"]
"""Largest side of a tile [px], 0 for the whole picture, or ``auto`` to fit the free memory."""

MEMORY_SHARE: Final = 0.5
"""Share of the free memory that ``auto`` tiles may take."""

LARGEST_BUDGET_BYTES: Final = 1024**3
"""Working memory [bytes] beyond which larger tiles are no faster: their halo is small already."""

LARGEST_DEVICE_BUDGET_BYTES: Final = 8 * 1024**3
"""The same on a GPU, which needs more work at once to be busy."""

_ARRAY_BYTES_PER_PIXEL: Final = 16
"""Result of the restoration of an array: a picture and its scale in float32."""

_DEHAZED_BYTES_PER_PIXEL: Final = 16
"""Result of a picture whose haze is removed, until its tones are known."""

_PHOTO_BYTES_PER_PIXEL: Final = 8
"""Result of the restoration of a photograph: 3 bytes, or 6 if deep, and the expected error in float32."""

_BYTES_BETWEEN_STAGES: Final = 16
"""Bytes per pixel of the rows that one stage has done and the next has not: picture and scale in float32."""

_ROWS_BETWEEN_STAGES: Final = 3000
"""About as many rows as that can be: two bands of tiles and the halo."""

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
        self.folder: Path | None = find_model(model)
        self.engine: Engine = open_engine(self.folder, engine, threads=threads)

    @classmethod
    def from_engine(cls, engine: Engine, *, tile: Tile = "auto") -> Restorer:
        """Wrap an engine that is already open, such as a network in training."""
        restorer = cls.__new__(cls)
        restorer.tile = _checked_tile(tile)
        restorer.folder = None
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
        """Restore one picture: a path, the bytes of a file, a PIL image, an array (H, W, 3), or a photo.

        Of a file with several pictures see :func:`opir.runtime.sequence.restore_sequence`.

        ``settings`` say what is done; ``task`` and ``strength`` are short for settings with only these.
        The colours of fully transparent pixels stay and do not influence the others.
        ``progress`` is called with (pixels done, pixels in all); it may stop the work by raising.

        Raises :class:`ImageError` for a picture that cannot be read or does not fit into memory,
        :class:`ConfigurationError` for impossible settings, :class:`NumericalError` where the
        network's values are not finite.
        """
        settings = _settings(settings, task, strength)
        weights = None if settings.task is None else told_weights(settings.task, self.spec)
        photo = source if isinstance(source, Photo) else read_photo(source)
        start = time.perf_counter()
        hidden, stride = hidden_pixels(photo), self.spec.stride
        pixels: Pixels = PhotoPixels(photo, stride)
        if hidden is not None:
            pixels = ArrayPixels(fill_hidden(to_network(photo), hidden), stride)

        def compute(tile: int) -> tuple[Canvas, TilesResult]:
            canvas = Canvas(photo, settings)
            result = restore_pixels(
                self.engine,
                pixels,
                canvas.deliver,
                tile=tile,
                task_weights=weights,
                effort=settings.effort,
                progress=progress,
            )
            return canvas, result

        (canvas, result), tile, notes = self._in_tiles(photo.height, photo.width, _PHOTO_BYTES_PER_PIXEL, compute)
        restored = canvas.photo
        if hidden is not None and settings.strength > 0.0:
            restored = keep_hidden(restored, photo, hidden)
        report = Report(
            opir_version=__version__,
            model=self.spec.name,
            model_version=self.spec.version,
            weights_sha256=self.spec.fingerprint,
            engine=self.engine.name,
            device=self.engine.device,
            precision=self.engine.precision,
            height=photo.height,
            width=photo.width,
            tile=tile,
            n_tiles=result.n_tiles,
            task=settings.task,
            strength=settings.strength,
            max_uncertainty=settings.max_uncertainty,
            share_withheld=canvas.share_withheld,
            effort=settings.effort,
            share_refined=result.share_refined,
            expert=result.expert,
            blur_px=None if result.blur is None else extent_px(result.blur.kernel),
            light=result.light.colour,
            veil=result.tones.black,
            exposure=result.tones.exponent,
            settings_sha256=settings.sha256,
            seconds=time.perf_counter() - start,
            notes=(*photo.notes, *notes),
        )
        return Restoration(
            photo=self._with_metadata(restored, settings),
            uncertainty=canvas.uncertainty,
            found=_findings(result.found, self.spec),
            report=report,
            settings=settings,
        )

    def restore_array(
        self,
        image: Float32,
        *,
        task: Task | Sequence[Task] | None = None,
        effort: Effort = DEFAULT_EFFORT,
        progress: Progress | None = None,
    ) -> ArrayRestoration:
        """Restore an array (3, H, W), float32, encoded sRGB, nominally in [0, 1], without rounding the result.

        ``task`` and ``progress`` as for :meth:`restore`, ``effort`` as in its settings; values beyond [0, 1] reach
        the network as they are, unless a blur or the light of haze is undone first, which clips them.

        Raises :class:`ShapeError` for any other array, :class:`ImageTooLargeError` where memory does not suffice,
        :class:`ConfigurationError` for an impossible task, :class:`NumericalError` where a value of the array or
        of the network is not finite.
        """
        tasks = _settings(None, task, None).task
        weights = None if tasks is None else told_weights(tasks, self.spec)
        check_array(image)
        result, _, _ = self._in_tiles(
            image.shape[1],
            image.shape[2],
            _ARRAY_BYTES_PER_PIXEL,
            lambda tile: restore_array(
                self.engine, image, tile=tile, task_weights=weights, effort=effort, progress=progress
            ),
        )
        return ArrayRestoration(
            image=result.restored,
            uncertainty=GREY_LEVELS * result.expected_error,
            found=_findings(result.found, self.spec),
            expert=result.expert,
        )

    def analyze(self, source: Source | Photo) -> Findings:
        """Say what the model believes is wrong with a picture; only encoder and estimator run.

        The same findings, and the same errors, as those of :meth:`restore`.
        """
        photo = source if isinstance(source, Photo) else read_photo(source)
        image, hidden = to_network(photo), hidden_pixels(photo)
        visible = image if hidden is None else fill_hidden(image, hidden)
        return self.findings(self.summarise(visible))

    def summarise(self, image: Float32) -> Summary:
        """Run encoder and estimator on an array (3, H, W), float32, encoded sRGB; errors as for :meth:`restore`."""
        summary, _, _ = self._in_tiles(
            image.shape[1], image.shape[2], 0, lambda tile: summarise_array(self.engine, image, tile=tile)
        )
        return summary

    def findings(self, summary: Summary) -> Findings:
        """Name the probabilities of a summary."""
        return _findings(summary.found, self.spec)

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
        self, height: int, width: int, bytes_per_pixel: int, compute: Callable[[int], _Result]
    ) -> tuple[_Result, int, tuple[str, ...]]:
        """Run the network, halving the tile as often as memory runs out; return result, tile and notes.

        The result takes ``bytes_per_pixel`` bytes.
        """
        tile = self._first_tile(height, width, bytes_per_pixel)
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

    def _first_tile(self, height: int, width: int, bytes_per_pixel: int) -> int:
        if self.tile != "auto":
            return self.tile
        held = bytes_per_pixel + _DEHAZED_BYTES_PER_PIXEL * (bytes_per_pixel > 0)
        arrays = held * height * width + _BYTES_BETWEEN_STAGES * width * min(height, _ROWS_BETWEEN_STAGES)
        free = max(0, int(available_memory_bytes() * MEMORY_SHARE) - arrays)
        largest = LARGEST_BUDGET_BYTES
        if isinstance(self.engine, DeviceEngine) and self.engine.device != "cpu":  # tiles live there, not here
            free, largest = int(self.engine.free_bytes() * MEMORY_SHARE), LARGEST_DEVICE_BUDGET_BYTES
        return automatic_tile(
            height,
            width,
            halo=self.spec.largest_stage_halo,
            stride=self.spec.stride,
            bytes_per_pixel=self.spec.bytes_per_pixel,
            budget_bytes=min(free, largest),
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


def _findings(found: Float32, spec: ModelSpec) -> Findings:
    pairs = zip(spec.tasks, found.tolist(), strict=True)
    return Findings(tuple((task, value) for task, value in pairs if task in spec.trained_tasks))

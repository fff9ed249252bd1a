"""Who is scored: a model, blind or told the task, a classical method, or a folder that another program has made.

Folders have a file of their own, :mod:`opir.evaluation.result_folder`.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, Protocol, TypeAlias

from opir.baselines.baseline import Baseline
from opir.errors import ConfigurationError, NumericalError, ShapeError
from opir.evaluation.plan import Case, Float32, Label
from opir.runtime.restore import Restorer
from opir.runtime.spec import ModelSpec
from opir.tasks import Task

TILE_PX: Final = 640
"""Tile of pictures that are restored for scoring, unless told otherwise: the same on every machine."""

GIVEN: Final = "given"
"""Tells a model what each picture is labelled with."""

Told: TypeAlias = tuple[Task, ...] | Literal["given"]
"""What a model is told: the same tasks for every picture, or those of its label."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Restored:
    """What a contestant made of one case."""

    image: Float32
    """(3, H, W), encoded RGB, nominally in [0, 1], not rounded if it could be helped."""
    expected_error: Float32 | None = None
    """(H, W), expected absolute error [grey levels]; None where nothing predicts it."""
    seconds: float | None = None
    """Wall time of the restoration [s]; None where it was done elsewhere."""


@dataclass(frozen=True, kw_only=True)
class Identity:
    """Who a contestant is, for the report."""

    name: str
    """Heading of its column."""
    kind: Literal["model", "baseline", "folder"]
    """What it is."""
    source: str
    """The folder of results, the model's name and version, or the classical method and whom to cite for it."""
    told: str | None = None
    """What a model was told: tasks joined by ``+``, or ``given`` for each picture's own; None if it was blind."""
    weights_sha256: str | None = None
    """Digest of a model's files; see :attr:`opir.runtime.spec.ModelSpec.fingerprint`."""
    engine: str | None = None
    """What computed: engine, device and arithmetic of a model, libraries and versions of a classical method."""
    parameters: str | None = None
    """Of a classical method, and where their values come from."""


class Contestant(Protocol):
    """Anything that has a result for every case."""

    @property
    def identity(self) -> Identity:
        """Say who it is."""
        ...

    def restore(self, case: Case) -> Restored:
        """Return the result for one case, of the case's size."""
        ...


class ModelContestant:
    """A model. Blind unless it is told what is wrong. Results are not rounded."""

    def __init__(self, restorer: Restorer, *, told: Told | None = None) -> None:
        self._restorer = Restorer.from_engine(restorer.engine, tile=TILE_PX) if restorer.tile == "auto" else restorer
        self._told = told

    @property
    def identity(self) -> Identity:
        """Name, version and weights of the model, and what it is told."""
        spec, engine = self._restorer.spec, self._restorer.engine
        told = self._told if self._told is None or self._told == GIVEN else "+".join(self._told)
        heading = "" if told is None else ", told" if told == GIVEN else f", told {told}"
        return Identity(
            name=f"{spec.name}{heading}",
            kind="model",
            source=f"{spec.name} {spec.version}",
            told=told,
            weights_sha256=spec.fingerprint,
            engine=f"{engine.name}, {engine.device}, {engine.precision}",
        )

    def restore(self, case: Case) -> Restored:
        """Restore the case; :class:`NumericalError`, naming the file, where a value is not finite."""
        task = case.label.tasks if self._told == GIVEN else self._told
        start = time.perf_counter()
        try:
            result = self._restorer.restore_array(case.degraded, task=task)
        except NumericalError as error:
            raise NumericalError(f"{case.label.path} ({case.label.row}): {error}") from error
        return Restored(image=result.image, expected_error=result.uncertainty, seconds=time.perf_counter() - start)


class BaselineContestant:
    """A classical method, as blind as a model is."""

    def __init__(self, baseline: Baseline) -> None:
        """Check that its libraries are there; :class:`opir.errors.MissingExtraError` if not."""
        baseline.check_installed()
        self._baseline = baseline

    @property
    def identity(self) -> Identity:
        """Method, parameters and libraries."""
        baseline = self._baseline
        return Identity(
            name=baseline.name,
            kind="baseline",
            source=f"{baseline.method} ({baseline.source})",
            engine=baseline.software,
            parameters=baseline.parameters,
        )

    def restore(self, case: Case) -> Restored:
        """Apply the method; :class:`ShapeError` or :class:`NumericalError`, naming the file, where it cannot."""
        start = time.perf_counter()
        try:
            image = self._baseline.restore(case.degraded)
        except ShapeError as error:
            raise ShapeError(f"{case.label.path} ({case.label.row}): {error}") from error
        except NumericalError as error:
            raise NumericalError(f"{case.label.path} ({case.label.row}): {error}") from error
        return Restored(image=image, seconds=time.perf_counter() - start)


def check_told(told: Told, labels: Sequence[Label], spec: ModelSpec) -> None:
    """Check, before any work, that a model can be told what is meant.

    Raises:
        ConfigurationError: if it was not trained on a task, or tasks are to be taken from labels that have none.
    """
    rows = {label.row: label.tasks for label in labels} if told == GIVEN else {"every row": told}
    for row, tasks in rows.items():
        if not tasks:
            raise ConfigurationError(
                f"the task is to be taken from the data, and those of row {row!r} are labelled with none: name the "
                "task instead, or leave it out"
            )
        unknown = [task for task in tasks if task not in spec.trained_tasks]
        if unknown:
            raise ConfigurationError(
                f"model {spec.name!r} was not trained on the task {unknown[0]!r} ({row}): it knows "
                f"{', '.join(spec.trained_tasks)}"
            )

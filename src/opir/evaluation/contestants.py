"""Who is scored: a model that restores the cases here, or a folder of results that another program has made."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Final, Literal, Protocol

import numpy as np

from opir.errors import NumericalError
from opir.evaluation.plan import Case, Float32
from opir.runtime.passes import restore_array
from opir.runtime.restore import Restorer

TILE_PX: Final = 640
"""Tile of pictures that are restored for scoring, unless told otherwise: the same on every machine."""


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
    kind: Literal["model", "folder"]
    """What it is."""
    source: str
    """The folder of results, or the model's name and version."""
    weights_sha256: str | None = None
    """Digest of a model's files; see :attr:`opir.runtime.spec.ModelSpec.fingerprint`."""
    engine: str | None = None
    """What computed, where, in which arithmetic."""


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
    """A model, blind: it is not told what is wrong. Results are not rounded."""

    def __init__(self, restorer: Restorer) -> None:
        self._restorer = restorer

    @property
    def identity(self) -> Identity:
        """Name, version and weights of the model."""
        spec, engine = self._restorer.spec, self._restorer.engine
        return Identity(
            name=spec.name,
            kind="model",
            source=f"{spec.name} {spec.version}",
            weights_sha256=spec.fingerprint,
            engine=f"{engine.name}, {engine.device}, {engine.precision}",
        )

    def restore(self, case: Case) -> Restored:
        """Restore the case; :class:`NumericalError`, naming the file, where a value is not finite."""
        tile = TILE_PX if self._restorer.tile == "auto" else self._restorer.tile
        start = time.perf_counter()
        try:
            result = restore_array(self._restorer.engine, case.degraded, tile=tile)
        except NumericalError as error:
            raise NumericalError(f"{case.label.path} ({case.label.row}): {error}") from error
        expected = 255.0 * self._restorer.spec.uncertainty_scale * result.scale
        return Restored(
            image=result.restored, expected_error=expected.astype(np.float32), seconds=time.perf_counter() - start
        )

"""The description of a model, read from the ``model.json`` of its folder."""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final, cast

from opir.errors import WeightsError
from opir.tasks import TASKS, Task

FORMAT: Final = 1
"""Version of the layout of ``model.json`` and of the graphs' inputs and outputs."""

SPEC_FILE: Final = "model.json"
STAGE_FILE: Final = "stage.onnx"
ONNX_FILES: Final = ("encoder.onnx", "estimator.onnx", STAGE_FILE)
FIXED_STAGE_FILE: Final = "fixed_stage.onnx"
"""The stage with constant kernels, in folders of models whose tasks change them: :mod:`opir.export.fixed_stage`."""

EXPERT_STAGE_FILE: Final = "expert_stage.onnx"
EXPERT_FIXED_STAGE_FILE: Final = "expert_fixed_stage.onnx"
"""The stage of the expert, in folders of models that have one: :mod:`opir.runtime.expert`."""

KERNEL_FILE: Final = "kernel.onnx"
"""The network that finds the kernel of a blur, in folders of models that have one: :mod:`opir.deconvolution`."""

TORCH_FILE: Final = "model.safetensors"
TORCH_EXPERT_FILE: Final = "expert.safetensors"
TORCH_KERNEL_FILE: Final = "kernel.safetensors"
"""The same networks for torch."""

DEFAULT_BYTES_PER_PIXEL: Final = 700
"""Working memory [bytes per pixel of a tile] assumed where ``model.json`` does not say.

``base`` took 590 under torch and 530 under ONNX Runtime, 310 with the stage in phases; a fifth is added to the most.
"""

_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, kw_only=True)
class ModelSpec:
    """Everything about a model that is needed to run it, without its weights."""

    name: str
    """Short name, as given to ``--model``."""
    version: str
    """Version of the weights."""
    tasks: tuple[Task, ...]
    """Column t of the task weights belongs to ``tasks[t]``."""
    trained_tasks: tuple[Task, ...]
    """The tasks that the training data held; the other columns mean nothing."""
    stride: int
    """Image sides must be multiples of it [px]."""
    encoder_halo: int
    """Context that the encoder needs around a tile [px], a multiple of the stride."""
    stage_halo: int
    """Context that one restoration stage needs around a tile [px], a multiple of the stride."""
    n_stages: int
    """How many times the restoration stage is applied."""
    n_features: int
    """Channels of the encoder's features."""
    n_context: int
    """Length of the context vector."""
    n_parameters: int
    """Number of trained parameters."""
    giga_macs_256: float
    """Multiply-adds for a 256 x 256 picture, all stages [10^9]."""
    uncertainty_scale: float
    """Calibration factor of the Laplace scale, fitted on held-out pictures."""
    sha256: Mapping[str, str]
    """Digest of every file of the model, by file name."""
    expert_tasks: tuple[Task, ...] = ()
    """What the expert restores, where the model has one: see :mod:`opir.runtime.expert`."""
    expert_uncertainty_scale: float | None = None
    """The same factor as ``uncertainty_scale`` for the expert; None where they share it."""
    expert_stage_halo: int | None = None
    """Context that a stage of the expert needs around a tile [px], a multiple of the stride; None: ``stage_halo``."""
    expert_giga_macs_256: float | None = None
    """Multiply-adds of a picture that the expert restores, as ``giga_macs_256``; None where they are the same."""
    bytes_per_pixel: int = DEFAULT_BYTES_PER_PIXEL
    """Peak working memory of one stage [bytes per pixel of the tile, halo included]."""

    @classmethod
    def load(cls, folder: Path) -> ModelSpec:
        """Read and validate ``folder/model.json``.

        Raises :class:`WeightsError` where the file is missing, is not JSON, was written for another
        format, lacks an entry or holds an impossible value.
        """
        path = folder / SPEC_FILE
        try:
            entries = json.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise WeightsError(
                f"expected a model folder with {SPEC_FILE}; cannot read {path}: {error.strerror}"
            ) from error
        except ValueError as error:
            raise WeightsError(f"{path} is not valid JSON ({error}): fetch the model again") from error
        if not isinstance(entries, dict):
            raise WeightsError(f"{path} must hold one JSON object, got {type(entries).__name__}")
        return _Reader(cast("dict[str, object]", entries), path).spec()

    @property
    def largest_stage_halo(self) -> int:
        """Return the context that a stage of either trunk needs around a tile [px]: for what is planned before the
        degradation is known.
        """
        return max(self.stage_halo, self.expert_stage_halo or 0)

    @property
    def fingerprint(self) -> str:
        """Return one sha256 for the whole model.

        It is the digest of the lines ``<sha256>  <file>`` in order of file name, so that
        ``sha256sum encoder.onnx estimator.onnx ... | sha256sum`` in the model's folder gives the same.
        """
        lines = (f"{digest}  {name}\n" for name, digest in sorted(self.sha256.items()))
        return hashlib.sha256("".join(lines).encode()).hexdigest()


class _Reader:
    """Takes typed entries out of a decoded ``model.json``; every failure names the file and the entry."""

    def __init__(self, entries: Mapping[str, object], path: Path) -> None:
        self._entries = entries
        self._path = path

    def spec(self) -> ModelSpec:
        if (found := self._integer("format", minimum=0)) != FORMAT:
            raise self._wrong("format", f"{FORMAT}; install the version of opir that the model was made for", found)
        stride = self._integer("stride", minimum=1)
        tasks = self._tasks("tasks", TASKS)
        trained = self._tasks("trained_tasks", tasks)
        return ModelSpec(
            name=self._text("name"),
            version=self._text("version"),
            tasks=tasks,
            trained_tasks=trained,
            stride=stride,
            encoder_halo=self._halo("encoder_halo", stride),
            stage_halo=self._halo("stage_halo", stride),
            n_stages=self._integer("n_stages", minimum=1),
            n_features=self._integer("n_features", minimum=1),
            n_context=self._integer("n_context", minimum=1),
            n_parameters=self._integer("n_parameters", minimum=0),
            giga_macs_256=self._positive("giga_macs_256", allow_zero=True),
            uncertainty_scale=self._positive("uncertainty_scale", allow_zero=False),
            sha256=self._digests("sha256"),
            expert_tasks=self._tasks("expert_tasks", trained) if "expert_tasks" in self._entries else (),
            expert_uncertainty_scale=self._positive("expert_uncertainty_scale", allow_zero=False)
            if "expert_uncertainty_scale" in self._entries
            else None,
            expert_stage_halo=self._halo("expert_stage_halo", stride) if "expert_stage_halo" in self._entries else None,
            expert_giga_macs_256=self._positive("expert_giga_macs_256", allow_zero=True)
            if "expert_giga_macs_256" in self._entries
            else None,
            bytes_per_pixel=self._integer("bytes_per_pixel", minimum=1, default=DEFAULT_BYTES_PER_PIXEL),
        )

    def _get(self, key: str) -> object:
        if key not in self._entries:
            raise WeightsError(f"{self._path} lacks the entry {key!r}: it is damaged or of another version")
        return self._entries[key]

    def _wrong(self, key: str, expected: str, got: object) -> WeightsError:
        return WeightsError(f"{self._path}: {key!r} must be {expected}; got {got!r}")

    def _integer(self, key: str, *, minimum: int, default: int | None = None) -> int:
        if default is not None and key not in self._entries:
            return default
        value = self._get(key)
        if not isinstance(value, int) or isinstance(value, bool) or value < minimum:
            raise self._wrong(key, f"an integer of at least {minimum}", value)
        return value

    def _halo(self, key: str, stride: int) -> int:
        value = self._integer(key, minimum=0)
        if value % stride:
            raise self._wrong(key, f"a multiple of the stride {stride}", value)
        return value

    def _positive(self, key: str, *, allow_zero: bool) -> float:
        value = self._get(key)
        if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value):
            raise self._wrong(key, "a finite number", value)
        if value < 0 or (value == 0 and not allow_zero):
            raise self._wrong(key, "non-negative" if allow_zero else "positive", value)
        return float(value)

    def _text(self, key: str) -> str:
        value = self._get(key)
        if not isinstance(value, str) or not value:
            raise self._wrong(key, "a non-empty text", value)
        return value

    def _tasks(self, key: str, allowed: tuple[Task, ...]) -> tuple[Task, ...]:
        value = self._get(key)
        if not isinstance(value, list) or not value or len(set(map(str, value))) != len(value):
            raise self._wrong(key, "a list of different task names", value)
        by_name = {str(task): task for task in allowed}
        if unknown := [name for name in value if name not in by_name]:
            raise self._wrong(key, f"a subset of {', '.join(allowed)}", unknown)
        return tuple(by_name[name] for name in value)

    def _digests(self, key: str) -> Mapping[str, str]:
        value = self._get(key)
        if not isinstance(value, dict) or not value:
            raise self._wrong(key, "an object of file names and digests", value)
        for name, digest in value.items():
            if Path(name).name != name or not isinstance(digest, str) or not _SHA256.fullmatch(digest):
                raise self._wrong(key, "plain file names with 64 lower-case hexadecimal digits each", {name: digest})
        return MappingProxyType(dict(value))

"""How a picture is to be restored and written: one object for the library, the command line, batches and services.

Everything that decides about the bytes of a result is here, apart from the picture and the model. What only decides
how fast or where it is computed (engine, tiles, threads) belongs to :class:`opir.runtime.restore.Restorer`.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass

from opir.errors import ConfigurationError
from opir.imaging.formats import FORMATS, FormatName
from opir.imaging.metadata_policy import METADATA_POLICIES, MetadataPolicy
from opir.runtime.effort import DEFAULT_EFFORT, EFFORTS, Effort
from opir.tasks import TASKS, Task


@dataclass(frozen=True, kw_only=True)
class RestoreSettings:
    """What is done to a picture and how the result is written.

    Raises:
        ConfigurationError: if a value is impossible.
    """

    task: tuple[Task, ...] | None = None
    """The degradations to undo, None to let the model find out. Their order means nothing. Compression that is found is
    undone beside them: it is in the file, whatever is wrong with the scene. So is what a named one brings along, see
    :data:`opir.runtime.told_tasks.COMES_WITH`."""
    strength: float = 1.0
    """Share of the correction that is applied, 0 (the original pixels) to 1."""
    max_uncertainty: float | None = None
    """Expected error [grey levels of 255] above which the original stays, None for no limit;
    see :func:`opir.runtime.blend.trust`."""
    effort: Effort = DEFAULT_EFFORT
    """How much is computed: the first stage only, the second where it is worth it, or both everywhere;
    see :mod:`opir.runtime.effort`."""
    metadata: MetadataPolicy = "keep"
    """What becomes of EXIF, XMP and resolution; the colour profile always stays."""
    format: FormatName | None = None
    """File format of the result, None for what the output's suffix says."""
    quality: int | None = None
    """1 to 100 for formats with loss, None for the default of :func:`opir.imaging.write_photo`."""
    record: bool = True
    """Whether the result's XMP says what was done to it; never with ``strip``."""

    def __post_init__(self) -> None:
        if self.task is not None:
            _check_tasks(self.task)
        if not (math.isfinite(self.strength) and 0.0 <= self.strength <= 1.0):
            raise ConfigurationError(f"strength must be between 0 (original) and 1 (restored), got {self.strength}")
        limit = self.max_uncertainty
        if limit is not None and not (math.isfinite(limit) and limit > 0.0):
            raise ConfigurationError(
                f"max_uncertainty must be a positive number of grey levels, or None for no limit; got {limit}"
            )
        if self.effort not in EFFORTS:
            raise ConfigurationError(f"effort must be one of {', '.join(EFFORTS)}; got {self.effort!r}")
        if self.metadata not in METADATA_POLICIES:
            raise ConfigurationError(f"metadata must be one of {', '.join(METADATA_POLICIES)}; got {self.metadata!r}")
        if self.format is not None and self.format not in FORMATS:
            raise ConfigurationError(f"format must be one of {', '.join(FORMATS)}; got {self.format!r}")
        if self.quality is not None and not 1 <= self.quality <= 100:
            raise ConfigurationError(f"quality must be in 1..100; got {self.quality}")

    @property
    def leaves_record(self) -> bool:
        """Whether the result says what was done to it."""
        return self.record and self.metadata != "strip"

    def canonical_json(self) -> str:
        """Return the settings as JSON that is the same for settings that mean the same.

        Sorted keys, no spaces, tasks in the order of :data:`opir.tasks.TASKS`, numbers as floats.
        """
        entries = {
            "effort": self.effort,
            "format": self.format,
            "max_uncertainty": None if self.max_uncertainty is None else float(self.max_uncertainty),
            "metadata": self.metadata,
            "quality": self.quality,
            "record": self.leaves_record,
            "strength": float(self.strength),
            "task": None if self.task is None else [name for name in TASKS if name in self.task],
        }
        return json.dumps(entries, sort_keys=True, separators=(",", ":"))

    @property
    def sha256(self) -> str:
        """Return the sha256 of :meth:`canonical_json` in hexadecimal."""
        return hashlib.sha256(self.canonical_json().encode()).hexdigest()


def as_tasks(task: Task | Sequence[Task] | None) -> tuple[Task, ...] | None:
    """Return one task, several tasks or None in the form of :attr:`RestoreSettings.task`."""
    if task is None:
        return None
    return (task,) if isinstance(task, str) else tuple(task)


def _check_tasks(tasks: tuple[Task, ...]) -> None:
    if not tasks:
        raise ConfigurationError(f"name at least one task of {', '.join(TASKS)}, or None to let the model estimate")
    for name in tasks:
        if name not in TASKS:
            near = difflib.get_close_matches(str(name), TASKS, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"expected some of {', '.join(TASKS)}"
            raise ConfigurationError(f"there is no task {name!r}: {hint}")

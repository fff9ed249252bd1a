"""One line of a manifest: which picture became which result, and by what."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields

from opir import __version__
from opir.runtime.restore import Restorer
from opir.runtime.settings import RestoreSettings


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """All that decides about the bytes of a result apart from the picture."""

    opir_version: str
    """Version of the software."""
    settings: str
    """:meth:`RestoreSettings.canonical_json`."""
    settings_sha256: str
    """Its digest."""
    weights_sha256: str
    """Digest of the model's files."""
    engine: str
    """Inference engine, device and arithmetic, which decide about the last bits."""

    @classmethod
    def of(cls, restorer: Restorer, settings: RestoreSettings) -> Recipe:
        """Describe what this restorer does with these settings."""
        engine = restorer.engine
        return cls(
            opir_version=__version__,
            settings=settings.canonical_json(),
            settings_sha256=settings.sha256,
            weights_sha256=restorer.spec.fingerprint,
            engine=f"{engine.name} {engine.device} {engine.precision}",
        )


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What happened to one picture. It holds no time: the same work gives the same line."""

    input: str
    """The picture's path below the folder that was given, with forward slashes."""
    output: str
    """The result's path below the folder of the manifest."""
    recipe: Recipe
    """How it was made."""
    input_sha256: str | None = None
    """Digest of the picture's file; None if it could not be read."""
    output_sha256: str | None = None
    """Digest of the result's file; None if there is none."""
    uncertainty: str | None = None
    """Path of the map of the expected error, as for ``output``."""
    uncertainty_sha256: str | None = None
    """Digest of that map's file."""
    error: str | None = None
    """Why there is no result; None if there is one."""

    def to_json(self) -> str:
        """Return the entry as one line of JSON without its end."""
        return json.dumps({"ok": self.error is None} | asdict(self), sort_keys=True)

    @property
    def digests(self) -> dict[str, str]:
        """Return the digest of every file that was written, by its path in the manifest."""
        pairs = ((self.output, self.output_sha256), (self.uncertainty, self.uncertainty_sha256))
        return {name: digest for name, digest in pairs if name is not None and digest is not None}

    @classmethod
    def from_json(cls, line: str) -> Entry | None:
        """Return the entry that a line holds; None for a line cut off by a crash or made by somebody else."""
        try:
            read = json.loads(line)
            recipe = {name: str(read["recipe"][name]) for name in (each.name for each in fields(Recipe))}
            texts = {name: read[name] for name in (each.name for each in fields(cls)) if name != "recipe"}
        except (ValueError, KeyError, TypeError):
            return None
        required = isinstance(texts["input"], str) and isinstance(texts["output"], str)
        if not required or not all(value is None or isinstance(value, str) for value in texts.values()):
            return None
        return cls(recipe=Recipe(**recipe), **texts)

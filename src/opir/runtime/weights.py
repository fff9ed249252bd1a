"""Model folders: the ones that come with the package, the user's own, and whether they are intact."""

from __future__ import annotations

import difflib
import hashlib
from importlib.resources import files
from pathlib import Path
from typing import Final

from opir.errors import WeightsError
from opir.runtime.spec import SPEC_FILE, ModelSpec

DEFAULT_MODEL: Final = "base"
"""The model that restores when none is named."""

_CHUNK_BYTES: Final = 1 << 20


def bundled_folder() -> Path:
    """Return the folder of the package that holds one folder per bundled model."""
    folder = files("opir")
    if not isinstance(folder, Path):
        raise WeightsError("expected opir installed as files on disk, got an archive: install it with pip")
    return folder / "weights"


def bundled_models() -> tuple[str, ...]:
    """Return the names of the bundled models, sorted; empty if there are none."""
    folder = bundled_folder()
    if not folder.is_dir():
        return ()
    return tuple(sorted(entry.name for entry in folder.iterdir() if (entry / SPEC_FILE).is_file()))


def find_model(model: str | Path) -> Path:
    """Return the folder of a model, named by its bundled name or by the path of its folder.

    A plain word is a bundled name first and a folder of the working directory second.
    Raises :class:`WeightsError` listing the known names where neither exists.
    """
    names = bundled_models()
    if isinstance(model, str) and model in names:
        return bundled_folder() / model
    path = Path(model)
    if path.is_dir():
        return path
    near = difflib.get_close_matches(str(model), names, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"bundled models: {', '.join(names) or 'none'}"
    raise WeightsError(f"expected a bundled model or a model folder, got {str(model)!r}: {hint}")


def file_sha256(path: Path) -> str:
    """Return the sha256 of a file in hexadecimal, reading it in pieces.

    Raises :class:`WeightsError` where it cannot be read.
    """
    digest = hashlib.sha256()
    try:
        with path.open("rb") as stream:
            while chunk := stream.read(_CHUNK_BYTES):
                digest.update(chunk)
    except OSError as error:
        raise WeightsError(f"cannot read {path}: {error.strerror}; install opir or the model again") from error
    return digest.hexdigest()


def verified_file(folder: Path, spec: ModelSpec, name: str) -> Path:
    """Return the path of one file of a model once its sha256 has been found right.

    Raises :class:`WeightsError` where the model does not list the file, or it is missing or altered.
    """
    expected = spec.sha256.get(name)
    if expected is None:
        listed = ", ".join(sorted(spec.sha256))
        raise WeightsError(f"model {spec.name!r} in {folder} has no {name}, only {listed}: use another engine")
    path = folder / name
    found = file_sha256(path)
    if found != expected:
        raise WeightsError(
            f"{path} is damaged or was altered: expected sha256 {expected[:16]}..., got {found[:16]}...; "
            "install opir or the model again"
        )
    return path


def verify_model(folder: Path) -> ModelSpec:
    """Check every file that a model lists against its sha256 and return the model's description."""
    spec = ModelSpec.load(folder)
    for name in sorted(spec.sha256):
        verified_file(folder, spec, name)
    return spec

"""A model folder that borrows from another one beside it what both have in common."""

from __future__ import annotations

import json
from pathlib import Path

from opir.errors import ConfigurationError, WeightsError
from opir.runtime.spec import SPEC_FILE, ModelSpec
from opir.runtime.weights import verify_model


def leave_out_files_of(folder: Path, name: str) -> tuple[str, ...]:
    """Remove from a model folder the files that the folder ``name`` beside it has as well, byte for byte.

    ``model.json`` says where they are from then on (:attr:`ModelSpec.files_of`); it still holds their digests, so a
    change of the other model is noticed. The two folders must stay beside each other.

    Returns:
        Names of the files that were removed.

    Raises:
        ConfigurationError: if the models have no file in common; nothing is removed.
        WeightsError: if either is damaged, or the other one borrows files itself.
    """
    own, other = verify_model(folder), verify_model(folder.parent / name)
    if other.files_of is not None:
        raise WeightsError(f"{name} has files of {other.files_of} itself: name that one")
    common = tuple(sorted(file for file, digest in own.sha256.items() if other.sha256.get(file) == digest))
    if not common:
        raise ConfigurationError(f"{folder} and {folder.parent / name} have no file in common, expected at least one")
    path = folder / SPEC_FILE
    entries = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**entries, "files_of": name}, indent=2) + "\n", encoding="utf-8")
    assert ModelSpec.load(folder).files_of == name
    for file in common:
        (folder / file).unlink()
    return common

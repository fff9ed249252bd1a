"""``opir models``: the models that come with the package."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from opir.cli.console import fail, say, say_columns

if TYPE_CHECKING:
    from opir.runtime.spec import ModelSpec

_HEADINGS = ("NAME", "VERSION", "PARAMETERS", "GMAC AT 256 PX", "SIZE", "SHA256", "TASKS")


def models(
    verify: Annotated[bool, typer.Option("--verify", help="Check every file against its sha256.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object per model.")] = False,
) -> None:
    """List the bundled models.

    Shows parameters, multiply-adds, size, digest and the tasks they were trained on.
    """
    from opir.errors import WeightsError
    from opir.runtime.spec import ModelSpec
    from opir.runtime.weights import bundled_folder, bundled_models, verify_model

    names = bundled_models()
    if not names:
        raise WeightsError(f"expected models in {bundled_folder()}, found none: install opir again")
    rows, failures = [_HEADINGS], []
    for name in names:
        folder = bundled_folder() / name
        try:
            spec = verify_model(folder) if verify else ModelSpec.load(folder)
        except WeightsError as error:
            failures.append(str(error))
            if as_json:
                typer.echo(json.dumps({"name": name, "error": str(error)}))
            continue
        rows.append(_row(spec, _size_bytes(folder, spec)))
        if as_json:
            typer.echo(_json_line(spec, _size_bytes(folder, spec)))
    if not as_json:
        say_columns(rows)
    if verify and not as_json:
        say(f"{len(names) - len(failures)} of {len(names)} models are intact")
    for message in failures:
        fail(message)
    if failures:
        raise typer.Exit(1)


def _size_bytes(folder: Path, spec: ModelSpec) -> int:
    return sum((folder / name).stat().st_size for name in spec.sha256 if (folder / name).is_file())


def _row(spec: ModelSpec, size_bytes: int) -> tuple[str, str, str, str, str, str, str]:
    return (
        spec.name,
        spec.version,
        f"{spec.n_parameters:,}",
        " / ".join(f"{macs:.2f}" for macs in (spec.giga_macs_256, spec.expert_giga_macs_256) if macs is not None),
        f"{size_bytes / 1e6:.1f} MB",
        spec.fingerprint[:12],
        ", ".join(spec.trained_tasks),
    )


def _json_line(spec: ModelSpec, size_bytes: int) -> str:
    return json.dumps(
        {
            "name": spec.name,
            "version": spec.version,
            "n_parameters": spec.n_parameters,
            "giga_macs_256": spec.giga_macs_256,
            "expert_giga_macs_256": spec.expert_giga_macs_256,
            "size_bytes": size_bytes,
            "sha256": spec.fingerprint,
            "trained_tasks": list(spec.trained_tasks),
        }
    )

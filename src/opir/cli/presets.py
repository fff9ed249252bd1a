"""``opir presets``: the sizes of the network and what each of them costs."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Annotated

import typer


@dataclass(frozen=True, kw_only=True)
class PresetRow:
    """Cost of one preset: parameters, multiply-adds [10^9] at 256 x 256, distances [px]."""

    name: str
    n_parameters: int
    giga_macs_256: float
    giga_macs_operator: float
    stride: int
    stage_halo: int
    encoder_halo: int


def presets(as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Print parameters, multiply-adds at 256 x 256 and halo of every preset. Needs the torch extra."""
    from rich.console import Console
    from rich.table import Table

    from opir.model import PRESETS, encoder_halo, measure_cost, stage_halo

    rows = []
    for name, config in PRESETS.items():
        cost = measure_cost(config)
        rows.append(
            PresetRow(
                name=name,
                n_parameters=cost.n_parameters,
                giga_macs_256=round(cost.n_macs / 1e9, 3),
                giga_macs_operator=round(cost.n_operator_macs / 1e9, 4),
                stride=config.stride,
                stage_halo=stage_halo(config),
                encoder_halo=encoder_halo(config),
            )
        )
    if as_json:
        typer.echo(json.dumps([asdict(row) for row in rows], indent=1))
        return
    table = Table(title="Presets: both stages and the estimator, 256 x 256")
    headings = (
        "preset",
        "parameters [M]",
        "GMAC",
        "of it operator",
        "stride [px]",
        "stage halo [px]",
        "encoder halo [px]",
    )
    for heading in headings:
        table.add_column(heading, justify="left" if heading == "preset" else "right")
    for row in rows:
        values = (row.giga_macs_256, row.giga_macs_operator, row.stride, row.stage_halo, row.encoder_halo)
        table.add_row(row.name, f"{row.n_parameters / 1e6:.3f}", *map(str, values))
    Console().print(table)

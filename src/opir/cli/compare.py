"""``opir compare``: two pictures, or two folders of them, side by side on one sheet."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from opir.cli.console import fail, say
from opir.cli.output_plan import check_free
from opir.errors import ImageError

if TYPE_CHECKING:
    from opir.cli.comparison import Comparison


def compare(
    first: Annotated[Path, typer.Argument(metavar="A", help="Picture or folder.", show_default=False, readable=False)],
    second: Annotated[Path, typer.Argument(metavar="B", help="Picture or folder.", show_default=False, readable=False)],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="PATH", help="Sheet to write.", show_default=False)],
    difference: Annotated[
        bool, typer.Option("--difference", help="Add a heat map of the difference, all on one scale.")
    ] = False,
    rows: Annotated[int, typer.Option(min=1, metavar="N", help="Largest number of pairs on the sheet.")] = 40,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an existing sheet.")] = False,
) -> None:
    """Draw pictures side by side, with PSNR and mean absolute difference of each pair.

    Files of two folders belong together if they have the same path below them; where that leaves a file alone, the
    suffix does not count. A pair that cannot be read is reported and left out, and the exit code is then 1.
    """
    if first.is_dir() != second.is_dir() and first.exists() and second.exists():
        raise typer.BadParameter(f"{first} and {second} must be two pictures or two folders")
    check_free(output, overwrite=overwrite)

    from opir.cli.comparison import draw_comparison, pair_up, read_comparison
    from opir.imaging import check_output_path, write_photo

    check_output_path(output)
    pairs, n_alone = pair_up(first, second)
    if not pairs:
        fail(f"no file of {first} has a partner in {second}")
        raise typer.Exit(1)
    done: list[Comparison] = []
    for pair in pairs[:rows]:
        try:
            done.append(read_comparison(pair))
        except ImageError as error:
            fail(str(error))
    if done:
        headings = (first.name or str(first), second.name or str(second))
        write_photo(draw_comparison(done, headings, difference=difference), output)
    for each in done:
        say(f"{each.name}: {each.summary}")
    left_out = f", {len(pairs) - rows} more pairs left out" if len(pairs) > rows else ""
    alone = f", {n_alone} files without a partner" if n_alone else ""
    say(f"{output}: {len(done)} pairs{left_out}{alone}")
    if len(done) < len(pairs[:rows]):
        raise typer.Exit(1)

"""``opir degrade``: a picture in, the same picture spoilt by known physics out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from opir.cli.console import choice, say
from opir.cli.output_plan import check_free, create_folders, plan_jobs
from opir.physics.kinds import KINDS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from opir.imaging import Photo

LARGEST_SEED = 2**63 - 1


def degrade(
    picture: Annotated[
        Path, typer.Argument(metavar="INPUT", help="Picture to degrade.", show_default=False, readable=False)
    ],
    output: Annotated[
        str, typer.Option("--output", "-o", metavar="PATH", help="File to write, or a folder.", show_default=False)
    ],
    kind: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help=f"What to do to it: {', '.join(KINDS)}. Repeatable.", show_default=False),
    ] = None,
    severity: Annotated[
        float, typer.Option(min=0.0, max=1.0, metavar="0..1", help="0 changes nothing, 1 is the worst plausible.")
    ] = 0.5,
    seed: Annotated[int, typer.Option(min=0, max=LARGEST_SEED, metavar="N", help="Decides everything random.")] = 0,
    gallery: Annotated[
        bool,
        typer.Option(
            "--gallery", help="Write a contact sheet instead: one row per kind (all of them if none is given)."
        ),
    ] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an existing result.")] = False,
    quality: Annotated[
        int | None,
        typer.Option(min=1, max=100, metavar="1..100", help="JPEG or WebP quality.", show_default="like the input"),
    ] = None,
) -> None:
    """Degrade a picture with the physics that the networks are trained with.

    Several kinds are applied in the order in which light meets them, whatever the order on the command line. The
    same input, kinds, severity and seed give the same picture.
    """
    if not kind and not gallery:
        raise typer.BadParameter("name what to do to the picture, or ask for a --gallery", param_hint="--kind")
    kinds = list(dict.fromkeys(choice(name, KINDS, option="--kind") for name in kind or []))
    (job,) = plan_jobs([picture], output, None)
    check_free(job.output, overwrite=overwrite)

    from opir.imaging import check_output_path, read_photo, write_photo
    from opir.physics.compose import physical_order

    photo = read_photo(picture)
    create_folders([picture], output)
    size = None if gallery else (photo.width, photo.height)
    check_output_path(job.output, transparent=photo.is_transparent and not gallery, size=size)
    if gallery:
        from opir.cli.contact_sheet import draw_contact_sheet

        write_photo(draw_contact_sheet(photo, kinds, seed=seed), job.output, quality=quality)
        say(f"{picture} -> {job.output}: contact sheet")
        return
    write_photo(_degraded(photo, kinds, severity=severity, seed=seed), job.output, quality=quality)
    say(f"{picture} -> {job.output}: {', '.join(physical_order(kinds))}, severity {severity:g}, seed {seed}")


def _degraded(photo: Photo, kinds: Sequence[str], *, severity: float, seed: int) -> Photo:
    """The picture after the degradations: same size, colour model, transparency and metadata."""
    from opir.imaging import from_network, to_network

    return from_network(degrade_pixels(to_network(photo), kinds, severity=severity, seed=seed), like=photo)


def degrade_pixels(
    pixels: NDArray[np.float32], kinds: Sequence[str], *, severity: float, seed: int
) -> NDArray[np.float32]:
    """Degrade one picture (3, H, W), sRGB in [0, 1]; the result has the same shape and range."""
    import torch

    from opir.physics.compose import compose

    generator = torch.Generator().manual_seed(seed)
    with torch.inference_mode():
        image = torch.from_numpy(pixels)[None]
        result: NDArray[np.float32] = compose(image, kinds, generator, severity=severity).image[0].numpy()
    return result

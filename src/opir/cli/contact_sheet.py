"""A contact sheet: the same picture under every degradation at rising severity, with labels."""

from __future__ import annotations

from collections.abc import Sequence

from opir.cli.degrade import degrade_pixels
from opir.cli.sheet import Row, draw_sheet, reduced
from opir.imaging import Photo, to_network

SEVERITIES = (0.0, 0.25, 0.5, 0.75, 1.0)
"""One column each."""


def draw_contact_sheet(photo: Photo, kinds: Sequence[str], *, seed: int) -> Photo:
    """Degrade a reduced copy of a picture by every kind at every severity and lay the results out.

    Args:
        photo: the picture; transparency and metadata are left out.
        kinds: one row each, in the given order; everything in the catalogue if empty.
        seed: the same for every row, so that a row shows one scene in worsening conditions.

    Returns:
        An opaque RGB picture.
    """
    from opir.physics.catalogue import OPERATORS

    tile = to_network(Photo(pixels=reduced(to_network(photo))))
    rows = [
        Row(
            label=[kind.replace("_", " ")],
            tiles=[reduced(degrade_pixels(tile, [kind], severity=severity, seed=seed)) for severity in SEVERITIES],
        )
        for kind in list(kinds) or list(OPERATORS)
    ]
    return draw_sheet([f"{severity:g}" for severity in SEVERITIES], rows)

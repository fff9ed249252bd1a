"""Draws many short straight streaks at once: falling drops and flakes that move during the exposure."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

_SPACING_PX = 0.5
"""Largest distance of the points that a streak is drawn with: at 0.7 the pixel grid shows as a ripple of 9 %."""

_TAPER = 0.15
"""Share of the path over which a streak fades in and out at each end."""

_POINTS_AT_ONCE = 2_000_000


@dataclass(frozen=True, kw_only=True)
class Streaks:
    """Streaks of all images of a batch in one list; every field has shape (N,)."""

    image: Tensor
    """int64: which image of the batch."""
    x_px: Tensor
    """Column of the middle."""
    y_px: Tensor
    """Row of the middle."""
    length_px: Tensor
    """Length of the path, not negative."""
    width_px: Tensor
    """Diameter of what moves, above 0; may be less than a pixel."""
    angle_rad: Tensor
    """Direction of fall: 0 is straight down, positive leans to the right."""
    opacity: Tensor
    """Coverage along the axis of the streak."""


@torch.no_grad()
def render_streaks(streaks: Streaks, n_images: int, height: int, width: int) -> Tensor:
    """Coverage of the pixels by streaks; overlapping streaks add up.

    What is drawn is the path of a ball of diameter w: at the distance s from the axis a pixel is shaded in
    proportion to the chord, ``sqrt(1 - (2 s / w) ** 2)``, and both ends are round. Of what exceeds the width, the
    first and last 15 % fade, as drops enter and leave focus and light. A length below the width counts as the
    width. Streaks thinner than a pixel keep their sum over the pixels.

    Args:
        streaks: N streaks.
        n_images: B.
        height: of the pictures.
        width: of the pictures.

    Returns:
        (B, 1, height, width), float32, not negative and not bounded by 1.
    """
    canvas = torch.zeros(n_images * (height + 2) * (width + 2), device=streaks.image.device)
    streaks = _within_reach(streaks, height, width)
    length = torch.maximum(streaks.length_px, streaks.width_px)
    along = (length / _SPACING_PX).ceil().long().clamp(min=2)
    across = torch.where(streaks.width_px > 1, (streaks.width_px / _SPACING_PX).ceil().long(), 1)
    n_points = along * across
    total = n_points.cumsum(0)
    start = 0
    while start < len(total):
        drawn = int(total[start - 1]) if start else 0
        stop = int(torch.searchsorted(total, drawn + _POINTS_AT_ONCE, right=True))
        stop = max(stop, start + 1)
        chosen = torch.arange(start, stop, device=total.device).repeat_interleave(n_points[start:stop])
        _draw(canvas, streaks, length, along, across, total - n_points, chosen, drawn, (height, width))
        start = stop
    return canvas.view(n_images, 1, height + 2, width + 2)[..., 1:-1, 1:-1].contiguous()


def _within_reach(streaks: Streaks, height: int, width: int) -> Streaks:
    """The streaks that may touch a pixel; the others would be drawn for nothing."""
    length = torch.maximum(streaks.length_px, streaks.width_px)
    reach = 0.5 * (length**2 + streaks.width_px**2).sqrt() + 1
    kept = (streaks.x_px > -reach) & (streaks.x_px < width - 1 + reach)
    kept &= (streaks.y_px > -reach) & (streaks.y_px < height - 1 + reach)
    return Streaks(
        image=streaks.image[kept],
        x_px=streaks.x_px[kept],
        y_px=streaks.y_px[kept],
        length_px=streaks.length_px[kept],
        width_px=streaks.width_px[kept],
        angle_rad=streaks.angle_rad[kept],
        opacity=streaks.opacity[kept],
    )


def _draw(
    canvas: Tensor,
    streaks: Streaks,
    length: Tensor,
    along: Tensor,
    across: Tensor,
    first: Tensor,
    streak: Tensor,
    drawn: int,
    size: tuple[int, int],
) -> None:
    """Add the points of some streaks to the canvas; ``streak`` (P,) names the streak of every point."""
    number = torch.arange(drawn, drawn + len(streak), device=streak.device) - first[streak]
    n_along, n_across = along[streak], across[streak]
    thickness, reach = streaks.width_px[streak], length[streak]
    forward = (((number % n_along) + 0.5) / n_along - 0.5) * reach
    side = 2 * ((number // n_along) + 0.5) / n_across - 1  # (-1, 1) across
    from_end = 0.5 * reach - forward.abs()
    cap = (1 - 2 * from_end / thickness).clamp(min=0)
    chord = (1 - side**2 - cap**2).clamp(min=0).sqrt()
    chord = torch.where(n_across > 1, chord, torch.pi / 4 * (1 - cap**2))
    fade = (from_end / (_TAPER * (reach - thickness)).clamp(min=1e-3)).clamp(max=1)
    area = (streaks.opacity * length * streaks.width_px / (along * across))[streak]
    mass = area * fade * chord

    sine, cosine = streaks.angle_rad.sin()[streak], streaks.angle_rad.cos()[streak]
    sideways = 0.5 * side * thickness
    x = streaks.x_px[streak] + forward * sine + sideways * cosine
    y = streaks.y_px[streak] + forward * cosine - sideways * sine
    _splat(canvas, streaks.image[streak], x, y, mass, size)


def _splat(canvas: Tensor, image: Tensor, x: Tensor, y: Tensor, mass: Tensor, size: tuple[int, int]) -> None:
    """Share the mass of points among the four pixels around each; points outside end in the margin."""
    height, width = size
    x, y = x.clamp(-1, width), y.clamp(-1, height)
    column, row = x.floor(), y.floor()
    right, low = x - column, y - row
    corner = (image * (height + 2) + row.long().clamp(max=height - 1) + 1) * (width + 2)
    corner += column.long().clamp(max=width - 1) + 1
    right = right + (column > width - 1)  # on the far margin: all mass to the last column and row
    low = low + (row > height - 1)
    for offset, share in (
        (0, (1 - right) * (1 - low)),
        (1, right * (1 - low)),
        (width + 2, (1 - right) * low),
        (width + 3, right * low),
    ):
        canvas.index_add_(0, corner + offset, mass * share)


def concatenate_streaks(parts: list[Streaks]) -> Streaks:
    """One list of streaks from several."""
    return Streaks(
        image=torch.cat([part.image for part in parts]),
        x_px=torch.cat([part.x_px for part in parts]),
        y_px=torch.cat([part.y_px for part in parts]),
        length_px=torch.cat([part.length_px for part in parts]),
        width_px=torch.cat([part.width_px for part in parts]),
        angle_rad=torch.cat([part.angle_rad for part in parts]),
        opacity=torch.cat([part.opacity for part in parts]),
    )

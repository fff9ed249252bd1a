"""Generated depth maps that look like scenes, for the operators whose strength depends on distance.

There is no depth sensor behind an ordinary photograph, so distance is invented: a plausible layout (ground
and horizon, ranges of hills, tree lines, streets; or a furnished room) is laid over the picture, and its
discontinuities are pulled onto the picture's own edges. Smooth noise would do neither.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from opir.physics.degradation import Parameters, draw_seeds, log_uniform, uniform
from opir.physics.depth_edges import snap_to_edges
from opir.physics.depth_indoor import indoor_depth
from opir.physics.depth_outdoor import outdoor_depth

NEAREST_M = 0.3
"""No surface is nearer to the camera than this."""

_LAYOUT_SIDE = 64
"""Longer side, in cells, of the layout that is bent onto a larger picture."""


@dataclass(frozen=True, kw_only=True)
class SceneParameters(Parameters):
    """What a generated depth map depends on."""

    seed: Tensor
    """(B,), int64: the layout."""
    indoor: Tensor
    """(B,), bool: a room instead of a landscape or street."""
    extent_m: Tensor
    """(B,), metres: distance of the farthest surface; the sky lies there too."""
    window: Tensor
    """(B, 4), part of the scene that the picture shows: left, top, width, height in [0, 1]."""
    edge_strength: Tensor
    """(B,), in [0, 1]: how far depth follows the segments of the picture, 0 not at all."""


def sample_scenes(n: int, generator: torch.Generator, *, indoor_share: float = 0.5) -> SceneParameters:
    """Draw scenes as training crops see them: windows of any part of rooms (3-10 m) and views (60 m-8 km)."""
    seed = draw_seeds(n, generator)
    indoor = uniform(n, 0, 1, generator) < indoor_share
    extent = torch.where(indoor, log_uniform(n, 3, 10, generator), log_uniform(n, 60, 8000, generator))
    size = log_uniform(n, 0.25, 1.0, generator)
    left, top = uniform(n, 0, 1, generator) * (1 - size), uniform(n, 0, 1, generator) * (1 - size)
    return SceneParameters(
        seed=seed,
        indoor=indoor,
        extent_m=extent,
        window=torch.stack((left, top, size, size), dim=1),
        edge_strength=uniform(n, 0, 1, generator),
    )


def whole_scenes(n: int, generator: torch.Generator, *, indoor_share: float = 0.0) -> SceneParameters:
    """Draw scenes for whole photographs: nothing of the layout is cut off, edges are followed well."""
    drawn = sample_scenes(n, generator, indoor_share=indoor_share)
    full = torch.tensor([0.0, 0.0, 1.0, 1.0], device=drawn.window.device).repeat(n, 1)
    return SceneParameters(
        seed=drawn.seed,
        indoor=drawn.indoor,
        extent_m=drawn.extent_m,
        window=full,
        edge_strength=0.5 + 0.5 * drawn.edge_strength,
    )


def generate_depth(scene: SceneParameters, image: Tensor) -> Tensor:
    """Depth map of every image: a layout, bent so that it jumps where the picture has edges.

    Args:
        scene: parameters of B scenes.
        image: (B, 3, H, W), sRGB in [0, 1]; gives the size and the edges. No gradient flows into it.

    Returns:
        (B, 1, H, W), float32, distance along the optical axis in metres, in [``NEAREST_M``, ``extent_m``].
    """
    height, width = image.shape[-2:]
    step = max(height, width) / _LAYOUT_SIDE
    coarse = (height, width) if step <= 1 else (max(1, round(height / step)), max(1, round(width / step)))
    layout = scene_layout(scene, *coarse)[:, 0]
    depth = snap_to_edges(layout, image.detach(), scene.seed, scene.edge_strength)
    return torch.minimum(depth.clamp(min=NEAREST_M), scene.extent_m[:, None, None])[:, None]


def scene_layout(scene: SceneParameters, height: int, width: int) -> Tensor:
    """The bare scene, with sharp edges that know nothing of a picture.

    Returns:
        (B, 1, height, width), float32, metres, in [``NEAREST_M``, ``extent_m``].
    """
    x, y = _scene_coordinates(scene.window, height, width)
    depth = torch.empty(scene.batch_size, height, width, device=scene.seed.device)
    for chosen, build in ((scene.indoor, indoor_depth), (~scene.indoor, outdoor_depth)):
        rows = chosen.nonzero()[:, 0]
        if len(rows) > 0:
            depth[rows] = build(scene.seed[rows], x[rows], y[rows], scene.extent_m[rows])
    return torch.minimum(depth.clamp(min=NEAREST_M), scene.extent_m[:, None, None])[:, None]


def _scene_coordinates(window: Tensor, height: int, width: int) -> tuple[Tensor, Tensor]:
    """Pixel centres: x (B, 1, W), 0 in the middle of the scene; y (B, H, 1), 0 at its top, 1 at its bottom."""
    left, top, share_x, share_y = window[:, :, None].unbind(dim=1)
    columns = (torch.arange(width, device=window.device) + 0.5) / width
    rows = (torch.arange(height, device=window.device) + 0.5) / height
    aspect = min(max(width / height, 0.5), 2.0)
    x = (left + share_x * columns - 0.5) * aspect
    y = top + share_y * rows
    return x[:, None, :], y[:, :, None]

"""Depth of generated outdoor scenes: ground, skylines in layers, street walls, single objects, sky.

A pinhole camera at height ``h`` over flat ground, focal length ``f`` in picture heights, horizon at row
``v0`` (Hartley & Zisserman, Multiple View Geometry, 2nd ed., section 8.6: the horizon is the vanishing line of
the ground plane):

* ground at row v below the horizon: ``d = h f / (v - v0)``,
* a vertical wall parallel to the view at lateral distance X: ``d = f X / |x - x0|``,
* an upright thing at distance D that rises by the angle a over the eye: its top is at row ``v0 - f a``.

The visible surface is the nearest of all of them.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from opir.physics.random_fields import image_uniform, lattice_noise, table_lookup

_N_LAYERS = 6
_N_OBJECTS = 5
_TABLE = 64


def outdoor_depth(seed: Tensor, x: Tensor, y: Tensor, extent_m: Tensor) -> Tensor:
    """Depth of outdoor scenes.

    Args:
        seed: (B,), int64.
        x: (B, 1, W), horizontal position in picture heights, 0 in the middle of the scene.
        y: (B, H, 1), vertical position in picture heights, 0 at the top of the scene, 1 at the bottom.
        extent_m: (B,), distance of the sky in metres.

    Returns:
        (B, H, W), metres, above 0 and at most ``extent_m``.
    """
    camera = image_uniform(seed, 6, 1, 1, stream=1)
    horizon = 0.15 + 0.5 * camera[:, 0]
    focal = 0.8 + 0.8 * camera[:, 1]
    vanishing = (camera[:, 2] - 0.5) * 0.8
    extent = extent_m[:, None, None]
    eye_m = (extent * _log_scale(camera[:, 3], 0.02, 0.2)).clamp(min=1.2)

    tilt = (camera[:, 4] - 0.5) * 0.08
    level = y - tilt * x - horizon  # rows below the horizon
    ground = torch.where(level > 1e-4, eye_m * focal / level.clamp(min=1e-4), extent)
    depth = torch.minimum(ground, extent)
    depth = torch.minimum(depth, _skylines(seed, x, level / focal, extent))
    depth = torch.minimum(depth, _street_walls(seed, x - vanishing, level / focal, focal, eye_m, extent))
    return torch.minimum(depth, _objects(seed, x, level / focal, eye_m, extent))


def _log_scale(fraction: Tensor, low: float, high: float) -> Tensor:
    return low * (high / low) ** fraction


def _skylines(seed: Tensor, x: Tensor, down: Tensor, extent: Tensor) -> Tensor:
    """Nearest of several upright layers, each an outline of hills, trees or buildings; infinity elsewhere."""
    draws = image_uniform(seed, 8, _N_LAYERS, 1, stream=2)
    order = torch.arange(_N_LAYERS, device=seed.device)[:, None]
    nearness = 1 - (order + draws[:, 0]) / _N_LAYERS
    share = _log_scale(1 - nearness, 0.3, 0.9)  # of the extent
    tables = image_uniform(seed, 3, _N_LAYERS, _TABLE, stream=3)
    place = x.expand(-1, _N_LAYERS, -1) + 40 * draws[:, 1]

    hills = _octaves(tables[:, 0], place * (1 + 3 * draws[:, 2]), n_octaves=4, gain=0.45)
    trees = 1.5 * _octaves(tables[:, 1], place * (4 + 10 * draws[:, 2]), n_octaves=5, gain=0.65) - 0.35
    blocks = table_lookup(tables[:, 2], place * (3 + 9 * draws[:, 2]))
    buildings = torch.where(blocks < 0.3, -1.0, blocks)
    kind = draws[:, 3] + 0.5 * (0.5 - nearness)  # far layers are rather hills, near ones rather built
    outline = torch.where(kind > 0.55, hills, torch.where(kind > 0.25, trees, buildings))
    rise = (0.03 + 0.22 * draws[:, 4]) * share**-0.3
    present = draws[:, 5] < 0.75
    top = torch.where(present, -rise * outline, math.inf)  # (B, L, W), rows over focal length

    bulge = 1 + 0.05 * lattice_noise(tables[:, 1], place * 1.5)
    distance = extent * share * bulge
    nearest = torch.full((), math.inf, device=seed.device).expand(len(seed), down.shape[1], x.shape[-1])
    for layer in range(_N_LAYERS):
        hidden = down > top[:, layer, None]
        nearest = torch.minimum(nearest, torch.where(hidden, distance[:, layer, None], math.inf))
    return nearest


def _octaves(table: Tensor, position: Tensor, *, n_octaves: int, gain: float) -> Tensor:
    """Fractal noise in about [0, 1]: octaves of lattice noise, each ``gain`` times weaker."""
    weights = [gain**octave for octave in range(n_octaves)]
    total = torch.zeros_like(position)
    for octave, weight in enumerate(weights):
        total = total + weight * lattice_noise(table, position * 2.03**octave + 7.7 * octave)
    return total / sum(weights)


def _street_walls(seed: Tensor, x: Tensor, down: Tensor, focal: Tensor, eye_m: Tensor, extent: Tensor) -> Tensor:
    """Rows of houses to the left and right, running into the distance; infinity elsewhere."""
    draws = image_uniform(seed, 2, 4, 1, 1, stream=4)
    tables = image_uniform(seed, 2, _TABLE, stream=5)
    nearest = torch.full((), math.inf, device=seed.device)
    for side, sign in enumerate((-1.0, 1.0)):
        chance, lateral, start, height = draws[:, side].unbind(dim=1)
        lateral_m = eye_m * (1.5 + 6 * lateral)
        distance = focal * lateral_m / (sign * x).clamp(min=1e-4)  # (B, 1, W)
        house = table_lookup(tables[:, side, None], 5 * (distance / extent).log())
        top = -(eye_m * (0.5 + (2 + 8 * height) * (0.4 + 0.6 * house))) / distance
        exists = (sign * x > 1e-4) & (distance > extent * (0.01 + 0.05 * start)) & (distance < 0.5 * extent)
        hidden = (down > top) & exists & (chance < 0.35)
        nearest = torch.minimum(nearest, torch.where(hidden, distance, math.inf))
    return nearest


def _objects(seed: Tensor, x: Tensor, down: Tensor, eye_m: Tensor, extent: Tensor) -> Tensor:
    """Posts, boxes and trees that stand on the ground; infinity elsewhere."""
    draws = image_uniform(seed, _N_OBJECTS, 6, 1, 1, stream=6)
    nearest = torch.full((), math.inf, device=seed.device)
    for number in range(_N_OBJECTS):
        place, near, rise, wide, kind, chance = draws[:, number].unbind(dim=1)
        distance = torch.maximum(extent * _log_scale(near, 0.12, 0.5), 1.5 * eye_m)
        foot = eye_m / distance
        tall = _log_scale(rise, 0.08, 0.7)
        across = (x - (place - 0.5) * 1.6).abs()
        upright = down - (foot - tall)  # 0 at the top, ``tall`` at the foot
        half_width = tall * torch.where(kind < 0.4, 0.02 + 0.06 * wide, 0.2 + 0.5 * wide)
        post = (upright > 0) & (across < half_width)
        crown = (across / half_width) ** 2 + ((upright - 0.35 * tall) / (0.35 * tall)) ** 2 < 1
        trunk = (upright > 0.5 * tall) & (across < 0.05 * tall)
        inside = torch.where(kind > 0.7, crown | trunk, post) & (chance < 0.6) & (upright < tall)
        nearest = torch.minimum(nearest, torch.where(inside, distance, math.inf))
    return nearest

"""Depth of generated rooms: four walls, floor and ceiling, a doorway, furniture as boxes.

The camera stands in an axis-parallel box and looks along a yawed and pitched direction. For a ray
``p = o + t r`` with ``r = R (x / f, y / f, 1)`` the depth along the optical axis is ``t`` itself; the room is
left through the nearest of its planes, and a box is entered at the largest of its three slab distances (Kay &
Kajiya, "Ray tracing complex scenes", SIGGRAPH 1986, section 2).
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from opir.physics.random_fields import image_uniform

_N_BOXES = 7


def indoor_depth(seed: Tensor, x: Tensor, y: Tensor, extent_m: Tensor) -> Tensor:
    """Depth of rooms.

    Args:
        seed: (B,), int64.
        x: (B, 1, W), horizontal position in picture heights, 0 in the middle of the scene.
        y: (B, H, 1), vertical position in picture heights, 0 at the top of the scene, 1 at the bottom.
        extent_m: (B,), distance of the far wall in metres.

    Returns:
        (B, H, W), metres, above 0.
    """
    draws = image_uniform(seed, 10, 1, 1, stream=11)
    length = extent_m[:, None, None] * (0.75 + 0.2 * draws[:, 0])  # a corner may lie farther than the wall
    half_left = length * (0.25 + 0.45 * draws[:, 1])
    half_right = length * (0.25 + 0.45 * draws[:, 2])
    floor = 1.2 + 0.5 * draws[:, 3]
    ceiling = -(1.0 + 1.3 * draws[:, 4])
    rays = _rays(x, y, focal=0.75 + 0.6 * draws[:, 5], yaw=1.1 * (draws[:, 6] - 0.5), pitch=draws[:, 7])

    depth = torch.minimum(_exit(rays[0], -half_left, half_right), _exit(rays[1], ceiling, floor))
    back = torch.where(rays[2] > 1e-6, length / rays[2].clamp(min=1e-6), math.inf)
    depth = torch.where(_doorway(seed, rays, back, floor, length), depth, torch.minimum(depth, back))
    depth = torch.minimum(depth, 1.4 * length)
    return torch.minimum(depth, _furniture(seed, rays, half_left, half_right, floor, length))


def _rays(x: Tensor, y: Tensor, *, focal: Tensor, yaw: Tensor, pitch: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Directions (right, down, ahead) in the room, of length 1 along the optical axis; (B, H, W) each."""
    right, down = x / focal, (y - 0.5) / focal
    angle = 0.4 * pitch - 0.05  # looking down a little
    ahead = torch.cos(angle) - down * torch.sin(angle)
    vertical = torch.sin(angle) + down * torch.cos(angle)
    sideways = right * torch.cos(yaw) + ahead * torch.sin(yaw)
    forward = -right * torch.sin(yaw) + ahead * torch.cos(yaw)
    return sideways, vertical.expand_as(sideways), forward


def _exit(direction: Tensor, low: Tensor, high: Tensor) -> Tensor:
    """Distance at which rays from the origin leave the slab [low, high], low < 0 < high."""
    wall = torch.where(direction > 0, high, low)
    return wall / torch.where(direction.abs() < 1e-6, 1e-6 * torch.sign(wall), direction)


def _doorway(seed: Tensor, rays: tuple[Tensor, Tensor, Tensor], back: Tensor, floor: Tensor, length: Tensor) -> Tensor:
    """Where the far wall has an opening (one room in two): 2 m high, about 1 m wide; (B, H, W), bool."""
    centre, wide, chance = image_uniform(seed, 3, 1, 1, stream=12).unbind(dim=1)
    reach = torch.where(back.isfinite(), back, 0.0)
    across = (rays[0] * reach - (centre - 0.5) * 0.6 * length).abs() < 0.4 + 0.5 * wide
    return across & (rays[1] * reach > floor - 2.0) & back.isfinite() & (chance < 0.5)


def _furniture(
    seed: Tensor,
    rays: tuple[Tensor, Tensor, Tensor],
    half_left: Tensor,
    half_right: Tensor,
    floor: Tensor,
    length: Tensor,
) -> Tensor:
    """Nearest entry point into any of the boxes on the floor or on the walls; infinity elsewhere."""
    draws = image_uniform(seed, _N_BOXES, 7, 1, 1, stream=13)
    inverse = [1 / torch.where(ray.abs() < 1e-6, 1e-6, ray) for ray in rays]
    nearest = torch.full((), math.inf, device=seed.device)
    for number in range(_N_BOXES):
        place, ahead, wide, deep, tall, lift, chance = draws[:, number].unbind(dim=1)
        half_wide, half_deep = 0.15 + 0.75 * wide**2, 0.15 + 0.5 * deep
        middle = -half_left + place * (half_left + half_right)
        start = 0.9 + ahead * (length - 0.9)
        foot = floor - torch.where(lift > 0.75, 0.9, 0.0)  # some hang on the wall or stand on another
        top = foot - (0.35 + 1.5 * tall**2)
        entry, leave = _slab(inverse[0], middle - half_wide, middle + half_wide)
        for axis, low, high in ((1, top, foot), (2, start, start + 2 * half_deep)):
            near, far = _slab(inverse[axis], low, high)
            entry, leave = torch.maximum(entry, near), torch.minimum(leave, far)
        hit = (entry < leave) & (entry > 0) & (chance < 0.8)
        nearest = torch.minimum(nearest, torch.where(hit, entry, math.inf))
    return nearest


def _slab(inverse: Tensor, low: Tensor, high: Tensor) -> tuple[Tensor, Tensor]:
    """Where rays enter and leave the space between two parallel planes."""
    first, second = low * inverse, high * inverse
    return torch.minimum(first, second), torch.maximum(first, second)

"""Random numbers and smooth random fields that belong to single images of a batch."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

_GOLDEN = 0x9E3779B97F4A7C15
_SEED_MASK = (1 << 62) - 1


def image_uniform(seed: Tensor, *shape: int, stream: int = 0) -> Tensor:
    """Uniform numbers in [0, 1) that depend on each image's own seed alone.

    Args:
        seed: (B,), int64.
        shape: what one image needs.
        stream: different streams of one seed are independent, so that two fields of an image do not repeat
            each other.

    Returns:
        ``(B, *shape)``, float32, on the device of ``seed``.
    """
    numbers = torch.empty(len(seed), *shape, device=seed.device)
    for row, value in zip(numbers, seed.tolist(), strict=True):
        mixed = (int(value) ^ (stream * _GOLDEN)) & _SEED_MASK
        row.uniform_(generator=torch.Generator(device=seed.device).manual_seed(mixed))
    return numbers


def image_normal(seed: Tensor, *shape: int, stream: int = 0) -> Tensor:
    """Standard normal numbers that depend on each image's own seed alone; see :func:`image_uniform`."""
    numbers = torch.empty(len(seed), *shape, device=seed.device)
    for row, value in zip(numbers, seed.tolist(), strict=True):
        mixed = (int(value) ^ (stream * _GOLDEN)) & _SEED_MASK
        row.normal_(generator=torch.Generator(device=seed.device).manual_seed(mixed))
    return numbers


def smooth_field(seed: Tensor, height: int, width: int, *, cells: int, stream: int = 0) -> Tensor:
    """Smooth random field: lattice noise with about ``cells`` cells along each side, bicubic in between.

    Returns:
        (B, 1, height, width), float32, within [-1, 1].
    """
    lattice = 2 * image_uniform(seed, 1, cells + 1, cells + 1, stream=stream) - 1
    return F.interpolate(lattice, size=(height, width), mode="bicubic", align_corners=True).clamp(-1, 1)


def lattice_noise(table: Tensor, position: Tensor) -> Tensor:
    """One-dimensional lattice noise ("value noise"), smooth between the nodes, periodic in the table.

    Args:
        table: (..., T), values at the integers.
        position: (..., X), where to evaluate, any real number.

    Returns:
        (..., X).
    """
    node = position.floor()
    fraction = position - node
    blend = fraction * fraction * (3 - 2 * fraction)
    left = table_lookup(table, node)
    right = table_lookup(table, node + 1)
    return torch.lerp(left, right, blend)


def table_lookup(table: Tensor, position: Tensor) -> Tensor:
    """Piecewise constant counterpart of :func:`lattice_noise`: the value at ``floor(position)``."""
    index = position.floor().long().remainder(table.shape[-1])
    return table.gather(-1, index.expand(*table.shape[:-1], index.shape[-1]))

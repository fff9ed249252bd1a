"""Numbers and fields of single images, brought to the shape of the batch that they act on."""

from __future__ import annotations

import torch
from torch import Tensor

from opir.physics.random_fields import image_normal


def per_image(values: Tensor, like: Tensor) -> Tensor:
    """Give values (B, ...) the trailing dimensions, dtype and device to broadcast over ``like`` (B, C, H, W).

    (B,) becomes (B, 1, 1, 1) and (B, C) becomes (B, C, 1, 1).
    """
    shape = values.shape + (1,) * (like.ndim - values.ndim)
    return values.to(device=like.device, dtype=like.dtype).reshape(shape)


def normal_like(seed: Tensor, like: Tensor, *, stream: int = 0) -> Tensor:
    """Independent standard normal values, one field per image, field i from seed i alone.

    The values are drawn in float32 whatever the dtype of ``like``, so that a computation in float64 sees the
    same field. A CPU and a GPU have different generators and draw different fields from one seed.

    Args:
        seed: (B,), int64.
        like: (B, C, H, W), gives shape, device and dtype.
        stream: different streams of one seed are independent.

    Returns:
        (B, C, H, W), mean 0, standard deviation 1.
    """
    return image_normal(seed.to(like.device), *like.shape[1:], stream=stream).to(like.dtype)


def keep_where(unchanged: Tensor, image: Tensor, degraded: Tensor) -> Tensor:
    """Take ``image`` where ``unchanged`` (B,) holds and ``degraded`` elsewhere.

    A conversion to linear light and back is not exact in floating point; this makes the identity exact.
    """
    return torch.where(per_image(unchanged, image).bool(), image, degraded)

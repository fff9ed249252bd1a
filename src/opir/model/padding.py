"""Images whose sides are whole cells of the network."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor


def pad_to_stride(image: Tensor, stride: int) -> Tensor:
    """Pad (B, C, H, W) at the right and bottom to multiples of ``stride``.

    Pads by reflection; where a side is too short to reflect, its border is repeated.
    """
    height, width = image.shape[2:]
    right, bottom = -width % stride, -height % stride
    if right:
        image = F.pad(image, (0, right, 0, 0), mode="reflect" if right < width else "replicate")
    if bottom:
        image = F.pad(image, (0, 0, 0, bottom), mode="reflect" if bottom < height else "replicate")
    return image

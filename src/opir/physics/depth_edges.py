"""Pulls the discontinuities of a coarse depth map onto the edges of a picture.

Two steps. Each pixel belongs to the nearest of some seed pixels in position and colour, the assignment step
of SLIC (Achanta et al., "SLIC superpixels", PAMI 2012, equation 3); inside a segment depth moves towards the
segment's geometric mean, so that a thing of one colour is one thing at one distance. Then the depth is raised
to full resolution as a locally linear function of the picture (He & Sun, "Fast guided filter", 2015,
equations 1 and 4-6): it can jump only where the picture does.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from opir.physics.random_fields import image_uniform

_N_SEGMENTS = 20
_COLOUR_WEIGHT = 2.0
_FLATTENING = 0.9
_RADIUS = 2
_SMOOTHNESS = 2e-3
"""Variance of the guide, in squared sRGB values, below which a neighbourhood counts as flat."""


def snap_to_edges(depth: Tensor, image: Tensor, seed: Tensor, strength: Tensor) -> Tensor:
    """Full-resolution depth that follows the segments and edges of the picture.

    Args:
        depth: (B, h, w), coarse, above 0, any unit.
        image: (B, 3, H, W), sRGB in [0, 1].
        seed: (B,), int64: where the segments start.
        strength: (B,), in [0, 1], how far segments are flattened.

    Returns:
        (B, H, W), positive; may leave the range of ``depth`` a little at strong edges.
    """
    coarse = F.adaptive_avg_pool2d(image.float(), (depth.shape[-2], depth.shape[-1]))
    segment = picture_segments(coarse, seed)
    logarithm = depth.log().flatten(1)
    total = torch.zeros(len(depth), _N_SEGMENTS, device=depth.device).scatter_add(1, segment, logarithm)
    count = torch.zeros_like(total).scatter_add(1, segment, torch.ones_like(logarithm))
    mean = (total / count.clamp(min=1)).gather(1, segment)
    flattened = torch.lerp(logarithm, mean, _FLATTENING * strength[:, None]).view(len(depth), 1, *depth.shape[1:])
    return _guided_upsampling(flattened, coarse.mean(dim=1, keepdim=True), image.float().mean(dim=1)).exp()


def picture_segments(image: Tensor, seed: Tensor) -> Tensor:
    """Segment number of every pixel, (B, H * W), int64; segments are compact in position and colour.

    Args:
        image: (B, 3, H, W), sRGB in [0, 1].
        seed: (B,), int64: where the segments start.
    """
    height, width = image.shape[-2:]
    rows = torch.arange(height, device=image.device).repeat_interleave(width) / max(height, width)
    columns = torch.arange(width, device=image.device).repeat(height) / max(height, width)
    colours = (_COLOUR_WEIGHT * image).flatten(2).unbind(dim=1)
    features = [rows.expand(len(image), -1), columns.expand(len(image), -1), *colours]
    chosen = (image_uniform(seed, _N_SEGMENTS, stream=21) * (height * width)).long()
    centres = [feature.gather(1, chosen) for feature in features]

    nearest = torch.full((len(image), height * width), torch.inf, device=image.device)
    segment = torch.zeros(len(image), height * width, dtype=torch.int64, device=image.device)
    for number in range(_N_SEGMENTS):
        distance = torch.zeros_like(nearest)
        for feature, centre in zip(features, centres, strict=True):
            difference = feature - centre[:, number, None]
            distance.addcmul_(difference, difference)
        segment.masked_fill_(distance < nearest, number)
        nearest = torch.minimum(nearest, distance)
    return segment


def _guided_upsampling(values: Tensor, coarse_guide: Tensor, guide: Tensor) -> Tensor:
    """Locally linear function of ``guide`` (B, H, W) that approximates coarse ``values`` (B, 1, h, w)."""
    together = torch.cat((coarse_guide, values, coarse_guide * values, coarse_guide**2), dim=1)
    mean_guide, mean_values, mean_product, mean_square = _box_mean(together).tensor_split(4, dim=1)
    variance = (mean_square - mean_guide**2).clamp(min=0)
    slope = (mean_product - mean_guide * mean_values) / (variance + _SMOOTHNESS)
    offset = mean_values - slope * mean_guide
    line = F.interpolate(
        _box_mean(torch.cat((slope, offset), dim=1)),
        size=guide.shape[-2:],
        mode="bilinear",
        align_corners=False,
    )
    return line[:, 0] * guide + line[:, 1]


def _box_mean(values: Tensor) -> Tensor:
    padded = F.pad(values, (_RADIUS,) * 4, mode="replicate")
    return F.avg_pool2d(padded, 2 * _RADIUS + 1, stride=1)

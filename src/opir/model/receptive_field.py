"""How far the network looks, computed from its architecture: the halo that makes tiles exact."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from opir.model.config import NetworkConfig
from opir.model.estimator import ENCODER_STRIDE

Interval = tuple[int, int]
"""First and last index that a result depends on, along one axis."""

Step = Callable[[Interval], Interval]
"""One layer read backwards: from an interval of its output to the interval of its input."""


def stage_halo(config: NetworkConfig) -> int:
    """Pixels around a tile that one stage needs so that the tile equals the whole image; a multiple of the stride."""
    reach = max(
        _reach(list(_predictor_backwards(config)), config.stride),
        max(config.dilations) * (config.kernel_size // 2),
    )
    return _round_up(reach, config.stride)


def encoder_halo(config: NetworkConfig) -> int:
    """Pixels around a tile that the degradation estimator's encoder needs; a multiple of the stride."""
    steps = [_dilated_conv3(dilation) for dilation in reversed(config.estimator_dilations)]
    steps += [_conv3, _strided_conv3, _conv3, _fold(4)]
    # One cell of the feature map covers ENCODER_STRIDE pixels; measure from the cell's own pixels.
    first, last = 0, 0
    for step in steps:
        first, last = step((first, last))
    return _round_up(max(-first, last - (ENCODER_STRIDE - 1)), config.stride)


def _predictor_backwards(config: NetworkConfig) -> Iterator[Step]:
    """The layers on the deepest path of the predictor, last layer first; skips look less far."""
    yield _unfold(config.downscale)
    yield from [_conv3] * (config.exit_kernel // 2)  # a k x k convolution sees as far as k // 2 of 3 x 3
    for n_blocks in config.decoder_blocks:
        yield from [_conv3] * (2 * n_blocks)
        yield _unfold(2)
    for level in reversed(range(len(config.widths))):
        yield from [_conv3] * (2 * config.encoder_blocks[level])
        if level:
            yield _fold(2)
    yield _conv3
    yield _fold(config.downscale)


def _reach(steps: list[Step], stride: int) -> int:
    """Largest distance, over all phases of the grid, between an output pixel and an input pixel it depends on."""
    farthest = 0
    for phase in range(stride):
        first, last = phase, phase
        for step in steps:
            first, last = step((first, last))
        farthest = max(farthest, phase - first, last - phase)
    return farthest


def _conv3(interval: Interval) -> Interval:
    return interval[0] - 1, interval[1] + 1


def _dilated_conv3(dilation: int) -> Step:
    return lambda interval: (interval[0] - dilation, interval[1] + dilation)


def _strided_conv3(interval: Interval) -> Interval:
    return 2 * interval[0] - 1, 2 * interval[1] + 1


def _fold(factor: int) -> Step:
    """Pixel-unshuffle, or a convolution whose stride is its size: one cell reads ``factor`` pixels."""
    return lambda interval: (factor * interval[0], factor * interval[1] + factor - 1)


def _unfold(factor: int) -> Step:
    """Pixel-shuffle: one pixel reads one cell."""
    return lambda interval: (interval[0] // factor, interval[1] // factor)


def _round_up(value: int, multiple: int) -> int:
    return -(-value // multiple) * multiple

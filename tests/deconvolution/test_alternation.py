"""The two steps of the alternation."""

from __future__ import annotations

import numpy as np
from tests.deconvolution.pictures import blurred, hook_kernel, line_kernel, rectangles

from opir.deconvolution.alternation import N_MAPS, alternation_maps, kernel_between, sharp_edges
from opir.deconvolution.fast_length import fast_length
from opir.deconvolution.kernel import REACH_PX, SIDE, Float32


def distance(first: Float32, second: Float32) -> float:
    return float(((first - second) ** 2).sum() / (second**2).sum())


def test_the_kernel_between_a_picture_and_its_blur_is_found() -> None:
    plane = rectangles()
    for kernel in (line_kernel(9), line_kernel(5, along="rows"), hook_kernel()):
        raw, found = kernel_between(plane, blurred(plane, kernel))
        centred = np.roll(kernel, -round(float(kernel.sum(axis=0) @ (np.arange(SIDE) - REACH_PX))), axis=1)
        assert raw.max() <= 1
        assert abs(found.sum() - 1) < 1e-4
        assert distance(found, centred) < 0.2  # softened by the penalty


def test_sharp_edges_are_nearer_to_the_picture_than_its_blur() -> None:
    plane, kernel = rectangles(), line_kernel(9)
    soft = blurred(plane, kernel)
    sharp = sharp_edges(soft, kernel, 2e-3)
    inner = (slice(24, -24), slice(24, -24))
    assert sharp.shape == plane.shape
    assert ((sharp - plane)[inner] ** 2).mean() < 0.4 * ((soft - plane)[inner] ** 2).mean()


def test_maps_of_every_turn() -> None:
    plane, kernel = rectangles(seed=2), line_kernel(7)
    maps = alternation_maps(blurred(plane, kernel))
    assert maps.shape == (N_MAPS, SIDE, SIDE)
    assert maps.dtype == np.float32
    cleaned = maps[1::2] / 10
    assert np.allclose(cleaned.sum(axis=(1, 2)), 1, atol=1e-3)
    assert np.allclose(maps[-1], np.log(cleaned[-1] + 1e-4) / 4, atol=1e-5)
    assert max(distance(turn, kernel) for turn in cleaned) < 0.4
    assert min(distance(turn, kernel.T) for turn in cleaned) > 0.8


def test_a_flat_picture_gives_finite_maps() -> None:
    assert np.isfinite(alternation_maps(np.full((96, 96), 0.3, np.float32))).all()


def test_fast_lengths() -> None:
    assert [fast_length(n) for n in (1, 2, 7, 97, 320, 321)] == [2, 2, 8, 100, 320, 324]

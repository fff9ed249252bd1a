"""Generated depth maps: geometry in closed form, edges, windows and seeds."""

from __future__ import annotations

import torch
from torch import Tensor

from laws import picture, seeded
from opir.physics.depth import (
    NEAREST_M,
    SceneParameters,
    generate_depth,
    sample_scenes,
    scene_layout,
    whole_scenes,
)
from opir.physics.depth_indoor import indoor_depth
from opir.physics.random_fields import image_normal, image_uniform, lattice_noise, smooth_field, table_lookup


def with_window(scene: SceneParameters, window: Tensor) -> SceneParameters:
    return SceneParameters(
        seed=scene.seed,
        indoor=scene.indoor,
        extent_m=scene.extent_m,
        window=window,
        edge_strength=scene.edge_strength,
    )


def test_depth_is_metric_and_bounded_at_awkward_sizes() -> None:
    scene = sample_scenes(6, seeded(0))
    for size in ((1, 1), (1, 70), (5, 3), (90, 200)):
        depth = generate_depth(scene, picture(6, *size))
        assert depth.shape == (6, 1, *size)
        assert depth.isfinite().all()
        assert (depth >= NEAREST_M).all()
        assert (depth <= scene.extent_m[:, None, None, None] * (1 + 1e-6)).all()


def test_batch_equals_loop_and_seeds_matter() -> None:
    scene, image = sample_scenes(6, seeded(1)), picture(6, 70, 90)
    together = generate_depth(scene, image)
    alone = torch.cat([generate_depth(scene[i], image[i : i + 1]) for i in range(6)])
    torch.testing.assert_close(together, alone, rtol=1e-6, atol=0)
    assert not torch.equal(together, generate_depth(sample_scenes(6, seeded(2)), image))


def test_a_window_shows_exactly_that_part_of_the_layout() -> None:
    scene = whole_scenes(8, seeded(3), indoor_share=0.5)
    whole = scene_layout(scene, 64, 64)
    part = scene_layout(with_window(scene, torch.tensor([[0.25, 0.5, 0.5, 0.5]]).repeat(8, 1)), 32, 32)
    torch.testing.assert_close(part, whole[..., 32:64, 16:48], rtol=1e-3, atol=1e-3)


def test_outdoor_scenes_recede_upwards_and_hold_sky() -> None:
    layout = scene_layout(whole_scenes(40, seeded(4)), 48, 64)
    rows = layout.mean(dim=(0, 1, 3))
    assert (rows[:8].mean() > 2 * rows[-8:].mean()).item()
    assert (layout[:, :, :8].amax(dim=(1, 2, 3)) == layout.amax(dim=(1, 2, 3))).float().mean() > 0.8


def test_ground_plane_depth_is_inverse_to_the_rows_below_the_horizon() -> None:
    layout = scene_layout(whole_scenes(60, seeded(5)), 96, 8)
    inverse = (1 / layout[:, 0, -12:, 4]).double()  # 1 / d = (v - v0) / (h f): linear in the row
    curvature = inverse.diff(n=2, dim=1).abs().amax(dim=1) / inverse.diff(dim=1).abs().amax(dim=1).clamp(min=1e-12)
    is_ground = inverse.diff(dim=1).abs().amin(dim=1) > 0
    assert is_ground.sum() > 15
    assert (curvature[is_ground] < 1e-2).float().mean() > 0.8


def test_indoor_centre_ray_stays_inside_the_room() -> None:
    seed, extent = torch.arange(50), torch.linspace(3, 10, 50)
    depth = indoor_depth(seed, torch.linspace(-0.6, 0.6, 31).expand(50, 1, -1), torch.full((50, 1, 1), 0.5), extent)
    assert (depth > 0).all()
    assert (depth <= 1.4 * extent[:, None, None]).all()
    jumps = (depth.diff(dim=-1).abs() > 0.2 * depth[..., 1:]).sum()
    assert jumps > 30, "rooms without furniture edges"


def test_edges_of_depth_coincide_with_edges_of_the_picture() -> None:
    image = torch.zeros(8, 3, 64, 64)
    image[:, 0, :, :20], image[:, 2, :, 20:] = 0.9, 0.7
    scene = whole_scenes(8, seeded(6), indoor_share=0.5)
    depth = generate_depth(scene, image).log()
    layout = scene_layout(scene, 64, 64).log()
    at_edge = (depth[..., 20] - depth[..., 19]).abs().mean()
    elsewhere = (depth[..., 24:60].diff(dim=-1)).abs().mean()
    raw_elsewhere = layout[..., 24:60].diff(dim=-1).abs().amax()
    assert at_edge > 5 * elsewhere
    assert depth[..., 24:60].diff(dim=-1).abs().amax() < 0.5 * raw_elsewhere


def test_depth_needs_no_gradient() -> None:
    image = picture(2).requires_grad_()
    assert not generate_depth(sample_scenes(2, seeded(7)), image).requires_grad


def test_random_fields_depend_on_their_own_seed_and_stream_only() -> None:
    seed = torch.tensor([5, 2**62 - 1, 5])
    numbers = image_uniform(seed, 100)
    assert torch.equal(numbers[0], numbers[2])
    assert not torch.equal(numbers[0], numbers[1])
    assert not torch.equal(numbers, image_uniform(seed, 100, stream=1))
    assert torch.equal(numbers[1:2], image_uniform(seed[1:2], 100))
    assert image_normal(torch.arange(50), 1000).std() - 1 < 0.02
    field = smooth_field(seed, 33, 20, cells=3)
    assert field.shape == (3, 1, 33, 20)
    assert field.diff(dim=-1).abs().max() < 0.6


def test_lattice_noise_passes_through_its_nodes_and_repeats() -> None:
    table = torch.tensor([[0.0, 1.0, 4.0]])
    positions = torch.tensor([[0.0, 1.0, 2.0, 3.0, -1.0, 0.5]])
    torch.testing.assert_close(lattice_noise(table, positions), torch.tensor([[0.0, 1.0, 4.0, 0.0, 4.0, 0.5]]))
    assert table_lookup(table, torch.tensor([[1.99, -0.01]])).tolist() == [[1.0, 4.0]]

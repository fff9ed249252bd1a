"""Motion blur: the path, its kernel, and the common laws."""

from __future__ import annotations

import torch

from laws import (
    assert_batch_equals_loop,
    assert_gradient,
    assert_gradient_finite,
    assert_identity_limit,
    assert_input_untouched,
    assert_monotonic_severity,
    assert_range,
    assert_seed_determinism,
    seeded,
)
from opir.physics.motion_blur import MotionBlur, MotionBlurParameters, motion_kernels, trajectory


def paths(n: int, *, length: float, shake: float) -> MotionBlurParameters:
    return MotionBlurParameters(
        seed=torch.arange(n),
        length_px=torch.full((n,), length),
        shake=torch.full((n,), shake),
        headroom_stops=torch.zeros(n),
    )


def test_common_laws() -> None:
    operator = MotionBlur()
    assert_identity_limit(operator)
    assert_range(operator)
    assert_input_untouched(operator)
    assert_seed_determinism(operator)
    # the transform is as long as the largest kernel of the batch needs: rounding differs by a few 1e-6 in shadows
    assert_batch_equals_loop(operator, tolerance=1e-5)
    assert_monotonic_severity(MotionBlur())
    assert_gradient(MotionBlur(), severity=0.2)
    assert_gradient_finite(MotionBlur())


def test_motion_without_shake_is_a_straight_uniform_line() -> None:
    path = trajectory(paths(20, length=15.0, shake=0.0))
    ends = (path[:, :, -1] - path[:, :, 0]).norm(dim=1)
    torch.testing.assert_close(ends, torch.full((20,), 15.0), rtol=1e-4, atol=0)
    steps = path.diff(dim=2).norm(dim=1)
    torch.testing.assert_close(steps, steps.mean(dim=1, keepdim=True).expand_as(steps), rtol=1e-2, atol=0)
    angles = torch.atan2(*(path[:, :, -1] - path[:, :, 0]).flip(1).unbind(dim=1))
    assert angles.std() > 1, "all paths lead the same way"


def test_shake_bends_the_path_and_keeps_its_length() -> None:
    path = trajectory(paths(50, length=30.0, shake=0.8))
    torch.testing.assert_close(path.diff(dim=2).norm(dim=1).sum(dim=1), torch.full((50,), 30.0), rtol=1e-3, atol=0)
    reach = (path[:, :, -1] - path[:, :, 0]).norm(dim=1)
    assert reach.median() < 24
    assert path.mean(dim=2).abs().max() < 1e-3


def test_kernels_have_sum_one_and_their_mass_in_the_middle() -> None:
    kernels = motion_kernels(MotionBlur().sample(20, seeded(0)))
    axis = torch.arange(kernels.shape[-1]) - kernels.shape[-1] // 2
    torch.testing.assert_close(kernels.sum(dim=(1, 2)), torch.ones(20))
    assert (kernels.sum(dim=1) * axis).sum(dim=1).abs().max() < 1e-2
    assert (kernels.sum(dim=2) * axis).sum(dim=1).abs().max() < 1e-2
    assert (kernels >= 0).all()


def test_a_third_of_the_samples_is_nearly_straight() -> None:
    shake = MotionBlur().sample(600, seeded(1)).shake
    assert 0.3 < (shake < 0.1).float().mean() < 0.5


def test_a_trembling_hand_turns_gradually_but_for_rare_jerks() -> None:
    path = trajectory(paths(50, length=40.0, shake=0.8))[:, :, ::5]  # one place per step of the motion
    step = path.diff(dim=2)
    heading = torch.atan2(step[:, 1], step[:, 0])
    turn = torch.remainder(heading.diff(dim=1) + torch.pi, 2 * torch.pi) - torch.pi
    assert turn.abs().median() < 0.25
    assert turn.abs().max() > 2

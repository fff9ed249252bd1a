"""Streaks drawn as points against their total coverage, position and shape in closed form."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from laws import seeded
from opir.physics.streaks import Streaks, concatenate_streaks, render_streaks


def one_streak(
    x: float = 32.0,
    y: float = 30.0,
    length: float = 20.0,
    width: float = 3.0,
    angle: float = 0.0,
    opacity: float = 0.5,
    image: int = 0,
) -> Streaks:
    def tensor(value: float) -> torch.Tensor:
        return torch.tensor([value])

    return Streaks(
        image=torch.tensor([image]),
        x_px=tensor(x),
        y_px=tensor(y),
        length_px=tensor(length),
        width_px=tensor(width),
        angle_rad=tensor(angle),
        opacity=tensor(opacity),
    )


@pytest.mark.parametrize("width", [0.3, 1.0, 2.7, 6.0])
@pytest.mark.parametrize("angle", [0.0, 0.4, -1.1])
def test_total_coverage_is_the_integral_of_the_profile(width: float, angle: float) -> None:
    length = 30.0
    drawn = render_streaks(one_streak(length=length, width=width, angle=angle), 1, 64, 64)
    along = torch.linspace(-length / 2, length / 2, 3001, dtype=torch.float64)[:, None]
    across = torch.linspace(-width / 2, width / 2, 301, dtype=torch.float64)
    beyond = (along.abs() - (length - width) / 2).clamp(min=0)
    chord = (1 - (across**2 + beyond**2) / (width / 2) ** 2).clamp(min=0).sqrt()
    fade = ((length / 2 - along.abs()) / (0.15 * (length - width))).clamp(max=1)
    expected = 0.5 * (chord * fade).mean().item() * length * width
    assert drawn.sum().item() == pytest.approx(expected, rel=0.06)  # few points lie across a streak


def test_a_ball_at_rest_is_a_round_dome() -> None:
    drawn = render_streaks(one_streak(x=32, y=32, length=0, width=16, opacity=1.0), 1, 64, 64)[0, 0]
    rows, columns = torch.meshgrid(torch.arange(64.0) - 32, torch.arange(64.0) - 32, indexing="ij")
    dome = (1 - (rows**2 + columns**2) / 64).clamp(min=0).sqrt()
    inside = dome > 0.4
    torch.testing.assert_close(drawn[inside], dome[inside], rtol=0, atol=0.06)
    assert drawn[rows**2 + columns**2 > 81].abs().max() == 0


def test_centre_and_direction() -> None:
    drawn = render_streaks(one_streak(x=20.25, y=35.5, angle=0.5), 1, 64, 64)[0, 0]
    rows, columns = torch.meshgrid(torch.arange(64.0), torch.arange(64.0), indexing="ij")
    mass = drawn / drawn.sum()
    x, y = (mass * columns).sum(), (mass * rows).sum()
    assert x.item() == pytest.approx(20.25, abs=1e-3)
    assert y.item() == pytest.approx(35.5, abs=1e-3)
    dx, dy = columns - x, rows - y
    axis = 0.5 * torch.atan2(2 * (mass * dx * dy).sum(), (mass * (dy**2 - dx**2)).sum())
    assert axis.item() == pytest.approx(0.5, abs=0.02)  # positive leans to the right while falling


def test_axis_of_a_wide_streak_has_the_stated_opacity_without_ripple() -> None:
    drawn = render_streaks(one_streak(x=32.3, length=50, width=7, opacity=0.8), 1, 64, 64)
    middle = drawn[0, 0, 20:40, 32]
    assert middle.mean().item() == pytest.approx(0.8, rel=0.05)
    assert middle.std() < 0.02


def test_streaks_outside_leave_no_trace_and_crossing_ones_are_cut() -> None:
    for x, y in ((-80.0, 30.0), (150.0, 30.0), (30.0, -60.0), (30.0, 130.0)):
        assert render_streaks(one_streak(x=x, y=y), 1, 64, 64).abs().max() == 0
    whole = render_streaks(one_streak(x=32.0), 1, 64, 64)
    half = render_streaks(one_streak(x=0.0), 1, 64, 64)
    torch.testing.assert_close(half[0, 0, :, 0], whole[0, 0, :, 32])
    assert half.sum() < 0.75 * whole.sum()


def test_each_streak_marks_its_own_image_and_overlap_adds() -> None:
    both = concatenate_streaks([one_streak(image=0), one_streak(image=2), one_streak(image=2)])
    drawn = render_streaks(both, 3, 40, 50)
    assert drawn[1].abs().max() == 0
    torch.testing.assert_close(drawn[2], 2 * drawn[0])


def test_drawing_in_pieces_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    generator = seeded(0)
    n = 40
    streaks = Streaks(
        image=torch.arange(n) % 3,
        x_px=50 * torch.rand(n, generator=generator),
        y_px=40 * torch.rand(n, generator=generator),
        length_px=30 * torch.rand(n, generator=generator),
        width_px=4 * torch.rand(n, generator=generator) + 0.1,
        angle_rad=torch.randn(n, generator=generator),
        opacity=torch.rand(n, generator=generator),
    )
    whole = render_streaks(streaks, 3, 40, 50)
    monkeypatch.setattr("opir.physics.streaks._POINTS_AT_ONCE", 100)
    torch.testing.assert_close(render_streaks(streaks, 3, 40, 50), whole, rtol=1e-5, atol=1e-6)


def test_no_streaks_at_all() -> None:
    empty = concatenate_streaks([one_streak()])
    none = Streaks(**{name: getattr(empty, name)[:0] for name in empty.__dataclass_fields__})
    assert render_streaks(none, 2, 3, 4).shape == (2, 1, 3, 4)


def test_streaks_at_the_border_are_cut_not_left_out() -> None:
    # a wide canvas shows what must be seen of streaks whose middle lies outside the narrow one
    parts = [one_streak(x=x, y=y, length=26, width=5, angle=0.7) for x, y in ((-7, 20), (45, 10), (20, -8), (10, 46))]
    narrow = render_streaks(concatenate_streaks(parts), 1, 40, 40)
    moved = [replace(part, x_px=part.x_px + 30, y_px=part.y_px + 30) for part in parts]
    wide = render_streaks(concatenate_streaks(moved), 1, 100, 100)[..., 30:70, 30:70]
    assert (narrow.sum(dim=(0, 1)) > 0).sum() > 40
    torch.testing.assert_close(narrow[..., 1:-1, 1:-1], wide[..., 1:-1, 1:-1], rtol=0, atol=1e-5)

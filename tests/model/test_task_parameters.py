"""What the head's constant map promises: taps that leave the brightness alone."""

from __future__ import annotations

import torch

from conftest_model import SMALL
from opir.model.operator import InverseOperator
from opir.model.task_parameters import OperatorHead

CENTRE = slice(3 * (SMALL.n_taps // 2), 3 * (SMALL.n_taps // 2) + 3)


def operator_of(bias):
    head = OperatorHead(SMALL)
    with torch.no_grad():
        head.bias.copy_(bias.repeat_interleave(SMALL.downscale**2))
    ones, zeros = torch.ones(1, SMALL.n_operator_channels), torch.zeros(1, SMALL.n_operator_channels)
    return head(torch.zeros(1, SMALL.head_width, 16, 16), ones, zeros)


def test_outer_taps_do_not_change_a_flat_picture():
    bias = torch.zeros(SMALL.n_operator_channels)
    bias[: SMALL.n_kernel_channels] = torch.randn(SMALL.n_kernel_channels)
    bias[CENTRE] = 0
    operator = operator_of(bias)
    flat = torch.full((1, 3, *operator.shape[2:]), 0.7)
    restored, _ = InverseOperator(SMALL)(flat, operator)
    inside = (..., slice(4, -4), slice(4, -4))
    torch.testing.assert_close(restored[inside], flat[inside])


def test_the_centre_tap_is_a_gain():
    bias = torch.zeros(SMALL.n_operator_channels)
    bias[CENTRE] = 0.5
    operator = operator_of(bias)
    picture = torch.rand(1, 3, *operator.shape[2:])
    restored, _ = InverseOperator(SMALL)(picture, operator)
    torch.testing.assert_close(restored, 1.5 * picture)

"""Muon: gradient steps for matrices, with all singular values made equal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, overload

import torch
from torch import Tensor
from torch.optim.optimizer import ParamsT

COEFFICIENTS: Final = (3.4445, -4.7750, 2.0315)
"""Of the quintic a x + b x^3 + c x^5 that drives singular values towards 1 (K. Jordan et al., "Muon", 2024)."""

N_ITERATIONS: Final = 5
"""After so many, singular values above 0.01 of the norm lie between about 0.7 and 1.2."""

LIKE_ADAM: Final = 0.2
"""Root mean square of an update's entries in units of the rate, about that of AdamW (arXiv 2502.16982, section 2.2)."""


def orthogonalised(matrix: Tensor) -> Tensor:
    """Replace the singular values of ``matrix`` (m, n) by values near 1: U S V^T becomes about U V^T.

    Newton-Schulz iteration, on accelerators in bfloat16, whose rounding matters less than the spread that the iteration
    leaves anyway. Processors compute in float32: those without bfloat16 take ten times as long to pretend.

    Returns:
        (m, n), dtype of ``matrix``; zero for a zero matrix.
    """
    a, b, c = COEFFICIENTS
    x = matrix.float() if matrix.device.type == "cpu" else matrix.bfloat16()
    tall = x.shape[0] > x.shape[1]
    if tall:
        x = x.T
    x = x / (x.norm() + 1e-7)
    for _ in range(N_ITERATIONS):
        square = x @ x.T
        x = a * x + (b * square + c * square @ square) @ x
    result: Tensor = (x.T if tall else x).to(matrix.dtype)
    return result


class Muon(torch.optim.Optimizer):
    """Momentum, orthogonalised, for parameters with two or more dimensions; the rest belongs to another optimiser.

    A convolution's kernel (out, in, k, k) is taken as the matrix (out, in * k * k). Where AdamW gives every *entry*
    its own scale, this gives every *direction* the same one, so that rare directions of the gradient are not drowned
    by the common ones. ``torch.optim.Muon`` takes matrices alone, hence this one.
    """

    def __init__(self, parameters: ParamsT, *, lr: float, momentum: float = 0.95, weight_decay: float = 0.0) -> None:
        super().__init__(parameters, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})

    @overload
    def step(self, closure: None = None) -> None: ...
    @overload
    def step(self, closure: Callable[[], float]) -> float: ...
    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:
        """Take one step along the gradients."""
        loss = closure() if closure is not None else None
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    self._update(parameter, parameter.grad, group["lr"], group["momentum"], group["weight_decay"])
        return loss

    def _update(self, parameter: Tensor, gradient: Tensor, rate: float, momentum: float, weight_decay: float) -> None:
        state = self.state[parameter]
        if not state:
            state["momentum"] = torch.zeros_like(parameter)
        state["momentum"].lerp_(gradient, 1 - momentum)
        direction = torch.lerp(gradient, state["momentum"], momentum).flatten(1)
        size = LIKE_ADAM * max(direction.shape) ** 0.5
        update = orthogonalised(direction).view_as(parameter)
        parameter.mul_(1 - rate * weight_decay).add_(update, alpha=-rate * size)

"""Learning rate as a function of the step."""

from __future__ import annotations

import math


def cosine_with_warmup(step: int, *, peak: float, n_steps: int, n_warmup: int, final_share: float = 1e-2) -> float:
    """Rise linearly to ``peak`` over the warm-up, then fall along a half cosine to ``final_share * peak``."""
    if step < n_warmup:
        return peak * (step + 1) / n_warmup
    progress = min(1.0, (step - n_warmup) / max(1, n_steps - n_warmup))
    return peak * (final_share + (1 - final_share) * 0.5 * (1 + math.cos(math.pi * progress)))

"""From the estimator's log-odds to the task weights that the trunk is told."""

from __future__ import annotations

import torch
from torch import Tensor

from opir.tasks import TASKS

_BLUR, _HAZE = TASKS.index("blur"), TASKS.index("haze")


def task_weights_of(logits: Tensor) -> Tensor:
    """Task weights p (B, T) in [0, 1] from log-odds (B, T): their sigmoid, but for blur in haze.

    Haze takes the fine contrast that sharpness is seen by, so that hazy pictures look blurred, and the trunk that is
    told both removes less of the haze, even where there are both. So blur counts as far as haze does not:
    ``p_blur (1 - p_haze)``.
    """
    weights = torch.sigmoid(logits)
    is_blur = torch.zeros(logits.shape[1], dtype=logits.dtype, device=logits.device)
    is_blur[_BLUR] = 1
    return weights * (1 - weights[:, _HAZE : _HAZE + 1] * is_blur)

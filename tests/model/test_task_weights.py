"""What the trunk is told about the tasks."""

from __future__ import annotations

import pytest
import torch

from opir.model.task_weights import task_weights_of
from opir.tasks import TASKS


def weights(**probabilities: float) -> dict[str, float]:
    logits = torch.full((2, len(TASKS)), -20.0)
    for name, probability in probabilities.items():
        logits[0, TASKS.index(name)] = torch.logit(torch.tensor(probability))
    result = task_weights_of(logits)
    assert result[1].max() < 1e-6, "pictures do not touch each other"
    return dict(zip(TASKS, result[0].tolist(), strict=True))


def test_weights_are_probabilities() -> None:
    found = weights(noise=0.25, blur=0.5, jpeg=0.75)
    assert {task for task, weight in found.items() if weight > 1e-6} == {"noise", "blur", "jpeg"}
    assert [found["noise"], found["blur"], found["jpeg"]] == pytest.approx([0.25, 0.5, 0.75])


@pytest.mark.parametrize("haze", [0.1, 0.5, 0.9])
def test_blur_yields_to_haze(haze: float) -> None:
    found = weights(haze=haze, blur=0.6)
    assert found["haze"] == pytest.approx(haze)
    assert found["blur"] == pytest.approx(0.6 * (1 - haze))

"""The degradation estimator: what is shared between finding the tasks and saying how strong they are."""

from __future__ import annotations

from dataclasses import replace

import torch

from conftest_model import SMALL
from opir.model import RestorationNetwork


def test_a_context_of_its_own_starts_where_the_shared_one_is():
    torch.manual_seed(0)
    shared = RestorationNetwork(SMALL).estimator
    torch.manual_seed(0)
    own = RestorationNetwork(replace(SMALL, context_hidden=True)).estimator
    mean = torch.rand(3, SMALL.estimator_widths[-1])
    for one, other in zip(shared.logits(mean), own.logits(mean), strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=0)


def test_what_teaches_a_context_of_its_own_leaves_the_tasks_alone():
    estimator = RestorationNetwork(replace(SMALL, context_hidden=True)).estimator
    _, context = estimator.logits(torch.rand(3, SMALL.estimator_widths[-1]))
    context.square().sum().backward()
    assert estimator.context_hidden.weight.grad.abs().sum() > 0
    assert estimator.hidden.weight.grad is None
    assert estimator.task_logits.weight.grad is None

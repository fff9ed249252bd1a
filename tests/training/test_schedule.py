"""The learning rate over a run."""

from __future__ import annotations

from itertools import pairwise

import pytest

from opir.training.schedule import cosine_with_warmup


def test_the_schedule_rises_and_falls():
    rates = [cosine_with_warmup(step, peak=1.0, n_steps=100, n_warmup=10) for step in range(101)]
    assert rates[0] == pytest.approx(0.1)
    assert max(rates) == rates[10] == pytest.approx(1.0)
    assert rates[55] == pytest.approx(0.505)
    assert rates[100] == pytest.approx(0.01)
    assert all(later < earlier for earlier, later in pairwise(rates[10:]))

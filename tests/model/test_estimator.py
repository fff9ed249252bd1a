"""The two readings of the estimator's averaged features."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from conftest_model import SMALL, randomise
from opir.errors import WeightsError
from opir.model import RestorationNetwork, load_network, save_network

WIDTH = SMALL.estimator_widths[-1]


def features(n: int = 5) -> torch.Tensor:
    return 0.2 + torch.rand(n, WIDTH, generator=torch.Generator().manual_seed(1))


def test_the_readings_are_added_and_logarithms_leave_the_context_alone() -> None:
    estimator = randomise(RestorationNetwork(SMALL)).estimator
    mean = features()
    both, context = estimator.logits(mean)
    of_logarithms = estimator.logarithms(mean)
    torch.nn.init.zeros_(estimator.logarithms.task_logits.weight)
    torch.nn.init.zeros_(estimator.logarithms.task_logits.bias)
    amounts, same_context = estimator.logits(mean)
    assert of_logarithms.abs().max() > 0
    torch.testing.assert_close(both, amounts + of_logarithms)
    assert torch.equal(context, same_context)


def test_logarithms_see_proportions_and_not_amounts() -> None:
    reading = randomise(RestorationNetwork(SMALL)).estimator.logarithms
    mean = features()
    torch.testing.assert_close(reading(8 * mean), reading(mean), rtol=0, atol=0.02 * float(reading(mean).detach().std()))
    other = mean.clone()
    other[:, 0] *= 8
    assert (reading(other) - reading(mean)).abs().mean() > 0.2 * reading(mean).std()


def test_features_of_nothing_are_finite() -> None:
    reading = randomise(RestorationNetwork(SMALL)).estimator.logarithms
    assert torch.isfinite(reading(torch.zeros(1, WIDTH))).all()


def test_a_new_network_and_an_older_file_read_no_logarithms(tmp_path: Path) -> None:
    network = RestorationNetwork(SMALL).eval()
    assert not network.estimator.logarithms(features()).any()
    save_network(network, tmp_path / "new.safetensors")
    with safe_open(tmp_path / "new.safetensors", framework="pt") as opened:
        names = list(opened.keys())
        older = {name: opened.get_tensor(name) for name in names if not name.startswith("estimator.logarithms.")}
        save_file(older, tmp_path / "older.safetensors", metadata=opened.metadata())
        older.pop("estimator.hidden.weight")
        save_file(older, tmp_path / "broken.safetensors", metadata=opened.metadata())
    assert len(older) < len(names)
    read = load_network(tmp_path / "older.safetensors").estimator
    for one, other in zip(read.logits(features()), network.estimator.logits(features()), strict=True):
        assert torch.equal(one, other)
    with pytest.raises(WeightsError, match=r"estimator\.hidden\.weight"):
        load_network(tmp_path / "broken.safetensors")

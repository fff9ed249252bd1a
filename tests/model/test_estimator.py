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


def test_a_faint_feature_that_doubles_counts_among_logarithms_and_not_among_amounts() -> None:
    estimator = randomise(RestorationNetwork(SMALL)).estimator
    readings = {
        "logarithms": estimator.logarithms,
        "amounts": lambda mean: estimator.task_logits(torch.relu(estimator.hidden(estimator.normalise(mean)))),
    }
    moved = {}
    for name, reading in readings.items():
        for level in (0.02, 2.0):
            mean = features()
            mean[:, 0] = level
            doubled = mean.clone()
            doubled[:, 0] *= 2
            moved[name, level] = float((reading(doubled) - reading(mean)).detach().abs().mean())
    assert moved["logarithms", 0.02] > 0.3 * moved["logarithms", 2.0]
    assert moved["amounts", 0.02] < 0.1 * moved["amounts", 2.0]


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
        assert len(older) < len(names)
        save_file(older, tmp_path / "older.safetensors", metadata=opened.metadata())
        lost = {name: opened.get_tensor(name) for name in names if name != "estimator.logarithms.hidden.weight"}
        save_file(lost, tmp_path / "broken.safetensors", metadata=opened.metadata())
    read, again = (load_network(tmp_path / "older.safetensors").estimator for _ in range(2))
    for name, tensor in read.state_dict().items():
        assert torch.equal(tensor, again.state_dict()[name]), name
    for one, other in zip(read.logits(features()), network.estimator.logits(features()), strict=True):
        assert torch.equal(one, other)
    with pytest.raises(WeightsError, match=r"estimator\.logarithms\.hidden\.weight"):
        load_network(tmp_path / "broken.safetensors")

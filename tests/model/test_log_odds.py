"""Log-odds of tasks that are changed in use and not in training."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from opir.errors import ConfigurationError
from opir.model import RestorationNetwork, load_network, preset, save_network
from opir.model.log_odds import LogOddsChange, change_log_odds, parse_log_odds
from opir.model.merge import merged
from opir.tasks import TASKS


def test_the_log_odds_of_one_task_change_and_nothing_else() -> None:
    torch.manual_seed(0)
    network = RestorationNetwork(preset("tiny")).eval()
    mean = torch.rand(5, network.config.estimator_widths[-1])
    with torch.no_grad():
        before, context = network.estimator.logits(mean)
        dark = LogOddsChange(task="low_light", slope=3.0, shift=-4.8, others={"blur": -0.5})
        change_log_odds(network, [LogOddsChange(task="blur", slope=2.0), dark])
        after, same_context = network.estimator.logits(mean)
    row, other = TASKS.index("low_light"), TASKS.index("blur")
    expected = before.clone()
    expected[:, row] = 3.0 * before[:, row] - 4.8 - 0.5 * before[:, other]
    expected[:, other] = 2.0 * before[:, other]
    torch.testing.assert_close(after, expected)
    assert torch.equal(context, same_context)


def test_training_sees_the_log_odds_as_they_were_trained() -> None:
    network = RestorationNetwork(preset("tiny"))
    mean = torch.rand(5, network.config.estimator_widths[-1])
    trained = network.train().estimator.logits(mean)[0]
    change_log_odds(network, [LogOddsChange(task="haze", slope=4.0, shift=0.8)])
    assert torch.equal(network.train().estimator.logits(mean)[0], trained)
    assert not torch.equal(network.eval().estimator.logits(mean)[0], trained)


def test_changes_add_up() -> None:
    once, twice = RestorationNetwork(preset("tiny")), RestorationNetwork(preset("tiny"))
    change_log_odds(once, [LogOddsChange(task="haze", slope=6.0, shift=7.0, others={"noise": -2.0})])
    change_log_odds(twice, [LogOddsChange(task="haze", slope=2.0, shift=3.0, others={"noise": -1.0})])
    change_log_odds(twice, [LogOddsChange(task="haze", slope=3.0, shift=-2.0, others={"noise": 1.0})])
    torch.testing.assert_close(twice.estimator.log_odds, once.estimator.log_odds)


def test_they_stay_in_the_file_and_with_the_layer_that_they_belong_to(tmp_path: Path) -> None:
    network, other = RestorationNetwork(preset("tiny")), RestorationNetwork(preset("tiny"))
    change_log_odds(network, [LogOddsChange(task="low_light", slope=16.0, shift=-75.0, others={"blur": -8.0})])
    save_network(network, tmp_path / "model.safetensors", dtype=torch.float16)
    read = load_network(tmp_path / "model.safetensors")
    assert torch.equal(read.estimator.log_odds, network.estimator.log_odds)
    for share, parts in ((1.0, ("estimator",)), (1.0, ("estimator.task_logits",)), (1.0, ())):
        assert torch.equal(
            merged(other, network, share=share, parts=parts).estimator.log_odds, network.estimator.log_odds
        )
    assert torch.equal(merged(other, network, share=1.0, parts=("head",)).estimator.log_odds, other.estimator.log_odds)


def test_a_file_from_before_they_were_kept_apart_is_read(tmp_path: Path) -> None:
    network = RestorationNetwork(preset("tiny"))
    save_network(network, tmp_path / "new.safetensors")
    with safe_open(tmp_path / "new.safetensors", framework="pt") as opened:
        tensors = {name: opened.get_tensor(name) for name in opened.keys() if name != "estimator.log_odds"}  # noqa: SIM118
        save_file(tensors, tmp_path / "old.safetensors", metadata=opened.metadata())
    log_odds = load_network(tmp_path / "old.safetensors").estimator.log_odds
    assert torch.equal(log_odds, torch.eye(len(TASKS), len(TASKS) + 1))


def test_a_change_is_read() -> None:
    assert parse_log_odds("low_light=3,-4.8") == LogOddsChange(task="low_light", slope=3.0, shift=-4.8)
    changed = LogOddsChange(task="low_light", slope=2.0, shift=-6.0, others={"blur": -1.0, "haze": 0.5})
    assert parse_log_odds("low_light=2,-6,blur=-1,haze=0.5") == changed


@pytest.mark.parametrize(
    "text",
    ["low_light", "dark=1,0", "haze=1", "haze=one,0", "haze=1,2,3", "haze=1,2,fog=3", "haze=1,2,rain", "", "=1,0"],
)
def test_another_form_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match="expected TASK=SLOPE,SHIFT"):
        parse_log_odds(text)


@pytest.mark.parametrize(
    "text", ["haze=0,1", "haze=-1,0", "haze=nan,0", "haze=1,inf", "haze=1,0,haze=1", "haze=1,0,rain=nan"]
)
def test_an_impossible_change_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match="slope above 0"):
        parse_log_odds(text)

"""Log-odds of tasks that are changed at the export."""

from __future__ import annotations

import pytest
import torch

from opir.errors import ConfigurationError
from opir.export.log_odds import LogOddsChange, change_log_odds, parse_log_odds
from opir.model import RestorationNetwork, preset
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

"""Half precision is used only where it gives the values of float32."""

from __future__ import annotations

import pytest
import torch

from opir.model import RestorationNetwork
from opir.runtime import torch_precision
from opir.runtime.torch_precision import Difference, choose_precision, difference_to_float32, synthetic_picture
from small_network import small_network


@pytest.fixture(scope="module")
def network() -> RestorationNetwork:
    return small_network()


def test_processors_compute_in_float32(network: RestorationNetwork) -> None:
    precision, reason = choose_precision(network, torch.device("cpu"))
    assert precision == "float32"
    assert "processors" in reason


def test_bfloat16_is_measured_against_float32(network: RestorationNetwork) -> None:
    difference = difference_to_float32(network, torch.device("cpu"), "bfloat16")
    assert 0 < difference.mean < difference.largest < 30
    assert difference_to_float32(network, torch.device("cpu"), "float32") == Difference(mean=0.0, largest=0.0)


def test_what_is_acceptable() -> None:
    assert Difference(mean=0.2, largest=3.9).is_acceptable
    assert not Difference(mean=0.3, largest=3.9).is_acceptable
    assert not Difference(mean=0.2, largest=4.1).is_acceptable
    assert not Difference(mean=float("nan"), largest=float("nan")).is_acceptable


def test_values_that_are_not_finite_are_never_accepted() -> None:
    broken = small_network()
    with torch.no_grad():
        broken.predictor.exit.weight.mul_(torch.finfo(torch.float32).max)
    difference = difference_to_float32(broken, torch.device("cpu"), "bfloat16")
    assert not difference.is_acceptable


@pytest.mark.parametrize(
    ("acceptable", "chosen"),
    [({"float16", "bfloat16"}, "float16"), ({"bfloat16"}, "bfloat16"), (set(), "float32")],
)
def test_the_choice_on_a_gpu(
    monkeypatch: pytest.MonkeyPatch, network: RestorationNetwork, acceptable: set[str], chosen: str
) -> None:
    def measured(_: RestorationNetwork, __: torch.device, precision: str) -> Difference:
        wrong = float("nan") if precision == "float16" else 9.0
        return Difference(mean=0.1 if precision in acceptable else wrong, largest=1.0)

    monkeypatch.setattr(torch_precision, "difference_to_float32", measured)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda _: (9, 0))
    precision, reason = choose_precision(network, torch.device("cuda"))
    assert precision == chosen
    assert "grey levels" in reason
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda _: (7, 5))
    older = choose_precision(network, torch.device("cuda"))[0]
    assert older == ("float16" if "float16" in acceptable else "float32")


def test_both_trunks_must_pass(monkeypatch: pytest.MonkeyPatch, network: RestorationNetwork) -> None:
    expert = small_network()

    def measured(tested: RestorationNetwork, _: torch.device, precision: str) -> Difference:
        return Difference(mean=9.0 if tested is expert and precision == "float16" else 0.1, largest=1.0)

    monkeypatch.setattr(torch_precision, "difference_to_float32", measured)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda _: (9, 0))
    assert choose_precision(network, torch.device("cuda"))[0] == "float16"
    assert choose_precision(network, torch.device("cuda"), expert=expert)[0] == "bfloat16"


def test_the_picture_is_always_the_same() -> None:
    picture = synthetic_picture()
    assert picture.shape == (1, 3, 96, 128)
    assert picture.min() == 0
    assert picture.max() == 1
    assert torch.equal(picture, synthetic_picture())

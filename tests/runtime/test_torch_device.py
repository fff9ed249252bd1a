"""The device that torch computes on: the best that is there, with the reason; never one instead of another."""

from __future__ import annotations

import pytest
import torch

from opir.errors import ConfigurationError
from opir.runtime import torch_device
from opir.runtime.torch_device import choose_device, free_bytes, peak_bytes


def test_auto_takes_the_first_that_works(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch_device, "_cuda_problem", lambda: "no CUDA here")
    monkeypatch.setattr(torch_device, "_mps_problem", lambda: "no Apple GPU here")
    device, reason = choose_device()
    assert device == torch.device("cpu")
    assert reason == "no CUDA here; no Apple GPU here"
    monkeypatch.setattr(torch_device, "_mps_problem", lambda: None)
    assert choose_device()[0].type == "mps"
    monkeypatch.setattr(torch_device, "_cuda_problem", lambda: None)
    assert choose_device()[0].type == "cuda"
    assert choose_device("cpu")[0].type == "cpu"


def test_a_missing_device_is_not_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch_device, "_cuda_problem", lambda: "no CUDA here")
    with pytest.raises(ConfigurationError, match="no CUDA here: use auto or cpu"):
        choose_device("cuda")
    with pytest.raises(ConfigurationError, match="auto, cuda, mps, cpu"):
        choose_device("tpu")


def test_free_memory_of_the_processor() -> None:
    assert free_bytes(torch.device("cpu")) > 0


def test_peak_memory_is_that_of_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    assert peak_bytes(torch.device("cpu")) is None
    monkeypatch.setattr(torch.cuda, "max_memory_reserved", lambda _: 7)
    assert peak_bytes(torch.device("cuda:0")) == 7

"""Frames restored on the device are what the network makes of them, in order, whatever is under way."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from opir.errors import ConfigurationError, NumericalError, ShapeError
from opir.model import RestorationNetwork
from opir.runtime.torch_frames import Frame, restore_frames
from opir.runtime.torch_network import DeviceNetwork, Expert, Told
from opir.tasks import TASKS
from small_network import small_network


@pytest.fixture
def network() -> RestorationNetwork:
    return small_network()


def frames(n: int, height: int = 21, width: int = 34) -> list[Frame]:
    generator = np.random.default_rng(0)
    return [generator.integers(0, 256, (height, width, 3), np.uint8) for _ in range(n)]


def expected(network: RestorationNetwork, frame: Frame, weights: torch.Tensor | None = None) -> Frame:
    image = torch.from_numpy(frame).permute(2, 0, 1)[None].float() / 255
    with torch.inference_mode():
        restored = network(image, weights).restored[0]
    return (restored.clamp(0, 1) * 255).round().byte().permute(1, 2, 0).numpy()


@pytest.mark.parametrize("ahead", [0, 1, 2, 9])
def test_every_frame_in_order(network: RestorationNetwork, ahead: int) -> None:
    pictures = frames(5)
    restored = list(restore_frames(DeviceNetwork(network, torch.device("cpu")), iter(pictures), ahead=ahead))
    assert len(restored) == 5
    for before, after in zip(pictures, restored, strict=True):
        wanted = expected(network, before)
        assert after.shape == before.shape
        assert np.abs(after.astype(int) - wanted).max() <= 1  # values at one half may be rounded either way
        assert (after == wanted).mean() > 0.999
        assert np.abs(after.astype(int) - before).max() > 2


def test_told_tasks_replace_the_estimate(network: RestorationNetwork) -> None:
    (frame,) = frames(1)
    weights = np.zeros(network.config.n_tasks, np.float32)
    weights[0] = 1
    (restored,) = restore_frames(DeviceNetwork(network, torch.device("cpu")), [frame], task_weights=weights)
    wanted = expected(network, frame, torch.from_numpy(weights)[None])
    assert np.abs(restored.astype(int) - wanted).max() <= 1
    assert (restored != expected(network, frame)).any()


@pytest.mark.parametrize("told", [False, True])
@pytest.mark.parametrize("task", ["noise", "rain"])
def test_each_frame_is_restored_by_its_trunk(network: RestorationNetwork, task: str, *, told: bool) -> None:
    def is_noise(weights: np.ndarray) -> bool:
        return bool(weights[TASKS.index("noise")] > 0.5)

    expert = small_network()
    with torch.no_grad():
        for parameter in expert.predictor.parameters():
            parameter.mul_(1.1)
        network.estimator.task_logits.bias.copy_(torch.tensor([40.0 if each == task else -40.0 for each in TASKS]))
    runner = DeviceNetwork(network, torch.device("cpu"), expert=Expert(network=expert, restores=is_noise))
    weights = np.array([each == task for each in TASKS], np.float32)
    expert.estimator.load_state_dict(network.estimator.state_dict())
    pictures = frames(2)
    restored = restore_frames(runner, pictures, task_weights=weights if told else None)
    for before, after in zip(pictures, restored, strict=True):
        of_trunks = [expected(each, before, torch.from_numpy(weights)[None]) for each in (network, expert)]
        is_right, is_wrong = of_trunks if task == "rain" else of_trunks[::-1]
        assert np.abs(after.astype(int) - is_right).max() <= 1
        assert np.abs(after.astype(int) - is_wrong).max() > 1


def test_a_frame_beyond_half_precision_is_computed_again(
    network: RestorationNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    runner = DeviceNetwork(network, torch.device("cpu"), precision="bfloat16")
    whole = runner.whole

    def overflowing(pixels: torch.Tensor, told: Told | None, *, precision: str | None = None) -> object:
        result, finite = whole(pixels, told, precision=precision)
        return result, torch.tensor(precision == "float32") & finite

    monkeypatch.setattr(runner, "whole", overflowing)
    (frame,) = frames(1)
    (restored,) = restore_frames(runner, [frame])
    assert np.abs(restored.astype(int) - expected(network, frame)).max() <= 1


def test_values_that_are_never_finite_are_an_error(network: RestorationNetwork) -> None:
    with torch.no_grad():
        network.head.bias.fill_(float("nan"))
    with pytest.raises(NumericalError, match="not finite"):
        list(restore_frames(DeviceNetwork(network, torch.device("cpu")), frames(1)))


def test_wrong_frames_and_settings_are_named(network: RestorationNetwork) -> None:
    runner = DeviceNetwork(network, torch.device("cpu"))
    with pytest.raises(ShapeError, match=r"frame 1 must be uint8 \(H, W, 3\)"):
        list(restore_frames(runner, [*frames(1), np.zeros((4, 4), np.uint8)]))
    with pytest.raises(ConfigurationError, match="ahead"):
        list(restore_frames(runner, [], ahead=-1))


@pytest.mark.gpu
def test_frames_on_the_gpu(network: RestorationNetwork) -> None:
    pictures = frames(12, 64, 96)
    wanted = [expected(network, frame) for frame in pictures]
    runner = DeviceNetwork(network, torch.device("cuda"))
    for before, after in zip(wanted, restore_frames(runner, pictures), strict=True):
        assert np.abs(after.astype(int) - before).max() <= 1

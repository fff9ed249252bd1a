"""The torch engine agrees with the network's own forward pass, whole and in tiles."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
import torch

from opir.errors import WeightsError
from opir.model import NetworkConfig, RestorationNetwork, encoder_halo, save_network, stage_halo
from opir.runtime.passes import restore_array
from opir.runtime.torch_engine import TorchEngine
from tiny_model import tiny_entries

CONFIG = NetworkConfig(
    widths=(8, 8),
    encoder_blocks=(1, 1),
    decoder_blocks=(1,),
    head_width=8,
    downscale=4,
    estimator_widths=(8, 8, 8),
    n_context=4,
)


@pytest.fixture(scope="module")
def network() -> RestorationNetwork:
    """A small network with weights that make every part count."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = RestorationNetwork(CONFIG)
        with torch.no_grad():
            for parameter in network.parameters():
                parameter.add_(0.05 * torch.randn_like(parameter))
    return network.eval()


@pytest.fixture(scope="module")
def folder(network: RestorationNetwork, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model")
    save_network(network, folder / "model.safetensors")
    digest = hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()
    entries = tiny_entries() | {
        "stride": CONFIG.stride,
        "encoder_halo": encoder_halo(CONFIG),
        "stage_halo": stage_halo(CONFIG),
        "n_features": 8,
        "n_context": 4,
        "sha256": {"model.safetensors": digest},
    }
    (folder / "model.json").write_text(json.dumps(entries))
    return folder


def test_same_values_as_the_network(network: RestorationNetwork, folder: Path) -> None:
    image = np.random.default_rng(0).random((3, 45, 70), np.float32)
    with torch.inference_mode():
        expected = network(torch.from_numpy(image)[None])
    result = restore_array(TorchEngine.load(folder), image, tile=0)
    np.testing.assert_allclose(result.restored, expected.restored[0].clamp(0, 1), atol=1e-5)
    np.testing.assert_allclose(result.scale, expected.scales[-1][0, 0], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(result.found, torch.sigmoid(expected.task_logits[0]), atol=1e-5)


def test_tiles_give_the_values_of_the_whole(folder: Path) -> None:
    engine = TorchEngine.load(folder)
    image = np.random.default_rng(1).random((3, 203, 181), np.float32)
    whole, tiled = restore_array(engine, image, tile=0), restore_array(engine, image, tile=64)
    assert tiled.n_tiles == 12
    np.testing.assert_allclose(tiled.restored, whole.restored, atol=1e-5)
    np.testing.assert_allclose(tiled.scale, whole.scale, atol=1e-5)
    assert np.abs(whole.restored - image).max() > 0.01


def test_altered_weights_are_not_loaded(folder: Path, tmp_path: Path) -> None:
    for file in folder.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "model.safetensors").write_bytes((folder / "model.safetensors").read_bytes() + b" ")
    with pytest.raises(WeightsError, match="damaged or was altered"):
        TorchEngine.load(tmp_path)


@pytest.mark.parametrize(
    "error", [torch.OutOfMemoryError("CUDA out of memory"), RuntimeError("DefaultCPUAllocator: can't allocate memory")]
)
def test_failed_allocation_is_a_memory_error(
    network: RestorationNetwork, folder: Path, monkeypatch: pytest.MonkeyPatch, error: RuntimeError
) -> None:
    engine = TorchEngine.load(folder)

    def full(image: torch.Tensor) -> torch.Tensor:
        raise error

    monkeypatch.setattr(engine._network, "encode", full)
    with pytest.raises(MemoryError):
        engine.encode(np.zeros((1, 3, 8, 8), np.float32))

"""The torch engine agrees with the network's own forward pass, whole and in tiles."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
import torch

from opir.errors import WeightsError
from opir.model import RestorationNetwork, encoder_halo, save_network, stage_halo
from opir.model.task_weights import task_weights_of
from opir.runtime.passes import restore_array
from opir.runtime.restore import Restorer
from opir.runtime.spec import ModelSpec
from opir.runtime.torch_engine import TorchEngine
from opir.runtime.torch_graphs import GraphCache
from opir.runtime.torch_network import DeviceNetwork
from small_network import SMALL, small_network
from tiny_model import tiny_entries

IMAGE = np.random.default_rng(5).random((3, 520, 712), np.float32)


@pytest.fixture(scope="module")
def network() -> RestorationNetwork:
    return small_network()


@pytest.fixture(scope="module")
def folder(network: RestorationNetwork, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model")
    save_network(network, folder / "model.safetensors")
    digest = hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()
    entries = tiny_entries() | {
        "stride": SMALL.stride,
        "encoder_halo": encoder_halo(SMALL),
        "stage_halo": stage_halo(SMALL),
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
    engine = TorchEngine.load(folder)
    result = restore_array(engine, image, tile=0)
    np.testing.assert_allclose(result.restored, expected.restored[0].clamp(0, 1), atol=1e-5)
    calibrated = engine.spec.uncertainty_scale * expected.scales[-1][0, 0]
    np.testing.assert_allclose(result.expected_error, calibrated, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(result.found, task_weights_of(expected.task_logits)[0], atol=1e-5)


def test_tiles_give_the_values_of_the_whole(folder: Path) -> None:
    engine = TorchEngine.load(folder)
    image = np.random.default_rng(1).random((3, 203, 181), np.float32)
    whole, tiled = restore_array(engine, image, tile=0), restore_array(engine, image, tile=64)
    assert tiled.n_tiles == 12
    np.testing.assert_allclose(tiled.restored, whole.restored, atol=1e-5)
    np.testing.assert_allclose(tiled.expected_error, whole.expected_error, atol=1e-5)
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

    monkeypatch.setattr(engine.runner.network, "encode", full)
    with pytest.raises(MemoryError):
        engine.encode(np.zeros((1, 3, 8, 8), np.float32))


def test_a_tile_beyond_half_precision_is_computed_in_float32(
    network: RestorationNetwork, folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    engine = TorchEngine(network, ModelSpec.load(folder), precision="bfloat16")
    assert engine.precision == "bfloat16"
    image = np.random.default_rng(2).random((3, 40, 48), np.float32)
    half = restore_array(engine, image, tile=0)
    exact = restore_array(TorchEngine(network, ModelSpec.load(folder)), image, tile=0)
    assert 0 < np.abs(half.restored - exact.restored).max() < 0.05
    stage, asked = engine.runner.stage, []

    def overflowing(
        *inputs: object, expert: bool = False, precision: str | None = None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        asked.append(precision)
        restored, scale = stage(*inputs, expert=expert, precision=precision)  # type: ignore[arg-type]
        return (restored if precision == "float32" else restored / 0), scale

    monkeypatch.setattr(engine.runner, "stage", overflowing)
    again = restore_array(engine, image, tile=0)
    assert asked == [None, "float32"] * 2
    assert "computed in float32" in caplog.text
    np.testing.assert_allclose(again.restored, exact.restored, atol=0.01)  # the encoder stays in half precision


def test_features_beyond_half_precision_are_computed_in_float32(
    network: RestorationNetwork, folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    engine = TorchEngine(network, ModelSpec.load(folder), precision="bfloat16")
    encode = engine.runner.encode

    def overflowing(image: torch.Tensor, *, precision: str | None = None) -> torch.Tensor:
        features = encode(image, precision=precision)  # type: ignore[arg-type]
        return features if precision == "float32" else features / 0

    monkeypatch.setattr(engine.runner, "encode", overflowing)
    image = np.random.default_rng(2).random((1, 3, 40, 48), np.float32)
    exact = TorchEngine(network, ModelSpec.load(folder)).encode(image)
    np.testing.assert_allclose(engine.encode(image), exact, atol=1e-5)
    assert "computed in float32" in caplog.text


def test_smaller_tiles_and_then_the_processor_when_memory_runs_out(
    network: RestorationNetwork, folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    spec = ModelSpec.load(folder)
    expected = restore_array(TorchEngine(network, spec), IMAGE, tile=0)
    engine, tried = TorchEngine(network, spec), []
    full = DeviceNetwork(network, torch.device("cpu"))
    full.device = torch.device("meta")  # stands for a GPU

    def no_room(image: torch.Tensor, *, precision: str | None = None) -> torch.Tensor:
        tried.append(max(image.shape))
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(full, "encode", no_room)
    engine.runner = full
    monkeypatch.setattr(engine, "_tensor", torch.from_numpy)
    restoration = Restorer.from_engine(engine, tile=0).restore_array(IMAGE)
    assert len(tried) > 1
    assert tried == sorted(tried, reverse=True)
    assert engine.device == "cpu"
    assert "no memory" in engine.reason
    assert "going on on the cpu" in caplog.text
    np.testing.assert_allclose(restoration.image, expected.restored, atol=1e-5)


def test_graphs_replay_tiles_of_one_shape(network: RestorationNetwork, folder: Path) -> None:
    spec, captured = ModelSpec.load(folder), []

    def capture(function, inputs):  # results in memory of its own, as a graph has
        captured.append(inputs[0].shape)
        results = tuple(torch.empty_like(value) for value in function(inputs))

        def replay(new):
            for place, value in zip(results, function(new), strict=True):
                place.copy_(value)
            return results

        return replay

    engine = TorchEngine(network, spec)
    engine.runner = DeviceNetwork(network, torch.device("cpu"), graphs=GraphCache(capture))
    assert engine.wants_equal_windows
    image = np.random.default_rng(3).random((3, 3 * 64, 4 * 64), np.float32)
    result = restore_array(engine, image, tile=64)
    plain = restore_array(TorchEngine(network, spec), image, tile=64)
    stages = [shape for shape in captured if shape[2:] == (64 + 2 * spec.stage_halo,) * 2]
    assert len(stages) == 1  # both stages are one graph: the stage is an input
    np.testing.assert_allclose(result.restored, plain.restored, atol=1e-5)


def test_graphs_give_their_memory_back_before_tiles_shrink(network: RestorationNetwork, folder: Path) -> None:
    graphs = GraphCache(lambda function, _: function)
    engine = TorchEngine(network, ModelSpec.load(folder))
    engine.runner = DeviceNetwork(network, torch.device("cpu"), graphs=graphs)
    image = np.random.default_rng(6).random((1, 3, 16, 16), np.float32)
    expected = [engine.encode(image) for _ in range(3)][-1]
    assert len(graphs) == 1
    plain, sizes = engine.runner.network.encode, []

    def full_beside_graphs(image: torch.Tensor) -> torch.Tensor:
        sizes.append(len(graphs))
        if len(graphs):
            raise torch.OutOfMemoryError("CUDA out of memory")
        return plain(image)

    network.encode = full_beside_graphs  # type: ignore[method-assign]
    try:
        np.testing.assert_array_equal(engine.encode(image), expected)
    finally:
        del network.encode
    assert sizes == [1, 0]


@pytest.mark.gpu
def test_half_precision_on_the_gpu(folder: Path) -> None:
    image = np.random.default_rng(4).random((3, 200, 264), np.float32)
    engine = TorchEngine.load(folder)
    assert engine.device == "cuda"
    exact = restore_array(TorchEngine.load(folder, device="cpu"), image, tile=0)
    for tile in (0, 64):
        np.testing.assert_allclose(restore_array(engine, image, tile=tile).restored, exact.restored, atol=4 / 255)

"""Exported graphs compute what the network computes, at any size."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from conftest_model import SMALL, randomise
from opir.errors import ConfigurationError
from opir.export import Release, export_model
from opir.model import RestorationNetwork, load_network, preset
from opir.model.kernel_network import KernelNetwork
from opir.runtime.onnx_engine import OnnxEngine
from opir.runtime.spec import ModelSpec
from opir.runtime.torch_engine import TorchEngine

RELEASE = Release(name="trial", version="0.0.1", trained_tasks=("noise", "haze"), uncertainty_scale=1.5)


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    folder = tmp_path_factory.mktemp("model")
    network = randomise(RestorationNetwork(SMALL))
    export_model(network, folder, RELEASE)
    return network, folder


@pytest.mark.parametrize("size", [(8, 8), (8, 64), (40, 24), (136, 200)])
@pytest.mark.parametrize("stage_index", [0, 1])
def test_graphs_equal_the_network(exported, size, stage_index):
    network, folder = exported
    _compare(network, OnnxEngine(folder, threads=1), size, stage_index)


@pytest.mark.parametrize("name", ["tiny", "paper"])
def test_presets_export(tmp_path, name):
    network = randomise(RestorationNetwork(preset(name)))
    export_model(network, tmp_path, RELEASE)
    _compare(network, OnnxEngine(tmp_path, threads=1), (72, 56), 1)
    assert not (tmp_path / "fixed_stage.onnx").exists()  # the kernels are the same for all pictures


def test_kernels_that_tasks_change_may_be_constants(tmp_path, monkeypatch):
    network = randomise(RestorationNetwork(preset("base")))
    export_model(network, tmp_path, RELEASE)
    _compare(network, OnnxEngine(tmp_path, threads=1), (72, 56), 1)
    monkeypatch.setattr("opir.runtime.fixed_stage.FIXED_FROM", 1)
    engine = OnnxEngine(tmp_path, threads=1)
    only = _OnlyFor(engine._stages["stage.onnx"], n_pixels=network.config.stride**2)
    monkeypatch.setitem(engine._stages, "stage.onnx", only)
    for stage_index in (0, 1):
        _compare(network, engine, (72, 56), stage_index)
    _compare(network, engine, (16, 40), 0)


def test_a_network_for_kernels_is_exported_and_alike_in_both_engines(tmp_path):
    network = randomise(RestorationNetwork(SMALL))
    export_model(network, tmp_path, RELEASE, kernel_network=randomise(KernelNetwork()))
    assert {"kernel.onnx", "kernel.safetensors"} < set(ModelSpec.load(tmp_path).sha256)
    graphs, torch_engine = OnnxEngine(tmp_path, threads=1), TorchEngine.load(tmp_path, device="cpu")
    assert graphs.finds_kernels
    assert torch_engine.finds_kernels
    generator = np.random.default_rng(0)
    maps = generator.normal(size=(1, 23, 33, 33)).astype(np.float32)
    statistics = generator.normal(size=(1, 14)).astype(np.float32)
    for one, other in zip(graphs.kernel(maps, statistics), torch_engine.kernel(maps, statistics), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-4)


def test_models_without_a_network_for_kernels_leave_blur_to_the_network(exported):
    _, folder = exported
    assert not OnnxEngine(folder, threads=1).finds_kernels
    assert not TorchEngine.load(folder, device="cpu").finds_kernels


class _OnlyFor:
    """A session that refuses pictures of another size: those that constant kernels should restore."""

    def __init__(self, session, *, n_pixels):
        self.session, self.n_pixels = session, n_pixels
        self.get_outputs = session.get_outputs

    def run(self, names, feed, options):
        assert feed["current"][0, 0].size == self.n_pixels
        return self.session.run(names, feed, options)


def _compare(network, engine, size, stage_index):
    generator = np.random.default_rng(0)

    def draw(*shape):
        return generator.random(shape, dtype=np.float32)

    image = draw(1, 3, *size)
    features = engine.encode(image)
    mean = features.mean(axis=(2, 3))
    weights, context = engine.estimate(mean)
    arguments = (draw(1, 3, *size), image, draw(1, 1, *size) * 0.1, weights, context)
    restored, scale = engine.stage(*arguments, stage_index)
    with torch.no_grad():
        np.testing.assert_allclose(features, network.encode(torch.from_numpy(image)).numpy(), rtol=0, atol=1e-5)
        for got, wanted in zip((weights, context), network.estimate(torch.from_numpy(mean)), strict=True):
            np.testing.assert_allclose(got, wanted.numpy(), rtol=0, atol=1e-5)
        wanted, wanted_scale = network.stage(*map(torch.from_numpy, arguments), stage_index)
    np.testing.assert_allclose(restored, wanted.numpy(), rtol=0, atol=1e-5)
    np.testing.assert_allclose(scale, wanted_scale.numpy(), rtol=0, atol=1e-5)
    assert np.abs(restored - arguments[0]).max() > 1e-3


def test_the_folder_describes_itself(exported):
    network, folder = exported
    spec = ModelSpec.load(folder)
    assert (spec.name, spec.version, spec.trained_tasks) == ("trial", "0.0.1", ("noise", "haze"))
    assert spec.uncertainty_scale == 1.5
    assert spec.n_parameters == sum(parameter.numel() for parameter in network.parameters())
    assert set(spec.sha256) == {"encoder.onnx", "estimator.onnx", "stage.onnx", "model.safetensors"}
    assert json.loads((folder / "model.json").read_text())["stride"] == SMALL.stride
    assert load_network(folder).config == SMALL


def test_graphs_say_nothing_of_the_machine_that_made_them(exported):
    for graph in exported[1].glob("*.onnx"):
        content = graph.read_bytes()
        assert b"stack_trace" not in content
        assert b"stage_in_phases.py" not in content


def test_unknown_tasks_are_refused(tmp_path):
    release = Release(name="trial", version="1", trained_tasks=("fog",))
    with pytest.raises(ConfigurationError, match="fog"):
        export_model(RestorationNetwork(SMALL), tmp_path / "model", release)
    assert not (tmp_path / "model").exists()

"""A model with an expert: both engines restore by the trunk that the picture is for, in files that agree."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from conftest_model import SMALL, randomise
from opir.cli.main import app
from opir.errors import ConfigurationError, WeightsError
from opir.export import Release, export_model
from opir.model import RestorationNetwork, load_network, save_network, stage_halo
from opir.runtime.onnx_engine import OnnxEngine
from opir.runtime.passes import restore_array
from opir.runtime.spec import ModelSpec
from opir.runtime.torch_engine import TorchEngine
from opir.tasks import TASKS

CONFIG = replace(SMALL, block_modulation=True, task_rank=2)
RELEASE = Release(name="trial", version="1", trained_tasks=TASKS, expert_tasks=("noise", "jpeg"))


@pytest.fixture(scope="module")
def networks() -> tuple[RestorationNetwork, RestorationNetwork]:
    main = randomise(RestorationNetwork(CONFIG))
    expert = randomise(RestorationNetwork(CONFIG))
    expert.estimator.load_state_dict(main.estimator.state_dict())
    with torch.no_grad():
        for part in (expert.predictor, expert.head, expert.task_parameters):
            for parameter in part.parameters():
                parameter.mul_(1.1)
    return main, expert


@pytest.fixture(scope="module")
def folder(networks: tuple[RestorationNetwork, RestorationNetwork], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("model")
    export_model(networks[0], path, RELEASE, expert=networks[1])
    return path


def one_task(name: str) -> np.ndarray:
    return np.array([[float(task == name) for task in TASKS]], np.float32)


def inputs(height: int = 40, width: int = 24) -> tuple[np.ndarray, ...]:
    generator = np.random.default_rng(0)
    image = generator.random((1, 3, height, width), dtype=np.float32)
    return image, image, np.zeros((1, 1, height, width), np.float32)


@pytest.mark.parametrize("constant_kernels", [False, True])
@pytest.mark.parametrize("engine_name", ["onnxruntime", "torch"])
@pytest.mark.parametrize("is_expert", [False, True])
def test_each_picture_is_restored_by_its_trunk(
    networks: tuple[RestorationNetwork, RestorationNetwork],
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    engine_name: str,
    is_expert: bool,
    constant_kernels: bool,
) -> None:
    if constant_kernels:
        monkeypatch.setattr("opir.runtime.fixed_stage.FIXED_FROM", 1)
    engine = OnnxEngine(folder, threads=1) if engine_name == "onnxruntime" else TorchEngine.load(folder, device="cpu")
    context = np.random.default_rng(1).normal(size=(1, CONFIG.n_context)).astype(np.float32)
    arguments = (*inputs(), one_task("noise"), context)
    for stage_index in (0, 1):
        restored, scale = engine.stage(*arguments, stage_index, expert=is_expert)
        with torch.no_grad():
            wanted = [network.stage(*map(torch.from_numpy, arguments), stage_index) for network in networks]
        np.testing.assert_allclose(restored, wanted[is_expert][0].numpy(), rtol=0, atol=1e-5)
        np.testing.assert_allclose(scale, wanted[is_expert][1].numpy(), rtol=0, atol=1e-5)
        assert np.abs(restored - wanted[not is_expert][0].numpy()).max() > 1e-3


def test_trunks_take_turns_with_constant_kernels(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = OnnxEngine(folder, threads=1)
    context = np.zeros((1, CONFIG.n_context), np.float32)
    arguments = (*inputs(), one_task("noise"), context, 0)
    plain = {expert: engine.stage(*arguments, expert=expert)[0] for expert in (False, True)}
    assert np.abs(plain[True] - plain[False]).max() > 1e-3
    monkeypatch.setattr("opir.runtime.fixed_stage.FIXED_FROM", 1)
    for expert in (True, False, True):
        again = engine.stage(*arguments, expert=expert)[0]
        np.testing.assert_allclose(again, plain[expert], rtol=0, atol=1e-5)


@pytest.mark.parametrize("engine_name", ["onnxruntime", "torch"])
@pytest.mark.parametrize(("task", "expert"), [("noise", True), ("jpeg", True), ("rain", False), ("haze", False)])
def test_pictures_go_to_their_trunk(
    networks: tuple[RestorationNetwork, RestorationNetwork], folder: Path, *, engine_name: str, task: str, expert: bool
) -> None:
    engine = OnnxEngine(folder, threads=1) if engine_name == "onnxruntime" else TorchEngine.load(folder, device="cpu")
    image = np.random.default_rng(2).random((3, 40, 24), np.float32)
    result = restore_array(engine, image, task_weights=one_task(task)[0], tile=0)
    assert result.expert is expert
    with torch.no_grad():
        told = torch.from_numpy(one_task(task))
        wanted = networks[expert](torch.from_numpy(image)[None], task_weights=told).scales[-1][0, 0]
    np.testing.assert_allclose(result.expected_error, wanted, rtol=1e-3, atol=1e-5)


def test_tiles_give_the_whole_picture(folder: Path) -> None:
    engine = OnnxEngine(folder, threads=1)
    image = np.random.default_rng(2).random((3, 150, 170), np.float32)
    whole, tiles = (
        restore_array(engine, image, task_weights=one_task("noise")[0], tile=tile).restored for tile in (0, 64)
    )
    np.testing.assert_allclose(tiles, whole, rtol=0, atol=1e-5)


@pytest.fixture(scope="module")
def deeper(networks: tuple[RestorationNetwork, RestorationNetwork]) -> RestorationNetwork:
    """An expert that looks further than the network and whose kernels are the same for all tasks."""
    first, *others = CONFIG.encoder_blocks
    network = randomise(RestorationNetwork(replace(CONFIG, task_rank=0, encoder_blocks=(first + 3, *others))))
    network.estimator.load_state_dict(networks[0].estimator.state_dict())
    return network


@pytest.mark.parametrize("engine_name", ["onnxruntime", "torch"])
def test_the_trunk_of_an_expert_may_be_another(
    networks: tuple[RestorationNetwork, RestorationNetwork],
    deeper: RestorationNetwork,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    engine_name: str,
) -> None:
    monkeypatch.setattr("opir.runtime.fixed_stage.FIXED_FROM", 1)
    export_model(networks[0], tmp_path, RELEASE, expert=deeper)
    spec = ModelSpec.load(tmp_path)
    assert "expert_fixed_stage.onnx" not in spec.sha256
    assert "fixed_stage.onnx" in spec.sha256
    assert (spec.stage_halo, spec.expert_stage_halo) == (stage_halo(CONFIG), stage_halo(deeper.config))
    assert spec.largest_stage_halo == stage_halo(deeper.config) > spec.stage_halo
    assert spec.expert_giga_macs_256 is not None
    assert spec.expert_giga_macs_256 > spec.giga_macs_256
    engine = OnnxEngine(tmp_path, threads=1) if engine_name == "onnxruntime" else TorchEngine.load(tmp_path)
    image = np.random.default_rng(2).random((3, 40, 24), np.float32)
    for task, network in (("noise", deeper), ("rain", networks[0])):
        result = restore_array(engine, image, task_weights=one_task(task)[0], tile=0)
        with torch.no_grad():
            wanted = network(torch.from_numpy(image)[None], task_weights=torch.from_numpy(one_task(task)))
        np.testing.assert_allclose(result.restored, wanted.stages[-1][0].clamp(0, 1), rtol=0, atol=1e-4)


def test_tiles_have_the_halo_of_their_trunk(
    networks: tuple[RestorationNetwork, RestorationNetwork], deeper: RestorationNetwork, tmp_path: Path
) -> None:
    export_model(networks[0], tmp_path, RELEASE, expert=deeper)
    engine = OnnxEngine(tmp_path, threads=1)
    image = np.random.default_rng(2).random((3, 250, 64), np.float32)

    def difference() -> float:
        pictures = [
            restore_array(engine, image, task_weights=one_task("noise")[0], tile=tile).restored for tile in (0, 64)
        ]
        return float(np.abs(pictures[0] - pictures[1]).max())

    assert difference() < 1e-5
    engine.spec = replace(engine.spec, expert_stage_halo=8)
    assert difference() > 1e-4


def test_the_folder_says_what_the_expert_is_for(
    networks: tuple[RestorationNetwork, RestorationNetwork], folder: Path
) -> None:
    spec = ModelSpec.load(folder)
    assert spec.expert_tasks == ("noise", "jpeg")
    assert {"expert_stage.onnx", "expert_fixed_stage.onnx", "expert.safetensors"} < set(spec.sha256)
    main, expert = (sum(each.numel() for each in network.parameters()) for network in networks)
    assert spec.n_parameters == main + expert - sum(each.numel() for each in networks[1].estimator.parameters())
    assert torch.equal(load_network(folder / "expert.safetensors").head.weight, networks[1].head.weight)


def test_each_trunk_has_its_own_calibration(
    networks: tuple[RestorationNetwork, RestorationNetwork], folder: Path, tmp_path: Path
) -> None:
    release = replace(RELEASE, uncertainty_scale=2.0, expert_uncertainty_scale=3.0)
    export_model(networks[0], tmp_path, release, expert=networks[1])
    image = np.random.default_rng(3).random((3, 40, 24), np.float32)
    plain, calibrated = OnnxEngine(folder, threads=1), OnnxEngine(tmp_path, threads=1)
    for task, factor in (("noise", 3.0), ("rain", 2.0)):
        before, after = (
            restore_array(engine, image, task_weights=one_task(task)[0], tile=0).expected_error
            for engine in (plain, calibrated)
        )
        np.testing.assert_allclose(after, factor * before, rtol=1e-5)


def test_half_of_the_size_is_the_same_in_both_engines(
    networks: tuple[RestorationNetwork, RestorationNetwork], folder: Path, tmp_path: Path
) -> None:
    export_model(networks[0], tmp_path, RELEASE, expert=networks[1], half=True)
    for name in ("model.safetensors", "expert.safetensors"):
        assert (tmp_path / name).stat().st_size < 0.6 * (folder / name).stat().st_size
    for name in ("stage.onnx", "expert_stage.onnx", "fixed_stage.onnx"):
        assert (tmp_path / name).stat().st_size < (folder / name).stat().st_size
    graphs, network = OnnxEngine(tmp_path, threads=1), TorchEngine.load(tmp_path, device="cpu")
    context = np.zeros((1, CONFIG.n_context), np.float32)
    for expert in (False, True):
        one, other = (
            engine.stage(*inputs(), one_task("noise"), context, 0, expert=expert)[0] for engine in (graphs, network)
        )
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-5)


def test_how_an_expert_would_judge_a_picture_does_not_matter(
    networks: tuple[RestorationNetwork, RestorationNetwork], tmp_path: Path
) -> None:
    network, expert = networks[0], copy.deepcopy(networks[1])
    with torch.no_grad():
        for layer in (expert.estimator.task_logits, expert.estimator.logarithms.hidden):
            layer.weight.add_(0.1)
    export_model(network, tmp_path, RELEASE, expert=expert)
    assert (tmp_path / "expert_stage.onnx").exists()


def test_an_expert_that_does_not_fit_is_refused(
    networks: tuple[RestorationNetwork, RestorationNetwork], tmp_path: Path
) -> None:
    network, expert = networks
    with pytest.raises(ConfigurationError, match="an expert and the tasks"):
        export_model(network, tmp_path / "model", RELEASE)
    with pytest.raises(ConfigurationError, match="an expert and the tasks"):
        export_model(network, tmp_path / "model", replace(RELEASE, expert_tasks=()), expert=expert)
    other = RestorationNetwork(replace(CONFIG, n_context=CONFIG.n_context + 1))
    with pytest.raises(ConfigurationError, match="must agree with the network on stages, stride, tasks, context"):
        export_model(network, tmp_path / "model", RELEASE, expert=other)
    alone = replace(RELEASE, expert_tasks=(), expert_uncertainty_scale=1.1)
    with pytest.raises(ConfigurationError, match="expert_uncertainty_scale"):
        export_model(network, tmp_path / "model", alone)
    with pytest.raises(ConfigurationError, match="fog"):
        export_model(network, tmp_path / "model", replace(RELEASE, expert_tasks=("fog",)), expert=expert)  # type: ignore[arg-type]
    with pytest.raises(
        ConfigurationError, match=r"expert_tasks must be among trained_tasks, rain, noise; got \['jpeg'\]"
    ):
        export_model(network, tmp_path / "model", replace(RELEASE, trained_tasks=("rain", "noise")), expert=expert)
    stranger = randomise(RestorationNetwork(CONFIG))
    with torch.no_grad():
        stranger.estimator.entry.weight.add_(0.1)
    with pytest.raises(
        ConfigurationError, match=r"behind the network's estimator; got another in 10 tensors, entry\.weight"
    ):
        export_model(network, tmp_path / "model", RELEASE, expert=stranger)
    assert not (tmp_path / "model").exists()


@pytest.mark.parametrize("engine_name", ["onnxruntime", "torch"])
def test_a_lost_expert_is_named(folder: Path, tmp_path: Path, engine_name: str) -> None:
    for path in folder.iterdir():
        if not path.name.startswith("expert"):
            (tmp_path / path.name).write_bytes(path.read_bytes())
    if engine_name == "onnxruntime":
        with pytest.raises(WeightsError, match=r"expert_stage\.onnx"):
            OnnxEngine(tmp_path)
    else:
        with pytest.raises(WeightsError, match=r"expert\.safetensors"):
            TorchEngine.load(tmp_path, device="cpu")


def test_an_expert_of_another_network_is_named(folder: Path, tmp_path: Path) -> None:
    for path in folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    other = replace(CONFIG, n_context=CONFIG.n_context + 1)
    save_network(RestorationNetwork(other), tmp_path / "expert.safetensors")
    description = json.loads((tmp_path / "model.json").read_text())
    from opir.runtime.weights import file_sha256

    description["sha256"]["expert.safetensors"] = file_sha256(tmp_path / "expert.safetensors")
    (tmp_path / "model.json").write_text(json.dumps(description))
    with pytest.raises(WeightsError, match="must fit the estimator and the stages of"):
        TorchEngine.load(tmp_path, device="cpu")


def test_an_engine_without_the_expert_of_its_description_is_refused(
    networks: tuple[RestorationNetwork, RestorationNetwork], folder: Path
) -> None:
    spec = ModelSpec.load(folder)
    with pytest.raises(ConfigurationError, match="got no expert and a description with the tasks noise, jpeg"):
        TorchEngine(networks[0], spec)
    with pytest.raises(ConfigurationError, match="got an expert and a description with the tasks none"):
        TorchEngine(networks[0], replace(spec, expert_tasks=()), expert=networks[1])


def test_the_command_exports_an_expert(networks: tuple[RestorationNetwork, RestorationNetwork], tmp_path: Path) -> None:
    for name, network in zip(("main", "expert"), networks, strict=True):
        save_network(network, tmp_path / f"{name}.safetensors")
    tasks = [f"--task={task}" for task in TASKS]
    experts = ["--expert", str(tmp_path / "expert.safetensors"), "--expert-task", "rain", "--expert-task", "snow"]
    factors = ["--uncertainty-scale", "1.5", "--expert-uncertainty-scale", "1.2"]
    out = tmp_path / "model"
    command = ["export", str(tmp_path / "main.safetensors"), "-o", str(out), "--name", "mine", "--version", "2"]
    result = CliRunner().invoke(app, [*command, *tasks, *experts, *factors, "--half"])
    assert result.exit_code == 0, result.output
    spec = ModelSpec.load(out)
    assert spec.expert_tasks == ("rain", "snow")
    assert (spec.uncertainty_scale, spec.expert_uncertainty_scale) == (1.5, 1.2)
    weights = load_network(out / "expert.safetensors").head.weight
    assert torch.equal(weights, networks[1].head.weight.half().float())

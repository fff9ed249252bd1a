"""A model that borrows files restores as before, and notices when they are gone or others."""

from __future__ import annotations

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
from opir.export.shared_files import leave_out_files_of
from opir.model import RestorationNetwork, save_network
from opir.runtime.onnx_engine import OnnxEngine
from opir.runtime.passes import restore_array
from opir.runtime.spec import ModelSpec
from opir.runtime.torch_engine import TorchEngine
from opir.runtime.weights import verify_model
from opir.tasks import TASKS

RELEASE = Release(name="trial", version="1", trained_tasks=TASKS, expert_tasks=("noise",))
EXPERTS = {"expert.safetensors", "expert_stage.onnx"}


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    """Two models of one network with different experts, and the second one's weights."""
    main = randomise(RestorationNetwork(SMALL))
    for name, factor in (("one", 1.1), ("two", 1.2)):
        expert = randomise(RestorationNetwork(SMALL))
        expert.estimator.load_state_dict(main.estimator.state_dict())
        with torch.no_grad():
            expert.head.weight.mul_(factor)
        export_model(main, tmp_path / name, replace(RELEASE, name=name), expert=expert)
        save_network(main, tmp_path / "main.safetensors")
        save_network(expert, tmp_path / "expert.safetensors")
    return tmp_path


def restored(folder: Path, engine: str) -> np.ndarray:
    image = np.random.default_rng(0).random((3, 40, 24), np.float32)
    opened = OnnxEngine(folder, threads=1) if engine == "onnxruntime" else TorchEngine.load(folder, device="cpu")
    told = np.array([float(task == "noise") for task in TASKS], np.float32)
    return restore_array(opened, image, task_weights=told, tile=0).restored


@pytest.mark.parametrize("engine", ["onnxruntime", "torch"])
def test_what_is_common_is_stored_once(weights: Path, monkeypatch: pytest.MonkeyPatch, engine: str) -> None:
    whole = restored(weights / "two", engine)
    assert np.abs(whole - restored(weights / "one", engine)).max() > 1e-4
    before = ModelSpec.load(weights / "two")
    removed = leave_out_files_of(weights / "two", "one")
    assert set(removed) == set(before.sha256) - EXPERTS
    assert {path.name for path in (weights / "two").iterdir()} == EXPERTS | {"model.json"}
    after = verify_model(weights / "two")
    assert (after.files_of, after.fingerprint) == ("one", before.fingerprint)
    np.testing.assert_array_equal(restored(weights / "two", engine), whole)
    monkeypatch.chdir(weights / "two")
    np.testing.assert_array_equal(restored(Path(), engine), whole)


def test_files_that_are_gone_or_others_are_named(weights: Path) -> None:
    leave_out_files_of(weights / "two", "one")
    stage = weights / "one" / "stage.onnx"
    stage.write_bytes(stage.read_bytes() + b"x")
    with pytest.raises(WeightsError, match=r"one.stage\.onnx is damaged or was altered"):
        OnnxEngine(weights / "two")
    stage.unlink()
    with pytest.raises(WeightsError, match=r"cannot read .*one.stage\.onnx"):
        OnnxEngine(weights / "two")


def test_only_folders_that_have_something_in_common_are_joined(weights: Path) -> None:
    stranger = randomise(RestorationNetwork(SMALL))
    with torch.no_grad():
        for parameter in stranger.parameters():
            parameter.add_(0.01)
    export_model(stranger, weights / "three", replace(RELEASE, name="three", expert_tasks=()))
    files = {path.name for path in (weights / "three").iterdir()}
    with pytest.raises(ConfigurationError, match="no file in common"):
        leave_out_files_of(weights / "three", "one")
    with pytest.raises(WeightsError, match="expected a model folder"):
        leave_out_files_of(weights / "three", "four")
    assert {path.name for path in (weights / "three").iterdir()} == files
    leave_out_files_of(weights / "two", "one")
    with pytest.raises(WeightsError, match="two has files of one itself"):
        leave_out_files_of(weights / "one", "two")


def test_the_command_leaves_them_out(weights: Path) -> None:
    out = weights / "new"
    command = ["export", str(weights / "main.safetensors"), "-o", str(out), "--name", "new", "--version", "3"]
    tasks = [f"--task={task}" for task in TASKS]
    expert = ["--expert", str(weights / "expert.safetensors"), "--expert-task", "noise", "--share-files-of", "one"]
    result = CliRunner().invoke(app, [*command, *tasks, *expert])
    assert result.exit_code == 0, result.output
    assert {path.name for path in out.iterdir()} == EXPERTS | {"model.json"}
    assert verify_model(out).files_of == "one"

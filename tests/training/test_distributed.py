"""Several processes train as one does."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from conftest_data import small_banks
from conftest_model import SMALL
from conftest_training import numbers_of, small_recipe
from opir.errors import ConfigurationError
from opir.model import RestorationNetwork, load_network
from opir.training.distributed import joined_processes
from opir.training.loop import train
from opir.training.losses import LossWeights, restoration_losses

SCRIPT = Path(__file__).with_name("train_small.py")
CHANGES = {"n_steps": 4, "accumulate": 2, "learning_rate": 1e-4}
LOCAL = {"PYTHONPATH": str(SCRIPT.parents[1]), "OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo"}


def free_port():
    with socket.socket() as opened:
        opened.bind(("127.0.0.1", 0))
        return opened.getsockname()[1]


def two_processes(folders, changes):
    """Start two as torchrun does, without its third; return what they say on standard error."""
    port = str(free_port())
    started = []
    for rank, folder in enumerate(folders):
        ranks = {"RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": "2"}
        environment = os.environ | LOCAL | ranks | {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
        command = [sys.executable, "-W", "error", str(SCRIPT), str(folder), json.dumps(changes)]
        started.append(subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True))
    return [process.communicate(timeout=240)[1] for process in started]


def train_alone(folder, **options):
    recipe = small_recipe(**(CHANGES | {"accumulate": 1}))
    train(recipe, small_banks(), folder, n_workers=0, report_every=1, device="cpu", **options)


def test_two_processes_go_on_with_a_run_as_one_would(tmp_path):
    """One step alone, then one of the same phase and two of the next in two processes, each in two micro-batches."""
    train_alone(tmp_path / "alone")
    train_alone(tmp_path / "shared", keep_going=lambda: False)
    errors = two_processes([tmp_path / "shared"] * 2, CHANGES)
    assert [line["step"] for line in numbers_of(tmp_path / "shared")] == [1, 2, 3, 4], errors
    for one, two in zip(numbers_of(tmp_path / "alone"), numbers_of(tmp_path / "shared"), strict=True):
        assert two == pytest.approx(one, rel=1e-4)
    torch.manual_seed(0)
    start = RestorationNetwork(SMALL).state_dict()
    alone, shared = (load_network(tmp_path / name).state_dict() for name in ("alone", "shared"))
    moved = torch.cat([(alone[name] - start[name]).flatten() for name in alone])
    apart = torch.cat([(alone[name] - shared[name]).flatten() for name in alone])
    assert apart.norm() < 0.01 * moved.norm()
    starts = json.loads((tmp_path / "shared" / "environment.json").read_text())
    assert [(start["step"], start["n_processes"]) for start in starts] == [(0, 1), (1, 2)]


def test_processes_that_see_different_checkpoints_stop(tmp_path):
    train_alone(tmp_path / "0", keep_going=lambda: False)
    for error in two_processes([tmp_path / "0", tmp_path / "1"], CHANGES):
        assert "all processes must resume from the same checkpoint; found the steps [1, 0] by rank" in error


@pytest.mark.slow
def test_torchrun_starts_them(tmp_path):
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    command += [str(SCRIPT), str(tmp_path / "run"), json.dumps(CHANGES)]
    done = subprocess.run(command, env=os.environ | LOCAL, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr
    train_alone(tmp_path / "alone")
    for one, two in zip(numbers_of(tmp_path / "alone"), numbers_of(tmp_path / "run"), strict=True):
        assert two == pytest.approx(one, rel=1e-4)


@pytest.mark.parametrize(
    "config",
    [
        SMALL,
        replace(SMALL, n_stages=1),
        replace(SMALL, fusion="pointwise", bias=False, stage_two_sees_observed=False, output_fusion=True),
    ],
    ids=["base", "one stage", "paper"],
)
def test_every_parameter_has_a_gradient_even_if_all_tasks_are_told(config):
    """Processes wait for each other's gradients: one that never comes would stop them all."""
    network = RestorationNetwork(config)
    labels = torch.ones(1, config.n_tasks)
    output = network(torch.rand(1, 3, 16, 16), task_weights=labels, told=labels > 0)
    restoration_losses(output, torch.rand(1, 3, 16, 16), labels, labels, LossWeights()).total.backward()
    assert [name for name, parameter in network.named_parameters() if parameter.grad is None] == []


def test_alone_without_torchrun(monkeypatch):
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    with joined_processes("cpu") as processes:
        assert processes.leads
        assert (processes.n_processes, processes.device.type) == (1, "cpu")
        assert processes.share_gradients(network := RestorationNetwork(SMALL), all_used=True) is network


@pytest.mark.skipif(torch.cuda.is_available(), reason="needs a machine without a GPU")
def test_a_missing_gpu_is_named():
    with pytest.raises(ConfigurationError, match="has 0 that torch can use"), joined_processes("cuda"):
        pass

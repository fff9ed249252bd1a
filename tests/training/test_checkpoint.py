"""A run may die at any moment; what it leaves can always be resumed, and only as the same run."""

from __future__ import annotations

import itertools
import json
import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path

import pytest
import torch

import opir.training.checkpoint
import opir.training.state_file
from conftest_data import small_banks
from conftest_model import SMALL
from conftest_training import MIXTURE, PHASES, assert_same_runs, numbers_of, small_recipe
from opir.errors import ConfigurationError, WeightsError
from opir.model import load_network
from opir.training.loop import train


def run(recipe, folder, **options):
    return train(recipe, small_banks(), folder, n_workers=0, report_every=1, device="cpu", **options)


class Killed(BaseException):
    """Nothing catches it, as nothing catches SIGKILL."""


@pytest.mark.parametrize(
    ("owner", "name"),
    [
        (opir.training.checkpoint, "save_network"),
        (opir.training.state_file.torch, "save"),
        (opir.training.state_file.os, "fsync"),
        (Path, "replace"),
    ],
    ids=["average", "state", "sync", "rename"],
)
def test_dying_inside_of_a_checkpoint_loses_nothing_before(tmp_path, monkeypatch, owner, name):
    recipe = small_recipe(checkpoint_minutes=1e-9, n_steps=4)
    run(recipe, tmp_path / "straight")
    with monkeypatch.context() as deadly:
        function = getattr(owner, name)

        def call(*arguments, **options):
            if (tmp_path / "broken" / "state.pt").exists():
                raise Killed
            return function(*arguments, **options)

        deadly.setattr(owner, name, call)
        with pytest.raises(Killed):
            run(recipe, tmp_path / "broken")
    assert torch.load(tmp_path / "broken" / "state.pt", weights_only=True)["step"] == 1
    load_network(tmp_path / "broken")
    run(recipe, tmp_path / "broken")
    assert_same_runs(tmp_path / "straight", tmp_path / "broken")
    assert not [file for file in tmp_path.rglob("*") if "part" in file.name]


def train_and_kill(folder, changes, *, after, delay):
    """Train in a process of its own; kill it ``delay`` seconds after it has recorded step ``after``."""
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])}
    command = [sys.executable, str(Path(__file__).with_name("train_small.py")), str(folder), json.dumps(changes)]
    process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 120
    metrics = folder / "metrics.jsonl"
    while not (metrics.exists() and f'"step": {after},' in metrics.read_text()):
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < deadline
        time.sleep(0.002)
    time.sleep(delay)
    process.send_signal(signal.SIGKILL)
    process.communicate()


@pytest.mark.parametrize("n_kills", [1, pytest.param(12, marks=pytest.mark.slow)])
def test_killing_at_any_moment_ends_in_the_same_weights(tmp_path, n_kills):
    """Checkpoints after every step, so that most of the moments fall into the writing of one."""
    generator = random.Random(n_kills)
    changes = {"checkpoint_minutes": 1e-9, "n_steps": 10_000}
    step = 0
    for _ in range(n_kills):
        train_and_kill(tmp_path / "killed", changes, after=step + 2, delay=generator.uniform(0, 0.3))
        reached = torch.load(tmp_path / "killed" / "state.pt", weights_only=True)["step"]
        assert reached > step
        step = reached
    assert [line["step"] for line in numbers_of(tmp_path / "killed")][:step] == list(range(1, step + 1))
    stop = step + 3
    for folder in ("killed", "straight"):
        calls = itertools.count(step + 1 if folder == "killed" else 1)
        run(small_recipe(**changes), tmp_path / folder, keep_going=lambda calls=calls: next(calls) < stop)
    assert_same_runs(tmp_path / "killed", tmp_path / "straight")


@pytest.mark.parametrize("content", [b"PK\x03\x04 not a checkpoint", b"", b"\x80\x02N."])
def test_a_damaged_checkpoint_is_named(tmp_path, content):
    (tmp_path / "state.pt").write_bytes(content)
    with pytest.raises(WeightsError, match=r"state\.pt cannot be resumed"):
        run(small_recipe(), tmp_path)


def test_another_recipe_is_not_a_resumption(tmp_path):
    run(small_recipe(n_steps=1), tmp_path)
    before = {file: file.read_bytes() for file in tmp_path.iterdir() if file.is_file()}
    other = small_recipe(
        model=replace(SMALL, n_context=4), seed=3, ingredients={"noise": MIXTURE["noise"]},
        phases=(PHASES[0], replace(PHASES[1], batch_size=16)),
    )  # fmt: skip
    with pytest.raises(ConfigurationError) as refused:
        run(other, tmp_path)
    for part in (
        "model.n_context: 8 there, 4 now", "seed: 0 there, 3 now", "phases.1.batch_size: 4 there, 16 now",
        'ingredients.clean.bank: "clean" there, nothing now',
    ):  # fmt: skip
        assert part in str(refused.value)
    assert "n_steps:" not in str(refused.value)
    assert {file: file.read_bytes() for file in before} == before


def test_a_run_may_become_longer_and_gentler(tmp_path):
    run(small_recipe(n_steps=2), tmp_path)
    changed = small_recipe(n_steps=4, learning_rate=1e-4, max_gradient_norm=0.1, accumulate=2, checkpoint_minutes=1.0)
    run(changed, tmp_path)
    assert [line["step"] for line in numbers_of(tmp_path)] == [1, 2, 3, 4]
    assert json.loads((tmp_path / "recipe.json").read_text())["n_steps"] == 4
    assert json.loads(json.dumps(asdict(changed))) == json.loads((tmp_path / "recipe.json").read_text())

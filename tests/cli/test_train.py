"""``opir train``: recipes by name, changes, one's own pairs, and stopping."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from miniatures import write_picture, write_pictures
from opir.cli import train_progress
from opir.cli.main import app
from opir.cli.stop_signals import stop_requests, until
from opir.model import RestorationNetwork, load_network, preset, save_network
from opir.training.loop import Progress
from opir.training.recipes import RECIPES

SIZE = (40, 32)
SMALL = (
    "--preset", "tiny", "--workers", 0,
    "--set", "crop_size=16", "--set", "surroundings_size=none", "--set", "batch_size=2",
)  # fmt: skip


@pytest.fixture
def own_pairs(tmp_path):
    names = [f"{part}/{kind}/{n}.png" for part in ("train", "test") for kind in ("input", "target") for n in (1, 2)]
    return write_pictures(tmp_path / "photos", names, SIZE)


@pytest.fixture
def weights(tmp_path):
    path = tmp_path / "model.safetensors"
    save_network(RestorationNetwork(preset("tiny")), path)
    return path


def train(*arguments):
    return CliRunner().invoke(app, ["train", *map(str, arguments)])


def test_the_recipes_are_listed_in_one_line_each():
    lines = train("--list").output.splitlines()
    assert [line.split()[0] for line in lines] == list(RECIPES)
    assert all(len(line.split()) > 1 for line in lines)


def test_a_dry_run_prints_the_settled_run_and_trains_nothing(own_pairs, tmp_path):
    write_picture(tmp_path / "data" / "clean" / "a.png", SIZE)
    arguments = (
        "three_tasks",
        "--data",
        tmp_path / "data",
        "--run",
        tmp_path / "run",
        "--dry-run",
        "--machine",
        "small",
    )
    result = train(*arguments, "--set", "model.dilations=1,2", "--set", "phases.0.crop_size=64")
    assert result.exit_code == 0, result.output
    settled = json.loads(result.stdout)
    assert settled["recipe"]["model"]["dilations"] == [1, 2]
    assert [phase["crop_size"] for phase in settled["recipe"]["phases"]] == [64, 144]
    assert settled["recipe"]["accumulate"] > 1
    assert settled["phase_bounds"] == [[0, 14000], [14000, 20000]]
    assert settled["banks"] == {"clean": 1}
    assert "rain_pairs is left out" in result.stderr
    assert "rain_pairs" not in settled["recipe"]["ingredients"]
    assert not (tmp_path / "run").exists()


def test_a_dry_run_needs_no_data():
    assert json.loads(train("paper", "--dry-run").stdout)["recipe"]["model"]["uncertainty"] == "pooled"
    result = train("paper")
    assert result.exit_code == 2
    assert "--data" in result.output


def test_finetune_on_a_folder_of_pairs_starts_from_given_weights(own_pairs, weights, tmp_path):
    run = tmp_path / "run"
    options = (*SMALL[2:], "--start-from", weights, "--set", "learning_rate=1e-12", "--set", "n_steps=2")
    result = train("finetune", "--data", own_pairs, "--run", run, *options, "--report-every", 1)
    assert result.exit_code == 0, result.output
    assert "other_pairs: 2 pictures" in result.stdout
    assert "split train is taken, test left alone" in result.stderr
    assert "the network is that of the weights to start from" in result.stderr
    assert "step 2/2  loss " in result.stdout
    trained, before = load_network(run), load_network(weights)
    assert trained.config == preset("tiny")
    assert (trained.predictor.entry.weight - before.predictor.entry.weight).abs().max() < 1e-6


def test_finetune_begins_with_the_bundled_weights(own_pairs, weights, tmp_path, monkeypatch):
    bundled = tmp_path / "bundled" / "base"
    bundled.mkdir(parents=True)
    weights.rename(bundled / "model.safetensors")
    (bundled / "model.json").write_text("{}")
    monkeypatch.setattr("opir.runtime.weights.bundled_folder", lambda: bundled.parent)
    settled = json.loads(train("finetune", "--data", own_pairs, "--dry-run").stdout)
    assert settled["start_from"] == str(bundled)
    assert settled["recipe"]["model"]["widths"] == [32, 64]
    other = train("finetune", "--data", own_pairs, "--dry-run", "--preset", "base")
    assert other.exit_code == 1
    assert "train from scratch" in other.output
    scratch = train("finetune", "--data", own_pairs, "--dry-run", "--preset", "base", "--from-scratch")
    assert json.loads(scratch.stdout)["start_from"] is None


def test_finetune_on_another_split(own_pairs, tmp_path):
    arguments = ("finetune", "--from-scratch", "--dry-run", "--data", own_pairs)
    assert "split test is taken" in train(*arguments, "--split", "test").stderr
    (own_pairs / "train").rename(own_pairs / "val")
    result = train(*arguments)
    assert result.exit_code == 1
    assert "--split: val, test" in result.output


def test_a_missing_bank_is_named_with_what_was_found(own_pairs, tmp_path):
    result = train("three_tasks", "--data", own_pairs, "--run", tmp_path / "run")
    assert result.exit_code == 1
    assert "needs pictures for clean; found other_pairs (2)" in result.output
    assert not (tmp_path / "run").exists()


def test_every_problem_of_the_training_data_is_a_line(own_pairs, tmp_path):
    (own_pairs / "train" / "input" / "text.png").write_text("no picture")
    write_picture(own_pairs / "train" / "input" / "lonely.png", SIZE)
    write_picture(own_pairs / "train" / "target" / "text.png", SIZE)
    result = train("finetune", "--from-scratch", "--data", own_pairs, "--run", tmp_path / "run")
    assert result.exit_code == 1
    assert "text.png" in result.output
    assert "lonely" in result.output
    assert len(result.output.splitlines()) > 2
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (("four_task",), "four_tasks"),
        (("four_tasks", "--set", "steps=3"), "n_steps"),
        (("four_tasks", "--preset", "tin"), "tiny"),
        (("four_tasks", "--machine", "larg"), "large"),
    ],
)
def test_wrong_names_suggest_the_right_one(arguments, hint):
    result = train(*arguments, "--dry-run")
    assert result.exit_code == 1
    assert f"did you mean '{hint}'" in result.output


def test_a_signal_writes_a_checkpoint_and_the_same_command_goes_on(own_pairs, tmp_path, monkeypatch):
    run = tmp_path / "run"
    command = ("finetune", "--from-scratch", "--data", own_pairs, "--run", run, *SMALL, "--set", "n_steps=4")

    def ask_to_stop(progress):
        if progress.step == 1:
            os.kill(os.getpid(), signal.SIGTERM)

    with monkeypatch.context() as patched:
        patched.setattr(train_progress, "_say_line", ask_to_stop)
        stopped = train(*command, "--report-every", 1)
    assert stopped.exit_code == 130
    assert "goes on from the checkpoint" in stopped.output
    assert (run / "model.safetensors").exists()
    resumed = train(*command, "--report-every", 1)
    assert resumed.exit_code == 0, resumed.output
    steps = [line.split()[1] for line in resumed.output.splitlines() if line.startswith("step")]
    assert steps[-1] == "4/4"
    assert "1/4" not in steps


def test_a_second_signal_stops_at_once_and_the_handlers_come_back():
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    with stop_requests() as asked_to_stop:
        assert not asked_to_stop()
        signal.raise_signal(signal.SIGINT)
        assert asked_to_stop()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


def test_a_signal_that_torchrun_passes_on_is_the_same_wish(monkeypatch):
    monkeypatch.setenv("TORCHELASTIC_RUN_ID", "one")
    now = iter([10.0, 10.5, 30.0])
    monkeypatch.setattr("opir.cli.stop_signals.time.monotonic", lambda: next(now))
    with stop_requests() as asked_to_stop:
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGTERM)  # half a second later
        assert asked_to_stop()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)


def test_minutes_and_wishes_to_stop_both_end_a_run(monkeypatch):
    now = [100.0]
    monkeypatch.setattr("opir.cli.stop_signals.time", SimpleNamespace(monotonic=lambda: now[0]))
    keep_going = until(1.5, lambda: False)
    for_ever, asked = until(None, lambda: False), until(1.5, lambda: True)
    assert keep_going()
    assert for_ever()
    assert not asked()
    now[0] += 91.0
    assert not keep_going()
    assert for_ever()


def test_progress_tells_the_tasks_and_the_time_left():
    progress = Progress(
        step=100, n_steps=1100, seconds_per_step=9.0, learning_rate=1e-3, gradient_norm=0.1, psnr=27.318,
        psnr_by_task={"noise": 30.04, "rain": 25.0}, losses={"total": 0.01234},
    )  # fmt: skip
    assert train_progress.numbers(progress) == "loss 0.0123  psnr 27.32 dB (noise 30.0, rain 25.0)"
    assert train_progress.time_left(progress) == "2 h 30 min"


def test_photographs_held_out_are_listed_and_stay_held_out(tmp_path):
    folder, run = tmp_path / "data", tmp_path / "run"
    for k in range(5):
        write_picture(folder / "clean" / f"{k}.png", SIZE)
    settings = ("--data", folder, "--run", run, *SMALL, "--set", "n_steps=1")
    result = train("all_tasks", *settings, "--hold-out", 2)
    assert result.exit_code == 0, result.output
    assert "clean: 3 pictures" in result.output
    listed = (run / "held_out.txt").read_text().splitlines()
    assert len(listed) == 2
    assert all(Path(line).is_file() for line in listed)
    again = train("all_tasks", *settings, "--hold-out", 1)
    assert again.exit_code == 1
    assert "held out 2 photographs" in again.output
    too_many = train("all_tasks", *settings, "--hold-out", 5)
    assert too_many.exit_code == 1
    assert "between 0 and 4" in too_many.output

"""A training folder becomes weights, weights become a model, the model restores: the whole way, in small."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from opir.cli.main import app
from opir.imaging import read_photo


@pytest.fixture
def training_folder(tmp_path):
    generator = np.random.default_rng(0)

    def picture(name, size=(40, 48)):
        path = tmp_path / "data" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = np.kron(generator.integers(0, 256, (*(side // 8 for side in size), 3)), np.ones((8, 8, 1)))
        Image.fromarray(pixels.astype(np.uint8)).save(path)

    for name in (
        "clean/a.png", "clean/b.png", "rain/input/1.png", "rain/target/1.png", "haze/ITS/hazy/3_1_0.9.png",
        "haze/ITS/gt/3.png", "lowlight/low/7.png", "lowlight/high/7.png",
    ):  # fmt: skip
        picture(name)
    return tmp_path / "data"


def invoke(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_train_export_restore(training_folder, tmp_path):
    run, model = tmp_path / "run", tmp_path / "model"
    settings = ("n_steps=2", "batch_size=2", "crop_size=24")
    options = [part for setting in settings for part in ("--set", setting)]
    data = ("--data", training_folder, "--run", run, "--workers", 0)
    trained = invoke("train", "four_tasks", *data, "--preset", "tiny", *options)
    assert trained.exit_code == 0, trained.output
    assert "low_light_pairs: 1 pictures" in trained.output
    assert json.loads((run / "recipe.json").read_text())["n_steps"] == 2

    tasks = [part for task in ("noise", "rain") for part in ("--task", task)]
    exported = invoke("export", run / "model.safetensors", "-o", model, "--name", "mine", "--version", "1", *tasks)
    assert exported.exit_code == 0, exported.output
    assert json.loads((model / "model.json").read_text())["trained_tasks"] == ["noise", "rain"]

    photo, output = training_folder / "clean" / "a.png", tmp_path / "out.png"
    restored = invoke("restore", photo, "-o", output, "--model", model)
    assert restored.exit_code == 0, restored.output
    assert read_photo(output).pixels.shape == read_photo(photo).pixels.shape


def test_an_unknown_task_cannot_be_exported(tmp_path):
    result = invoke("export", tmp_path / "w", "-o", tmp_path / "m", "--name", "n", "--version", "1", "--task", "fog")
    assert result.exit_code == 2
    assert not (tmp_path / "m").exists()


def test_a_change_of_log_odds_in_another_form_ends_before_anything_is_written(tmp_path):
    release = ("--name", "n", "--version", "1", "--task", "rain", "--log-odds", "rain:2")
    result = invoke("export", tmp_path / "w", "-o", tmp_path / "m", *release)
    assert result.exit_code != 0
    assert "TASK=SLOPE,SHIFT" in str(result.exception) + result.output
    assert not (tmp_path / "m").exists()


def test_presets_are_printed_with_their_costs():
    rows = {row["name"]: row for row in json.loads(invoke("presets", "--json").output)}
    assert set(rows) == {"tiny", "base", "large", "paper"}
    assert rows["base"]["giga_macs_256"] <= 6
    table = invoke("presets")
    assert table.exit_code == 0
    assert "base" in table.output

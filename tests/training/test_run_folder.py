"""What a run folder tells about its run."""

from __future__ import annotations

import json
import logging
import platform
import sys

import numpy as np
import pytest
import torch

from conftest_data import small_banks
from conftest_model import randomise
from conftest_training import numbers_of, small_recipe
from opir.imaging import read_photo
from opir.model import RestorationNetwork
from opir.training.loop import train
from opir.training.run_log import RunLog
from opir.training.sample_pictures import GAP, draw_sheet


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    train(small_recipe(), small_banks(), folder, n_workers=0, report_every=2, device="cpu")
    return folder


def test_the_recipe_and_the_environment_are_kept(finished):
    recipe = json.loads((finished / "recipe.json").read_text())
    assert recipe["model"]["n_context"] == 8
    assert recipe["phases"][1]["crop_size"] == 24
    (start,) = json.loads((finished / "environment.json").read_text())
    assert start["versions"]["torch"] == torch.__version__
    assert start["versions"]["python"] == platform.python_version()
    assert (start["seed"], start["n_processes"], start["device"], start["step"]) == (0, 1, "cpu", 0)
    assert start["commit"] is None or len(start["commit"].removesuffix("-dirty")) == 40
    assert start["command"] == sys.argv


def test_metrics_are_lines_of_json(finished):
    lines = numbers_of(finished)
    assert [line["step"] for line in lines] == [2, 4, 6]
    assert lines[0].keys() >= {"learning_rate", "gradient_norm", "psnr", "psnr/noise", "total", "tasks"}


def test_tensorboard_shows_the_same_numbers(finished):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(finished / "tensorboard")).Reload()
    shown = {event.step: event.value for event in events.Scalars("total")}
    assert shown == pytest.approx({line["step"]: line["total"] for line in numbers_of(finished)})
    assert [event.step for event in events.Images("pictures")] == [6]


def test_without_tensorboard_one_note_is_left(tmp_path, monkeypatch, caplog):
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    with caplog.at_level(logging.WARNING, logger="opir"):
        train(small_recipe(n_steps=2), small_banks(), tmp_path, n_workers=0, report_every=1, device="cpu")
    assert [record.getMessage().startswith("tensorboard is not installed") for record in caplog.records] == [True]
    assert not (tmp_path / "tensorboard").exists()
    assert len(numbers_of(tmp_path)) == 2


def test_lines_after_the_checkpoint_and_halves_of_lines_go(tmp_path):
    lines = ['{"step": 5, "total": 1.0}', '{"step": 7, "event": "repeated in float32"}', '{"step": 10, "total": 2.0}']
    (tmp_path / "metrics.jsonl").write_text("\n".join(lines) + '\n{"step": 1')
    RunLog(tmp_path, step=7).close()
    assert (tmp_path / "metrics.jsonl").read_text() == "\n".join(lines[:2]) + "\n"


def test_the_sheet_shows_both_stages_uncertainty_and_the_clean_crop(finished):
    sheet = read_photo(finished / "pictures" / "step_000006.png").pixels
    tile = 24 + 2 * GAP
    assert sheet.shape[1] == max(240, 5 * tile)
    assert sheet.shape[0] > 2 * tile
    torch.manual_seed(0)
    untrained = RestorationNetwork(small_recipe().model).eval()
    drawn = draw_sheet(untrained, small_banks(), small_recipe(), torch.device("cpu"))

    def column(rows, k):
        return rows[: 2 * tile, k * tile : (k + 1) * tile]

    degraded, first, second, error, clean = (column(drawn, k) for k in range(5))
    np.testing.assert_array_equal(degraded, first)  # an untrained network is the identity
    np.testing.assert_array_equal(degraded, second)
    np.testing.assert_array_equal(degraded, column(sheet, 0))  # the same samples at every step
    np.testing.assert_array_equal(clean, column(sheet, 4))
    assert (degraded[:tile] != clean[:tile]).any()  # the first ingredient is noise
    np.testing.assert_array_equal(degraded[tile:], clean[tile:])  # the second is nothing
    assert error[GAP:-GAP, GAP:-GAP].std() > 0 or (error != degraded).any()
    changed = draw_sheet(randomise(untrained), small_banks(), small_recipe(), torch.device("cpu"))
    assert (column(changed, 2) != second).any()

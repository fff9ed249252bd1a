"""``opir bench`` prints one table, or one object, and fails where an engine does."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from opir.cli.main import app
from opir.runtime import speed
from opir.runtime.spec import ModelSpec
from opir.runtime.speed import Speed

QUICK = ("--engine", "onnxruntime", "--size", "0.001", "--repeats", "1", "--threads", "1")


def test_one_row_per_engine_size_and_effort(tiny_model: Path) -> None:
    result = CliRunner().invoke(app, ["bench", "--model", str(tiny_model), *QUICK, "--effort", "fast", "--json"])
    assert result.exit_code == 0
    report = json.loads(result.stdout)
    (row,) = report["rows"]
    assert (row["engine"], row["effort"], row["task"]) == ("onnxruntime", "fast", "blind")
    assert (row["width"], row["height"], row["expert"]) == (39, 26, False)
    assert report["threads"] == 1


def test_a_table(tiny_model: Path) -> None:
    result = CliRunner().invoke(app, ["bench", "--model", str(tiny_model), *QUICK, "--effort", "best"])
    first, headings, row = result.stdout.splitlines()
    assert "1 threads" in first
    assert headings.split()[:4] == ["engine", "device", "precision", "effort"]
    assert row.split()[:4] == ["onnxruntime", "cpu", "float32", "best"]


def test_memory_of_a_gpu_has_a_place_in_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    there = Speed(
        engine="torch",
        device="cuda",
        precision="float16",
        height=816,
        width=1224,
        tile=0,
        n_tiles=1,
        share_refined=1.0,
        expert=False,
        load_seconds=1.0,
        seconds=0.01,
        cpu_seconds=0.01,
        megapixels_per_second=100.0,
        peak_bytes=200_000_000,
        process_peak_bytes=900_000_000,
        device_peak_bytes=1_234_000_000,
    )
    monkeypatch.setattr(speed, "measure", lambda _: there)
    result = CliRunner().invoke(app, ["bench", "--engine", "torch", "--effort", "best", "--task", "rain"])
    assert result.stdout.splitlines()[-1].endswith("200 MB, cuda 1234 MB")


def test_trunks_that_differ_in_cost_are_both_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    load = ModelSpec.load
    monkeypatch.setattr(ModelSpec, "load", lambda folder: replace(load(folder), expert_giga_macs_256=3.0))
    result = CliRunner().invoke(app, ["bench", *QUICK, "--effort", "fast", "--json"])
    rows = json.loads(result.stdout)["rows"]
    assert [(row["task"], row["expert"]) for row in rows] == [("rain", False), ("noise", True)]


def test_a_told_task_decides_which_trunk_is_measured() -> None:
    told = CliRunner().invoke(app, ["bench", *QUICK, "--effort", "fast", "--json", "--task", "jpeg", "--task", "blind"])
    rows = json.loads(told.stdout)["rows"]
    assert [row["task"] for row in rows] == ["jpeg", "blind"]
    assert rows[0]["expert"]


def test_an_engine_that_fails(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["bench", "--model", str(tmp_path), *QUICK, "--effort", "best"])
    assert result.exit_code == 1
    assert "opir: onnxruntime: expected a model folder with model.json" in result.stderr


def test_unknown_effort_is_wrong_usage() -> None:
    result = CliRunner().invoke(app, ["bench", "--effort", "fst"])
    assert result.exit_code == 2
    assert "did you mean fast?" in result.stderr.replace("\n", " ")

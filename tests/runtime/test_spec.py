"""``model.json``: every entry arrives, every damage is named."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from opir.errors import WeightsError
from opir.runtime.spec import DEFAULT_BYTES_PER_PIXEL, ModelSpec
from tiny_model import tiny_entries

DIGESTS = {"b.onnx": "b" * 64, "a.onnx": "a" * 64}


def write(folder: Path, **changes: object) -> Path:
    entries = tiny_entries() | {"sha256": DIGESTS} | changes
    (folder / "model.json").write_text(json.dumps(entries))
    return folder


def test_entries_arrive(tmp_path: Path) -> None:
    spec = ModelSpec.load(write(tmp_path))
    assert (spec.name, spec.version, spec.stride, spec.n_stages) == ("tiny", "0.0.1", 8, 2)
    assert spec.trained_tasks == ("noise", "rain", "haze", "low_light")
    assert len(spec.tasks) == 7
    assert spec.uncertainty_scale == 2.0
    assert spec.sha256["a.onnx"] == "a" * 64
    assert spec.bytes_per_pixel == DEFAULT_BYTES_PER_PIXEL


def test_an_expert_may_have_a_calibration(tmp_path: Path) -> None:
    assert ModelSpec.load(write(tmp_path)).expert_uncertainty_scale is None
    assert ModelSpec.load(write(tmp_path, expert_uncertainty_scale=1.1)).expert_uncertainty_scale == 1.1


def test_memory_may_be_measured(tmp_path: Path) -> None:
    assert ModelSpec.load(write(tmp_path, bytes_per_pixel=777)).bytes_per_pixel == 777


def test_fingerprint_is_what_sha256sum_gives(tmp_path: Path) -> None:
    lines = f"{'a' * 64}  a.onnx\n{'b' * 64}  b.onnx\n"
    assert ModelSpec.load(write(tmp_path)).fingerprint == hashlib.sha256(lines.encode()).hexdigest()


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("format", 2),
        ("name", ""),
        ("stride", 0),
        ("stride", True),
        ("stride", 8.0),
        ("stage_halo", 12),
        ("encoder_halo", -8),
        ("n_stages", 0),
        ("tasks", []),
        ("tasks", ["noise", "noise"]),
        ("tasks", ["noise", "fog"]),
        ("tasks", "noise"),
        ("trained_tasks", ["fog"]),
        ("expert_tasks", ["blur"]),
        ("uncertainty_scale", 0),
        ("uncertainty_scale", float("nan")),
        ("expert_uncertainty_scale", -1),
        ("expert_stage_halo", 12),
        ("expert_giga_macs_256", -1),
        ("giga_macs_256", -1),
        ("sha256", {}),
        ("sha256", {"stage.onnx": "abc"}),
        ("sha256", {"../stage.onnx": "a" * 64}),
        ("bytes_per_pixel", 0),
    ],
)
def test_impossible_entries_are_named(tmp_path: Path, key: str, value: object) -> None:
    with pytest.raises(WeightsError, match=rf"model\.json: '{key}' must be"):
        ModelSpec.load(write(tmp_path, **{key: value}))


def test_trained_tasks_must_be_tasks_of_the_model(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="trained_tasks"):
        ModelSpec.load(write(tmp_path, tasks=["rain"], trained_tasks=["noise"]))


def test_missing_entry_is_named(tmp_path: Path) -> None:
    write(tmp_path)
    entries = json.loads((tmp_path / "model.json").read_text())
    del entries["stride"]
    (tmp_path / "model.json").write_text(json.dumps(entries))
    with pytest.raises(WeightsError, match="lacks the entry 'stride'"):
        ModelSpec.load(tmp_path)


@pytest.mark.parametrize("text", ["", "{", "[1]", "\ufeff{}"])
def test_other_files_are_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "model.json").write_text(text)
    with pytest.raises(WeightsError, match=r"model\.json"):
        ModelSpec.load(tmp_path)


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="expected a model folder"):
        ModelSpec.load(tmp_path)

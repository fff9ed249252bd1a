"""Engines by name; nothing is replaced in silence."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from opir.errors import ConfigurationError, MissingExtraError, WeightsError
from opir.runtime.open_engine import open_engine
from tiny_model import write_tiny_model


def without_graphs(folder: Path) -> Path:
    """A model folder that lists only a safetensors file (which is not there)."""
    write_tiny_model(folder)
    entries = json.loads((folder / "model.json").read_text())
    entries["sha256"] = {"model.safetensors": "0" * 64}
    (folder / "model.json").write_text(json.dumps(entries))
    return folder


@pytest.mark.parametrize("name", ["auto", "onnxruntime"])
def test_graphs_are_run_by_onnxruntime(tmp_path: Path, name: str) -> None:
    assert open_engine(write_tiny_model(tmp_path), name, threads=1).name == "onnxruntime"


def test_auto_takes_torch_for_a_model_without_graphs(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"cannot read .*model\.safetensors"):
        open_engine(without_graphs(tmp_path))


def test_missing_torch_gives_the_install_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.delitem(sys.modules, "opir.runtime.torch_engine", raising=False)
    with pytest.raises(MissingExtraError, match=r"pip install 'opir\[torch\]'"):
        open_engine(write_tiny_model(tmp_path), "torch")


def test_missing_onnxruntime_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(MissingExtraError, match="pip install onnxruntime"):
        open_engine(write_tiny_model(tmp_path))


def test_unknown_engine_and_no_threads(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="must be one of auto, onnxruntime, torch"):
        open_engine(tmp_path, "tensorrt")
    with pytest.raises(ConfigurationError, match="threads must be at least 1"):
        open_engine(tmp_path, threads=0)

"""When a graph with constant kernels is loaded, and for which pictures it serves."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from opir.errors import WeightsError
from opir.export.fixed_stage import write_fixed_stage
from opir.runtime import fixed_stage
from opir.runtime.fixed_stage import FixedStages
from opir.runtime.onnx_engine import OnnxEngine
from opir.runtime.passes import restore_array
from opir.runtime.spec import ModelSpec
from tiny_model import replaced, write_tiny_model


@pytest.fixture(autouse=True)
def from_hundred_pixels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fixed_stage, "FIXED_FROM", 100)


def never() -> str:
    raise AssertionError("loaded again")


def test_small_tiles_are_not_restored_by_it_whatever_was_loaded() -> None:
    stages = FixedStages[str]()
    assert stages.get((b"one",), 99, never) is None
    assert stages.get((b"one",), 99, never) is None
    assert stages.get((b"one",), 100, lambda: "loaded") == "loaded"
    assert stages.get((b"one",), 99, never) is None


def test_tiles_with_the_same_kernels_load_once() -> None:
    stages = FixedStages[str]()
    assert stages.get((b"one",), 100, lambda: "loaded") == "loaded"
    assert stages.get((b"two",), 99, never) is None
    assert stages.get((b"one",), 100, never) == "loaded"


def test_other_kernels_take_the_place_of_the_last() -> None:
    stages = FixedStages[str]()
    assert stages.get((b"one",), 100, lambda: "first") == "first"
    assert stages.get((b"two",), 100, lambda: "second") == "second"
    assert stages.get((b"one",), 100, lambda: "again") == "again"


def test_a_graph_that_cannot_be_loaded_is_tried_again() -> None:
    stages = FixedStages[str]()
    with pytest.raises(AssertionError, match="loaded again"):
        stages.get((b"one",), 100, never)
    assert stages.get((b"one",), 100, lambda: "loaded") == "loaded"


def with_fixed_stage(folder: Path) -> Path:
    write_tiny_model(folder)
    stage = folder / "stage.onnx"
    write_fixed_stage(stage, folder / "fixed_stage.onnx")
    replaced(folder, "stage.onnx", stage.read_bytes())
    return replaced(folder, "fixed_stage.onnx", (folder / "fixed_stage.onnx").read_bytes())


def test_pictures_are_the_same_with_constant_kernels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    image = np.random.default_rng(0).random((3, 61, 83), np.float32)
    plain = restore_array(OnnxEngine(write_tiny_model(tmp_path / "plain"), threads=1), image, tile=24)
    engine = OnnxEngine(with_fixed_stage(tmp_path / "both"), threads=1)
    loaded: list[str] = []
    open_graph = engine._open
    monkeypatch.setattr(engine, "_open", lambda path, kernels: loaded.append(path.name) or open_graph(path, kernels))
    fixed = restore_array(engine, image, tile=24)
    assert loaded == ["fixed_stage.onnx"] * 4  # twelve tiles in three bands, two stages in turns
    np.testing.assert_allclose(fixed.restored, plain.restored, atol=1e-6)
    np.testing.assert_allclose(fixed.expected_error, plain.expected_error, atol=1e-6)


def test_a_picture_does_not_depend_on_those_before_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fixed_stage, "FIXED_FROM", 1000)  # between tiles of 8 and of 24 px with their halo
    engine = OnnxEngine(with_fixed_stage(tmp_path), threads=1)
    image = np.random.default_rng(0).random((3, 61, 83), np.float32)
    first = restore_array(engine, image, tile=8).restored
    restore_array(engine, image, tile=24)
    np.testing.assert_array_equal(restore_array(engine, image, tile=8).restored, first)


def test_threads_with_pictures_of_their_own_do_not_mix_them_up(tmp_path: Path) -> None:
    engine = OnnxEngine(with_fixed_stage(tmp_path), threads=1)
    pictures = np.random.default_rng(0).random((8, 3, 40, 48), np.float32) * np.linspace(0.1, 1, 8)[:, None, None, None]
    pictures = pictures.astype(np.float32)
    one_by_one = [restore_array(engine, picture, tile=0).restored for picture in pictures]
    with ThreadPoolExecutor(4) as threads:
        together = list(threads.map(lambda picture: restore_array(engine, picture, tile=0).restored, pictures))
    np.testing.assert_array_equal(together, one_by_one)


def test_an_altered_fixed_stage_is_not_loaded(tmp_path: Path) -> None:
    folder = with_fixed_stage(tmp_path)
    (folder / "fixed_stage.onnx").write_bytes((folder / "fixed_stage.onnx").read_bytes() + b" ")
    with pytest.raises(WeightsError, match=r"fixed_stage\.onnx is damaged or was altered"):
        OnnxEngine(folder, threads=1)


def test_a_fixed_stage_of_another_model_is_refused(tmp_path: Path) -> None:
    folder = with_fixed_stage(tmp_path / "both")
    replaced(folder, "fixed_stage.onnx", (folder / "encoder.onnx").read_bytes())
    engine = OnnxEngine(folder, threads=1)
    with pytest.raises(WeightsError, match=r"cannot load .*fixed_stage\.onnx"):
        restore_array(engine, np.zeros((3, 40, 48), np.float32), tile=0)
    assert "fixed_stage.onnx" in ModelSpec.load(folder).sha256

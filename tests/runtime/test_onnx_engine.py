"""The ONNX Runtime engine on real graphs, against the same arithmetic in scipy."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from scipy.ndimage import correlate

from opir.errors import WeightsError
from opir.runtime.engine import InterruptedRunError, InterruptibleEngine
from opir.runtime.onnx_engine import OnnxEngine
from opir.runtime.passes import restore_array
from tiny_model import replaced, tiny_weights, write_tiny_model


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_model(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="module")
def engine(folder: Path) -> OnnxEngine:
    return OnnxEngine(folder, threads=1)


def convolved(planes: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    pairs = zip(planes, kernel, strict=True)
    return sum(correlate(plane, weights, mode="constant") for plane, weights in pairs)


def test_describes_itself(engine: OnnxEngine) -> None:
    assert (engine.name, engine.device, engine.precision, engine.spec.name) == ("onnxruntime", "cpu", "float32", "tiny")


def test_encode(engine: OnnxEngine) -> None:
    image = np.random.default_rng(0).random((1, 3, 16, 24), np.float32)
    kernel = tiny_weights()["encoder"]
    planes = np.stack([np.maximum(convolved(image[0], kernel[c]), 0) for c in range(4)])
    expected = planes.reshape(4, 2, 8, 3, 8).mean(axis=(2, 4))
    np.testing.assert_allclose(engine.encode(image)[0], expected, atol=1e-5)


def test_estimate(engine: OnnxEngine) -> None:
    mean = np.random.default_rng(0).random((1, 4), np.float32)
    task_weights, context = engine.estimate(mean)
    np.testing.assert_allclose(task_weights, 1 / (1 + np.exp(-mean @ tiny_weights()["tasks"])), atol=1e-6)
    np.testing.assert_allclose(context, mean @ tiny_weights()["context"], atol=1e-6)


@pytest.mark.parametrize("index", [0, 1])
def test_stage(engine: OnnxEngine, index: int) -> None:
    generator = np.random.default_rng(index)
    current, observed = generator.random((2, 1, 3, 16, 24), np.float32)
    scale = generator.random((1, 1, 16, 24), np.float32)
    tasks, context = generator.random((1, 7), np.float32), generator.random((1, 2), np.float32)
    restored, new_scale = engine.stage(current, observed, scale, tasks, context, index)
    weights = tiny_weights()
    seen = np.concatenate([current[0], observed[0], scale[0]])
    change = np.stack([np.tanh(convolved(seen, weights["change"][c])) for c in range(3)])
    np.testing.assert_allclose(restored[0], current[0] + 0.1 * tasks.mean() * change, atol=1e-5)
    floor = abs(context.sum()) + (0.01, 0.02)[index]
    np.testing.assert_allclose(new_scale[0, 0], abs(convolved(seen, weights["scale"][0])) + floor, atol=1e-5)


def test_tiles_give_the_values_of_the_whole(engine: OnnxEngine) -> None:
    image = np.random.default_rng(0).random((3, 61, 83), np.float32)
    whole, tiled = restore_array(engine, image, tile=0), restore_array(engine, image, tile=24)
    assert (whole.n_tiles, tiled.n_tiles) == (1, 12)
    np.testing.assert_allclose(tiled.restored, whole.restored, atol=1e-5)
    np.testing.assert_allclose(tiled.expected_error, whole.expected_error, atol=1e-5)


def test_something_else_than_a_graph(tmp_path: Path) -> None:
    folder = replaced(write_tiny_model(tmp_path), "stage.onnx", b"not a graph")
    with pytest.raises(WeightsError, match=r"cannot load .*stage\.onnx"):
        OnnxEngine(folder, threads=1)


def test_a_graph_of_another_interface(tmp_path: Path) -> None:
    folder = write_tiny_model(tmp_path)
    replaced(folder, "stage.onnx", (folder / "encoder.onnx").read_bytes())
    with pytest.raises(WeightsError, match="must have the inputs current, observed, scale"):
        OnnxEngine(folder, threads=1)


def test_an_altered_graph_is_not_loaded(tmp_path: Path) -> None:
    folder = write_tiny_model(tmp_path)
    (folder / "stage.onnx").write_bytes((folder / "stage.onnx").read_bytes() + b" ")
    with pytest.raises(WeightsError, match="damaged or was altered"):
        OnnxEngine(folder, threads=1)


def test_wrong_shapes_name_the_graph(engine: OnnxEngine) -> None:
    with pytest.raises(WeightsError, match=r"estimator\.onnx of model 'tiny' failed on mean \(1, 5\)"):
        engine.estimate(np.zeros((1, 5), np.float32))


def test_failed_allocation_is_a_memory_error(engine: OnnxEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    from onnxruntime.capi.onnxruntime_pybind11_state import RuntimeException

    class Full:
        def run(self, names: list[str], feed: dict[str, np.ndarray], options: object) -> list[np.ndarray]:
            raise RuntimeException("bfc_arena.cc:376 Failed to allocate memory for requested buffer of size 99")

    monkeypatch.setattr(engine, "_encoder", Full())
    with pytest.raises(MemoryError):
        engine.encode(np.zeros((1, 3, 8, 8), np.float32))


def test_an_interrupted_run_ends_and_later_ones_do_not(engine: OnnxEngine) -> None:
    image = np.random.default_rng(0).random((1, 3, 16, 24), np.float32)
    with engine.interruptible() as interrupt:
        features = engine.encode(image)
        interrupt()
        with pytest.raises(InterruptedRunError):
            engine.encode(image)
        with ThreadPoolExecutor(1) as other:  # only the thread that asked for it is interrupted
            np.testing.assert_array_equal(other.submit(engine.encode, image).result(), features)
    interrupt()
    np.testing.assert_array_equal(engine.encode(image), features)


def test_the_engine_says_that_it_can_be_interrupted(engine: OnnxEngine) -> None:
    assert isinstance(engine, InterruptibleEngine)


@pytest.mark.skipif(sys.platform == "win32", reason="the home folder is found in another way")
def test_nothing_is_reported_and_no_identifier_is_kept(folder: Path, tmp_path: Path) -> None:
    """ONNX Runtime would keep an identifier and a queue of events in the home folder."""
    script = "import sys, numpy as np\nfrom opir.runtime.onnx_engine import OnnxEngine\n"
    script += "OnnxEngine(sys.argv[1], threads=1).encode(np.zeros((1, 3, 8, 8), np.float32))"
    script = script.replace("sys.argv[1]", "__import__('pathlib').Path(sys.argv[1])")
    environment = {"HOME": str(tmp_path), "PATH": os.environ["PATH"]}  # no CI variable, which would silence it too
    found = subprocess.run(
        [sys.executable, "-B", "-c", script, str(folder)], env=environment, capture_output=True, text=True, check=False
    )
    assert (found.returncode, found.stderr) == (0, "")
    assert list(tmp_path.iterdir()) == []

"""Writes a complete model folder with tiny ONNX graphs of the shipped interface, for tests of the runtime."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from opir.tasks import TASKS, Task

N_FEATURES, N_CONTEXT = 4, 2

TRAINED: tuple[Task, ...] = ("noise", "rain", "haze", "low_light")


def tiny_weights() -> dict[str, np.ndarray]:
    """The weights of all three graphs, by name."""
    generator = np.random.default_rng(7)
    shapes = {
        "encoder": (N_FEATURES, 3, 3, 3),
        "tasks": (N_FEATURES, len(TASKS)),
        "context": (N_FEATURES, N_CONTEXT),
        "change": (3, 7, 5, 5),
        "scale": (1, 7, 1, 1),
    }
    return {name: generator.normal(0, 0.4, shape).astype(np.float32) for name, shape in shapes.items()}


def write_tiny_model(
    folder: Path, *, name: str = "tiny", gain: float = 0.1, trained: tuple[Task, ...] = TRAINED
) -> Path:
    """Write a model whose stages add ``gain * tanh(conv) * mean task weight``; 0 gives the identity.

    One that is trained on haze also gives pictures in which it finds some new tones.
    """
    folder.mkdir(parents=True, exist_ok=True)
    weights = tiny_weights()
    graphs = {
        "encoder.onnx": _encoder(weights),
        "estimator.onnx": _estimator(weights),
        "stage.onnx": _stage(weights, gain),
    }
    for file, graph in graphs.items():
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
        onnx.checker.check_model(model)
        (folder / file).write_bytes(model.SerializeToString())
    digests = {file: hashlib.sha256((folder / file).read_bytes()).hexdigest() for file in graphs}
    (folder / "model.json").write_text(json.dumps(tiny_entries(name) | {"sha256": digests, "trained_tasks": trained}))
    return folder


def replaced(folder: Path, file: str, content: bytes) -> Path:
    """Replace one file of a model and enter its digest, as a careless release would."""
    (folder / file).write_bytes(content)
    entries = json.loads((folder / "model.json").read_text())
    entries["sha256"][file] = hashlib.sha256(content).hexdigest()
    (folder / "model.json").write_text(json.dumps(entries))
    return folder


def tiny_entries(name: str = "tiny") -> dict[str, object]:
    """The entries of ``model.json`` but the digests."""
    return {
        "format": 1,
        "name": name,
        "version": "0.0.1",
        "tasks": list(TASKS),
        "trained_tasks": list(TRAINED),
        "stride": 8,
        "encoder_halo": 8,
        "stage_halo": 8,
        "n_stages": 2,
        "n_features": N_FEATURES,
        "n_context": N_CONTEXT,
        "n_parameters": 1234,
        "giga_macs_256": 0.5,
        "uncertainty_scale": 2.0,
    }


def _encoder(weights: dict[str, np.ndarray]) -> onnx.GraphProto:
    nodes = [
        helper.make_node("Conv", ["image", "w"], ["edges"], pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["edges"], ["positive"]),
        helper.make_node("AveragePool", ["positive"], ["features"], kernel_shape=[8, 8], strides=[8, 8]),
    ]
    inputs = [_value("image", (1, 3, "H", "W"))]
    outputs = [_value("features", (1, N_FEATURES, "h", "w"))]
    return helper.make_graph(nodes, "encoder", inputs, outputs, [_constant("w", weights["encoder"])])


def _estimator(weights: dict[str, np.ndarray]) -> onnx.GraphProto:
    nodes = [
        helper.make_node("MatMul", ["mean", "w_tasks"], ["logits"]),
        helper.make_node("Sigmoid", ["logits"], ["task_weights"]),
        helper.make_node("MatMul", ["mean", "w_context"], ["context"]),
    ]
    outputs = [_value("task_weights", (1, len(TASKS))), _value("context", (1, N_CONTEXT))]
    constants = [_constant("w_tasks", weights["tasks"]), _constant("w_context", weights["context"])]
    return helper.make_graph(nodes, "estimator", [_value("mean", (1, N_FEATURES))], outputs, constants)


def _stage(weights: dict[str, np.ndarray], gain: float) -> onnx.GraphProto:
    nodes = [
        helper.make_node("Concat", ["current", "observed", "scale"], ["seen"], axis=1),
        helper.make_node("Conv", ["seen", "w_change"], ["raw"], pads=[2, 2, 2, 2]),
        helper.make_node("Tanh", ["raw"], ["bounded"]),
        helper.make_node("ReduceMean", ["task_weights"], ["level"], keepdims=0),
        helper.make_node("Mul", ["bounded", "level"], ["weighted"]),
        helper.make_node("Mul", ["weighted", "gain"], ["change"]),
        helper.make_node("Add", ["current", "change"], ["restored"]),
        helper.make_node("Conv", ["seen", "w_scale"], ["signed"]),
        helper.make_node("Abs", ["signed"], ["positive"]),
        helper.make_node("ReduceSum", ["context"], ["shift"], keepdims=0),
        helper.make_node("Abs", ["shift"], ["offset"]),
        helper.make_node("Add", ["positive", "offset"], ["moved"]),
        helper.make_node("Mul", ["stage_weights", "floors"], ["floor_parts"]),
        helper.make_node("ReduceSum", ["floor_parts"], ["floor"], keepdims=0),
        helper.make_node("Add", ["moved", "floor"], ["new_scale"]),
    ]
    picture, plane = (1, 3, "H", "W"), (1, 1, "H", "W")
    inputs = [
        _value("current", picture),
        _value("observed", picture),
        _value("scale", plane),
        _value("task_weights", (1, len(TASKS))),
        _value("context", (1, N_CONTEXT)),
        _value("stage_weights", (2,)),
    ]
    constants = [
        _constant("w_change", weights["change"]),
        _constant("w_scale", weights["scale"]),
        _constant("gain", np.float32(gain)),
        _constant("floors", np.array([0.01, 0.02], np.float32)),
    ]
    outputs = [_value("restored", picture), _value("new_scale", plane)]
    return helper.make_graph(nodes, "stage", inputs, outputs, constants)


def _value(name: str, shape: tuple[int | str, ...]) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)


def _constant(name: str, array: np.ndarray) -> onnx.TensorProto:
    return numpy_helper.from_array(np.asarray(array), name)

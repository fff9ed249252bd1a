"""Constants in float16: the same values, half the bytes, and nothing rounded that was not rounded before."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from opir.export.half_constants import LEAST_VALUES, halve_constants


def graph_of(constants: dict[str, np.ndarray], *, outputs: tuple[str, ...] = ("y",)) -> onnx.ModelProto:
    """y = x + the sum of all constants, which are as long as x."""
    names = list(constants)
    nodes = [
        helper.make_node("Add", ["x" if k == 0 else f"part{k}", name], ["y" if k == len(names) - 1 else f"part{k + 1}"])
        for k, name in enumerate(names)
    ]
    length = len(constants[names[0]])
    graph = helper.make_graph(
        nodes,
        "sum",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [length])],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, [length]) for name in outputs],
        [numpy_helper.from_array(values, name) for name, values in constants.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)


def run(model: onnx.ModelProto, x: np.ndarray) -> list[np.ndarray]:
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, {"x": x})


def stored(model: onnx.ModelProto) -> dict[str, int]:
    return {constant.name: constant.data_type for constant in model.graph.initializer}


def test_rounded_constants_take_half_the_bytes_and_give_the_same_sum() -> None:
    generator = np.random.default_rng(0)
    rounded = generator.normal(size=1000).astype(np.float16).astype(np.float32)
    model = graph_of({"a": rounded})
    x = generator.normal(size=1000).astype(np.float32)
    before, size = run(model, x), model.ByteSize()
    halve_constants(model)
    onnx.checker.check_model(model)
    assert stored(model) == {"a/float16": TensorProto.FLOAT16}
    assert size - model.ByteSize() > 1800
    np.testing.assert_array_equal(run(model, x), before)


@pytest.mark.parametrize(
    "values",
    [
        np.full(LEAST_VALUES, 1 / 3, np.float32),  # not representable
        np.full(LEAST_VALUES, 1e6, np.float32),  # beyond the range
        np.full(LEAST_VALUES, 1e-9, np.float32),  # would become zero
        np.full(LEAST_VALUES - 1, 0.5, np.float32),  # too few
        np.full(LEAST_VALUES, 3, np.int64),  # no float32
    ],
)
def test_what_would_change_or_is_not_worth_it_stays(values: np.ndarray) -> None:
    model = graph_of({"a": values})
    before = model.SerializeToString()
    halve_constants(model)
    assert model.SerializeToString() == before


def test_constants_stored_elsewhere_and_outputs_stay() -> None:
    ones = np.ones(LEAST_VALUES, np.float32)
    model = graph_of({"a": ones, "b": ones, "c": ones}, outputs=("y", "a"))
    elsewhere = model.graph.initializer[1]
    elsewhere.ClearField("raw_data")
    elsewhere.data_location = TensorProto.EXTERNAL
    elsewhere.external_data.add(key="location", value="stage.onnx")
    halve_constants(model)
    assert stored(model) == {"a": TensorProto.FLOAT, "b": TensorProto.FLOAT, "c/float16": TensorProto.FLOAT16}

"""The stage of a picture whose kernels are constants of the graph. Needs onnx.

What a stage computes from the task weights, the context and the stage alone, such as the kernels that tasks change, is
the same for every pixel of a picture. Graph runtimes rearrange the kernels of convolutions for the processor, and fuse
what follows them, when they load a graph, and only where kernels are constants. So the stage is cut in two: its graph
gives what is the same for all pixels as further outputs, and a second graph takes these as constants that the runtime
is handed when it loads it. That pays for large pictures; small ones are restored by the first.
Scales and shifts alone are not worth it: measured on ``tiny``, whose kernels are the same for all pictures.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import onnx

from opir.errors import ConfigurationError

OF_THE_PICTURE: Final = frozenset({"task_weights", "context", "stage_weights"})
"""Inputs of a stage that are the same for all pixels."""


def write_fixed_stage(stage: Path, fixed: Path) -> None:
    """Cut a stage in two.

    Args:
        stage: graph of a whole stage; it gains an output for everything that is the same for all pixels and that the
            rest needs.
        fixed: where the rest is written. Its constants of the names of these outputs have no values: they are marked as
            stored elsewhere, and whoever loads the graph has to provide them.

    Raises:
        ConfigurationError: if the exporter left the shape of one of them open.
    """
    model = onnx.load(stage)
    known = {constant.name for constant in model.graph.initializer} | OF_THE_PICTURE
    made_once: set[str] = set()
    of_pixels: list[onnx.NodeProto] = []
    for node in model.graph.node:
        if all(name in known for name in node.input if name):
            known.update(node.output)
            made_once.update(node.output)
        else:
            of_pixels.append(node)
    needed = sorted({name for node in of_pixels for name in node.input} & made_once)
    described = {value.name: value for value in onnx.shape_inference.infer_shapes(model).graph.value_info}
    placeholders = [_placeholder(described[name], stage.name) for name in needed]

    rest = onnx.ModelProto()
    rest.CopyFrom(model)
    used = {name for node in of_pixels for name in node.input}
    constants = [constant for constant in model.graph.initializer if constant.name in used]
    inputs = [value for value in model.graph.input if value.name not in OF_THE_PICTURE]
    for field in (rest.graph.node, rest.graph.input, rest.graph.initializer, rest.graph.value_info):
        del field[:]
    rest.graph.node.extend(of_pixels)
    rest.graph.input.extend(inputs)
    rest.graph.initializer.extend([*constants, *placeholders])
    fixed.write_bytes(rest.SerializeToString())

    model.graph.output.extend(described[name] for name in needed)
    onnx.checker.check_model(model)
    onnx.save(model, stage)


def _placeholder(value: onnx.ValueInfoProto, location: str) -> onnx.TensorProto:
    """A constant without values, said to be stored in the file ``location``."""
    tensor = value.type.tensor_type
    shape = [side.dim_value for side in tensor.shape.dim]
    if not tensor.HasField("shape") or any(side < 1 for side in shape):
        raise ConfigurationError(f"the exporter must say the shape of {value.name!r}; this version of torch did not")
    constant = onnx.TensorProto(name=value.name, data_type=tensor.elem_type, dims=shape)
    constant.data_location = onnx.TensorProto.EXTERNAL
    constant.external_data.add(key="location", value=location)
    return constant

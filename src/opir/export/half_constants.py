"""Constants of a graph stored in 16 bits where that loses nothing. Needs onnx.

Weights that were rounded to float16 (``opir export --half``) have the same values in either type. Stored in the shorter
one, with a cast in front of whatever reads them, a graph takes half the space on disk and computes what it did: graph
runtimes carry out the casts of constants when they load a graph.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import onnx
from onnx import ModelProto, TensorProto, helper, numpy_helper

LEAST_VALUES: Final = 64
"""Constants of fewer values stay as they are: a cast would cost more than it saves."""


def halve_constants(model: ModelProto) -> None:
    """Store in float16 every float32 constant of a graph whose values all survive it, in place.

    Constants without values of their own, stored elsewhere, stay as they are, as do outputs of the graph.
    """
    graph = model.graph
    outputs = {value.name for value in graph.output}
    casts: list[onnx.NodeProto] = []
    for constant in graph.initializer:
        if constant.name in outputs or not _may_be_halved(constant):
            continue
        values = numpy_helper.to_array(constant)
        with np.errstate(over="ignore"):
            halved = values.astype(np.float16)
        if not np.array_equal(halved.astype(np.float32), values):
            continue
        name = constant.name
        constant.CopyFrom(numpy_helper.from_array(halved, f"{name}/float16"))
        casts.append(helper.make_node("Cast", [constant.name], [name], name=f"{name}/cast", to=TensorProto.FLOAT))
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)


def _may_be_halved(constant: TensorProto) -> bool:
    is_stored_here = constant.data_location != TensorProto.EXTERNAL
    return is_stored_here and constant.data_type == TensorProto.FLOAT and int(np.prod(constant.dims)) >= LEAST_VALUES

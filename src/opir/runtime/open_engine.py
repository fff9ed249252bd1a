"""Choosing an inference engine by name."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

from opir.errors import ConfigurationError
from opir.runtime.engine import Engine, EngineName
from opir.runtime.onnx_engine import OnnxEngine
from opir.runtime.spec import ONNX_FILES, ModelSpec


def open_engine(folder: Path, name: EngineName = "auto", *, threads: int | None = None) -> Engine:
    """Load the model in ``folder`` into an engine.

    ``auto`` takes ONNX Runtime for a model with ONNX graphs and torch for one without. It never
    replaces an engine that fails: a damaged graph or a broken installation is reported instead.

    Raises :class:`ConfigurationError` for an unknown engine or a thread count below 1,
    :class:`MissingExtraError` where the engine is not installed, :class:`WeightsError` for a bad model.
    """
    if name not in get_args(EngineName):
        raise ConfigurationError(f"the engine must be one of {', '.join(get_args(EngineName))}; got {name!r}")
    if threads is not None and threads < 1:
        raise ConfigurationError(f"threads must be at least 1, got {threads}: leave it out to use all")
    if name == "auto":
        has_graphs = all(graph in ModelSpec.load(folder).sha256 for graph in ONNX_FILES)
        name = "onnxruntime" if has_graphs else "torch"
    if name == "onnxruntime":
        return OnnxEngine(folder, threads=threads)
    from opir.runtime.torch_engine import TorchEngine

    return TorchEngine.load(folder, threads=threads)

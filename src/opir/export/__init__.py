"""Export of trained networks. Needs the ``export`` extra."""

from __future__ import annotations

from opir.export.onnx import Release, export_model

__all__ = ["Release", "export_model"]

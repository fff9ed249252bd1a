"""OPIR: all-in-one image restoration with a predicted, task-aware inverse degradation operator.

    >>> import opir
    >>> opir.Restorer().restore("photo.jpg").save("restored.jpg")    # doctest: +SKIP

Everything below is loaded when it is first used, so that the import is quick and needs no torch.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

__version__ = "0.1.0"

if TYPE_CHECKING:
    from opir.errors import (
        ConfigurationError,
        DatasetError,
        DatasetNotFoundError,
        ImageError,
        ImageTooLargeError,
        MissingExtraError,
        NumericalError,
        OpirError,
        OutputError,
        ShapeError,
        UnreadableImageError,
        UnsupportedImageError,
        WeightsError,
    )
    from opir.imaging import Metadata, Photo, PhotoSequence, read_photo, read_pictures, write_photo
    from opir.runtime.restore import Restorer
    from opir.runtime.result import Findings, Report, Restoration
    from opir.runtime.sequence import SequenceRestoration, restore_sequence
    from opir.runtime.settings import RestoreSettings
    from opir.runtime.spec import ModelSpec
    from opir.runtime.weights import bundled_models
    from opir.tasks import TASKS, Task

_HOME: dict[str, str] = {
    "TASKS": "opir.tasks",
    "ConfigurationError": "opir.errors",
    "DatasetError": "opir.errors",
    "DatasetNotFoundError": "opir.errors",
    "Findings": "opir.runtime.result",
    "ImageError": "opir.errors",
    "ImageTooLargeError": "opir.errors",
    "Metadata": "opir.imaging",
    "MissingExtraError": "opir.errors",
    "ModelSpec": "opir.runtime.spec",
    "NumericalError": "opir.errors",
    "OpirError": "opir.errors",
    "OutputError": "opir.errors",
    "Photo": "opir.imaging",
    "PhotoSequence": "opir.imaging",
    "Report": "opir.runtime.result",
    "Restoration": "opir.runtime.result",
    "RestoreSettings": "opir.runtime.settings",
    "Restorer": "opir.runtime.restore",
    "SequenceRestoration": "opir.runtime.sequence",
    "ShapeError": "opir.errors",
    "Task": "opir.tasks",
    "UnreadableImageError": "opir.errors",
    "UnsupportedImageError": "opir.errors",
    "WeightsError": "opir.errors",
    "bundled_models": "opir.runtime.weights",
    "read_photo": "opir.imaging",
    "read_pictures": "opir.imaging",
    "restore_sequence": "opir.runtime.sequence",
    "write_photo": "opir.imaging",
}
"""The module that each public name lives in."""

__all__ = [
    "TASKS",
    "ConfigurationError",
    "DatasetError",
    "DatasetNotFoundError",
    "Findings",
    "ImageError",
    "ImageTooLargeError",
    "Metadata",
    "MissingExtraError",
    "ModelSpec",
    "NumericalError",
    "OpirError",
    "OutputError",
    "Photo",
    "PhotoSequence",
    "Report",
    "Restoration",
    "RestoreSettings",
    "Restorer",
    "SequenceRestoration",
    "ShapeError",
    "Task",
    "UnreadableImageError",
    "UnsupportedImageError",
    "WeightsError",
    "__version__",
    "bundled_models",
    "read_photo",
    "read_pictures",
    "restore_sequence",
    "write_photo",
]


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(importlib.import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return list(__all__)

"""The optional libraries, imported when a method is used."""

from __future__ import annotations

import importlib
from importlib.metadata import PackageNotFoundError, version
from types import ModuleType
from typing import Final

from opir.errors import MissingExtraError

IMPORT_NAMES: Final[dict[str, str]] = {
    "opencv-python-headless": "cv2",
    "scikit-image": "skimage",
    "PyWavelets": "pywt",
}
"""Distribution -> module that shows whether it is there. Other builds of OpenCV serve as well."""

_BUILDS_OF_OPENCV: Final = ("opencv-python-headless", "opencv-python", "opencv-contrib-python-headless")


def require(module: str) -> ModuleType:
    """Import a module of an optional library.

    Raises:
        MissingExtraError: if it cannot be imported; the message holds the install line.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise MissingExtraError(
            f"classical baselines need {module.partition('.')[0]}, which cannot be imported ({error}): "
            "pip install 'opir[benchmark]'"
        ) from error


def installed_version(package: str) -> str | None:
    """Version of a distribution, or None if it is not installed."""
    for name in _BUILDS_OF_OPENCV if package in _BUILDS_OF_OPENCV else (package,):
        try:
            return version(name)
        except PackageNotFoundError:
            continue
    return None

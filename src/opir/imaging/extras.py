"""Decoders that are not installed with the package, and what is said when they are missing."""

from __future__ import annotations

import importlib
from types import ModuleType
from typing import Final, Literal, TypeAlias

from opir.errors import MissingExtraError, UnsupportedImageError

Extra: TypeAlias = Literal["heif", "raw", "jxl"]
"""Names of the extras of this package."""

_MODULES: Final[dict[Extra, tuple[str, str]]] = {
    "heif": ("pillow_heif", "HEIC"),
    "raw": ("rawpy", "camera raw"),
    "jxl": ("pillow_jxl", "JPEG XL"),
}


class MissingDecoderError(UnsupportedImageError, MissingExtraError):
    """A picture needs an optional decoder; the message holds the exact install line."""


def decoder(extra: Extra) -> ModuleType:
    """Import the decoder of an extra.

    Raises:
        MissingDecoderError: if it is not installed or does not load.
    """
    module, kind = _MODULES[extra]
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise MissingDecoderError(
            f'is a {kind} picture, for which a decoder is missing: pip install "opir[{extra}]"'
        ) from error

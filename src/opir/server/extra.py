"""The check that the packages of the extra ``server`` are installed."""

from __future__ import annotations

import importlib.util
from typing import Final

from opir.errors import MissingExtraError

PACKAGES: Final = ("fastapi", "uvicorn", "python_multipart", "prometheus_client")
"""What the extra brings, as imported."""


def require_extra() -> None:
    """Raise :class:`MissingExtraError` with the install line if a package of the extra is missing."""
    missing = [name for name in PACKAGES if importlib.util.find_spec(name) is None]
    if missing:
        raise MissingExtraError(
            f"opir serve needs {', '.join(missing)}, which is not installed: pip install 'opir[server]'"
        )

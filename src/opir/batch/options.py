"""How a batch goes about its files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from opir.errors import ConfigurationError

DEFAULT_DEPTH: Final = 2
"""Pictures that are read ahead and written behind."""


@dataclass(frozen=True, kw_only=True)
class BatchOptions:
    """How a batch goes about its files; nothing here changes a result.

    Raises:
        ConfigurationError: if ``depth`` is negative.
    """

    overwrite: bool = False
    """Whether results may take the place of files that the manifest does not know."""
    resume: bool = False
    """Whether pictures are skipped whose result the manifest proves to be there, and outdated results replaced."""
    depth: int = DEFAULT_DEPTH
    """Pictures that are read ahead and written behind while one is restored; 0 for none."""

    def __post_init__(self) -> None:
        if self.depth < 0:
            raise ConfigurationError(f"depth must be 0 (nothing overlapped) or more; got {self.depth}")

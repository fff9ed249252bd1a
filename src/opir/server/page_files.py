"""The web page: the files of the package's folder ``page``, and nothing else, each under its own name."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from typing import Final

MEDIA_TYPES: Final = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".webp": "image/webp",
    ".ico": "image/x-icon",
    ".txt": "text/plain; charset=utf-8",
}
"""Suffixes of files that are served, and their types."""

INDEX: Final = "index.html"


@dataclass(frozen=True, kw_only=True)
class PageFile:
    """One file of the page."""

    path: str
    """Where it is served."""
    content: bytes
    """Its bytes, read once."""
    media_type: str
    """Its type."""


def page_files() -> tuple[PageFile, ...]:
    """Read the page: ``index.html`` for ``/``, every other file under its name.

    A request never names a file: there is one route per file that was found here.
    """
    found = []
    for entry in sorted(files("opir.server").joinpath("page").iterdir(), key=lambda entry: entry.name):
        media_type = MEDIA_TYPES.get("." + entry.name.rpartition(".")[2].lower())
        if entry.is_file() and media_type is not None and not entry.name.startswith("."):
            path = "/" if entry.name == INDEX else f"/{entry.name}"
            found.append(PageFile(path=path, content=entry.read_bytes(), media_type=media_type))
    return tuple(found)

"""Digests of files, by which a batch recognises what it has done."""

from __future__ import annotations

import hashlib
from pathlib import Path


def sha256_of(data: bytes) -> str:
    """Return the sha256 of the bytes in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def file_sha256(path: Path) -> str | None:
    """Return the sha256 of a file in hexadecimal; None where there is no regular file that can be read."""
    try:
        if not path.is_file():  # a pipe without a writer would never open
            return None
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError:
        return None

"""A folder of small pictures, and what is in a tree."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from batch_folder import write_picture
from fake_engine import FakeEngine
from opir.runtime.restore import Restorer

Tree = Callable[[Path], dict[str, bytes]]


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Three pictures at three depths, and a file that only claims to be one."""
    folder = tmp_path / "photos"
    for seed, name in enumerate(("a.png", "sub/b.jpg", "sub/deep/ü.png")):
        write_picture(folder / name, seed)
    (folder / "sub" / "broken.png").write_text("not a picture")
    return folder


@pytest.fixture
def restorer() -> Restorer:
    return Restorer.from_engine(FakeEngine())


@pytest.fixture
def tree() -> Tree:
    """Return every file below a folder, hidden ones included, with its content."""

    def read(folder: Path) -> dict[str, bytes]:
        return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}

    return read

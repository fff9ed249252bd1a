"""A process killed at a random moment, then resumed: the tree is that of an undisturbed run."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from restore_process import Process

Tree = Callable[[Path], dict[str, bytes]]


def write_pictures(folder: Path) -> None:
    generator = np.random.default_rng(5)
    for index in range(12):
        path = folder / ("a", "b/c", "d")[index % 3] / f"{index}{('.png', '.jpg')[index % 2]}"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(generator.integers(0, 256, (40, 30 + index, 3), np.uint8)).save(path)
    (folder / "a" / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n and no more")


@pytest.mark.parametrize("n_kills", [3, pytest.param(50, marks=pytest.mark.slow)])
def test_killed_and_resumed_equals_undisturbed(tmp_path: Path, tree: Tree, n_kills: int) -> None:
    write_pictures(tmp_path / "in")

    def restore(*, resume: bool) -> Process:
        words = (tmp_path / "in", "-o", tmp_path / "out", "--uncertainty", tmp_path / "out" / "maps")
        return Process(*words, *(["--resume"] if resume else []))

    code, _, errors, seconds = restore(resume=False).finish()
    assert code == 1, "one picture is broken"
    assert len(errors.splitlines()) == 1
    expected = tree(tmp_path / "out")
    assert len(expected) == 2 * 12 + 1
    moments = random.Random(n_kills)
    for attempt in range(n_kills):
        (tmp_path / "out").rename(tmp_path / f"old{attempt}")
        restore(resume=False).kill_after(moments.uniform(0.0, seconds))
        if attempt % 2:
            restore(resume=True).kill_after(moments.uniform(0.0, seconds))
        code, _, errors, _ = restore(resume=True).finish()
        assert (code, len(errors.splitlines())) == (1, 1), errors
        assert tree(tmp_path / "out") == expected, f"attempt {attempt}: {errors}"


@pytest.mark.parametrize("n_kills", [2, pytest.param(50, marks=pytest.mark.slow)])
def test_killed_in_place_and_resumed_restores_every_original_once(tmp_path: Path, tree: Tree, n_kills: int) -> None:
    write_pictures(tmp_path / "kept")
    folder = tmp_path / "in"  # always the same: messages name it
    shutil.copytree(tmp_path / "kept", folder)
    code, _, _, seconds = Process(folder, "--in-place").finish()
    assert code == 1, "one picture is broken"
    expected = tree(folder)
    moments = random.Random(n_kills)
    for attempt in range(n_kills):
        shutil.rmtree(folder)
        shutil.copytree(tmp_path / "kept", folder)
        Process(folder, "--in-place").kill_after(moments.uniform(0.0, seconds))
        assert Process(folder, "--in-place", "--resume").finish()[0] == 1
        assert tree(folder) == expected, f"attempt {attempt}"

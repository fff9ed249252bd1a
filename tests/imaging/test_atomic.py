from __future__ import annotations

import errno
import os
import stat

import pytest

from opir.errors import OutputError
from opir.imaging import Photo, write_photo
from opir.imaging.atomic import write_atomically


def failing(error: BaseException):
    def call(*args, **kwargs):
        raise error

    return call


@pytest.mark.parametrize(
    ("error", "raised"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), OutputError),
        (PermissionError(errno.EACCES, "Permission denied"), OutputError),
        (KeyboardInterrupt(), KeyboardInterrupt),
    ],
)
def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path, noise, monkeypatch, error, raised):
    path = tmp_path / "photo.png"
    path.write_bytes(b"the original")
    monkeypatch.setattr(os, "fsync", failing(error))
    with pytest.raises(raised) as caught:
        write_photo(Photo(pixels=noise(8, 8, 3)), path)
    if raised is OutputError:
        assert str(path) in str(caught.value)
        assert error.strerror in str(caught.value)
    assert path.read_bytes() == b"the original"
    assert list(tmp_path.iterdir()) == [path]


def test_a_failed_move_removes_the_temporary_file(tmp_path, monkeypatch):
    path = tmp_path / "photo.png"
    monkeypatch.setattr(type(path), "replace", failing(OSError(errno.EXDEV, "Cross-device link")))
    with pytest.raises(OutputError, match="Cross-device"):
        write_atomically(path, b"data")
    assert list(tmp_path.iterdir()) == []


def test_an_old_file_is_replaced_whole(tmp_path):
    path = tmp_path / "photo.png"
    path.write_bytes(b"a much longer original")
    write_atomically(path, b"new")
    assert path.read_bytes() == b"new"


def test_permissions_follow_the_umask(tmp_path):
    path = tmp_path / "photo.png"
    old = os.umask(0o027)
    try:
        write_atomically(path, b"new")
    finally:
        os.umask(old)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_missing_folder(tmp_path):
    with pytest.raises(OutputError, match="cannot be written"):
        write_atomically(tmp_path / "missing" / "photo.png", b"data")


def test_impossible_name(tmp_path):
    with pytest.raises(OutputError):
        write_atomically(tmp_path / "a\0b.png", b"data")
    assert list(tmp_path.iterdir()) == []


def test_names_as_long_as_the_system_allows(tmp_path):
    path = tmp_path / ("x" * 251 + ".png")
    write_atomically(path, b"data")
    assert path.read_bytes() == b"data"

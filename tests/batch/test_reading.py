"""Files and pipes are read to their end, but never without one."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from batch_folder import write_picture
from hostile.seeds import saved
from opir.batch import reading
from opir.batch.outcome import Failed
from opir.batch.plan import Target, plan_jobs
from opir.batch.reading import n_pixels_of, read_bytes, read_stream, weight_of
from opir.errors import ImageError, ImageTooLargeError, UnreadableImageError, UnsupportedImageError
from opir.imaging import read_photo


class Endless(io.RawIOBase):
    """A sound beginning and then zeros for ever; counts what was taken."""

    def __init__(self, head: bytes) -> None:
        self.head, self.n_read = head, 0

    def read(self, size: int = -1) -> bytes:
        assert size > 0, "asked for all of it"
        taken = self.head.ljust(size, b"\0")
        self.head, self.n_read = b"", self.n_read + size
        return taken


@pytest.mark.parametrize(
    ("head", "error"),
    [
        (b"", UnreadableImageError),
        (b"8BPS", UnsupportedImageError),
        (b"\x89PNG\r\n\x1a\n", ImageTooLargeError),
    ],
    ids=["zeros", "photoshop", "png"],
)
def test_an_endless_pipe_is_left_early(monkeypatch: pytest.MonkeyPatch, head: bytes, error: type[ImageError]) -> None:
    monkeypatch.setattr(reading, "DEFAULT_MAX_PIXELS", 100)
    stream = Endless(head)
    with pytest.raises(error, match=r"^standard input: "):
        read_stream(stream, "standard input")
    assert stream.n_read == reading._BLOCK_BYTES * (1 if error is not ImageTooLargeError else 5)


def test_a_sparse_file_costs_neither_memory_nor_time(tmp_path: Path) -> None:
    for name, head in (("zeros.png", b""), ("tail.png", saved("RGB", "PNG"))):
        path = tmp_path / name
        path.write_bytes(head)
        with path.open("r+b") as stream:
            stream.truncate(10**11)
        with pytest.raises(ImageTooLargeError, match=f"^{path}: is a file of more than 4867 MB"):
            read_photo(path)
    with pytest.raises(UnreadableImageError, match="not a picture"):
        read_bytes(tmp_path / "zeros.png")
    assert weight_of(tmp_path / "tail.png") == 10**11 // 4


def test_all_of_a_file_is_read_whatever_its_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_picture(tmp_path / "a.png")
    monkeypatch.setattr(reading, "_BLOCK_BYTES", 64)
    assert read_bytes(path) == path.read_bytes()
    assert weight_of(path) == n_pixels_of(path) == 21 * 30
    assert weight_of(tmp_path / "missing.png") == 0


def test_no_memory_is_said_with_what_to_do(tmp_path: Path) -> None:
    (job,) = plan_jobs([write_picture(tmp_path / "a.png")], Target(path=tmp_path / "out", is_folder=True))
    reason = Failed(job=job, error=MemoryError()).reason
    assert reason.startswith(f"{job.source}: there is not enough memory")

    class Full(io.RawIOBase):
        def read(self, size: int = -1) -> bytes:
            raise MemoryError

    with pytest.raises(ImageTooLargeError, match=r"^standard input: there is not enough memory"):
        read_stream(Full(), "standard input")

"""Pictures are decoded in a process that may die, and lies are not believed."""

from __future__ import annotations

import io
import struct
import sys
import zlib
from collections.abc import Iterator

import numpy as np
import pytest
import tifffile
from PIL import Image

from opir.errors import ImageTooLargeError, UnreadableImageError, UnsupportedImageError
from opir.imaging import Metadata, Photo, read_photo
from opir.server import decode_child, decode_frames, decode_pool
from opir.server.decode_frames import MAX_METADATA_BYTES, BrokenFrameError, Probe
from opir.server.decode_pool import DecodePool


@pytest.fixture
def deaths() -> list[int]:
    return []


@pytest.fixture
def pool(deaths: list[int]) -> Iterator[DecodePool]:
    pool = DecodePool(max_pixels=10_000, max_body_bytes=100_000, on_death=lambda: deaths.append(1))
    yield pool
    pool.close()


def encoded(image: Image.Image, format: str = "PNG", **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, format, **options)
    return stream.getvalue()


def same(one: Photo, other: Photo) -> bool:
    alpha = one.alpha is other.alpha is None or np.array_equal(one.alpha, other.alpha)
    names = ("source_format", "source_is_lossy", "source_quality", "source_subsampling", "notes", "metadata", "bits")
    return (
        np.array_equal(one.pixels, other.pixels)
        and alpha
        and all(getattr(one, name) == getattr(other, name) for name in names)
    )


def test_pictures_come_through_unchanged(pool: DecodePool, picture) -> None:
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "Maker"
    files = (
        picture("JPEG", exif=exif.tobytes(), dpi=(300, 150), icc_profile=b"profile"),
        encoded(Image.new("LA", (5, 3), (9, 7))),
        encoded(Image.new("L", (3, 5)), "TIFF"),
        picture("WEBP"),
    )
    for data in files:
        assert same(pool.decode(data), read_photo(data))
    assert pool.probe(picture(height=4, width=6)) == Probe(format="PNG", size=(6, 4))


@pytest.mark.parametrize("dtype", [np.uint16, np.float32])
@pytest.mark.parametrize("n_channels", [1, 3, 4])
def test_deep_pictures_come_through_unchanged(pool: DecodePool, dtype: type[np.generic], n_channels: int) -> None:
    samples = np.random.default_rng(0).random((7, 9, n_channels))
    stream = io.BytesIO()
    deep = (samples * 65_535).astype(dtype) if dtype is np.uint16 else samples.astype(dtype)
    options = {"extrasamples": ["unassalpha"]} if n_channels == 4 else {}
    photometric = "minisblack" if n_channels == 1 else "rgb"
    tifffile.imwrite(stream, deep, photometric=photometric, **options)
    photo = pool.decode(stream.getvalue())
    assert photo.pixels.dtype == dtype
    np.testing.assert_array_equal(photo.pixels, deep[..., : min(3, n_channels)])
    assert same(photo, read_photo(stream.getvalue()))


def test_what_was_converted_is_noted(pool: DecodePool) -> None:
    data = encoded(Image.new("CMYK", (5, 3), (9, 80, 70, 5)), "JPEG")
    assert len(read_photo(data).notes) > 0
    assert same(pool.decode(data), read_photo(data))


def test_refusals_come_through_and_the_process_lives_on(pool: DecodePool, picture, deaths: list[int]) -> None:
    for ask in (pool.probe, pool.decode):
        with pytest.raises(UnreadableImageError, match="not a picture"):
            ask(b"nonsense")
        with pytest.raises(UnsupportedImageError, match="Photoshop"):
            ask(b"8BPS" + bytes(60))
        with pytest.raises(ImageTooLargeError, match="this server takes at most"):
            ask(picture(height=200, width=200))
    child = pool._slots.queue[-1]
    assert child is not None
    assert child.n_asked == 6
    assert deaths == []


def test_a_dead_process_is_replaced(pool: DecodePool, picture, deaths: list[int]) -> None:
    pool.decode(picture())
    child = pool._slots.queue[-1]
    assert child is not None
    child._process.kill()
    child._process.wait()
    with pytest.raises(UnreadableImageError, match="within the limits of time and memory"):
        pool.decode(picture())
    assert deaths == [1]
    assert pool.decode(picture()).width == 30


def test_processes_are_replaced_after_a_while(pool: DecodePool, picture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decode_pool, "MAX_ASKED", 2)
    pool.probe(picture())
    first = pool._slots.queue[-1]
    pool.probe(picture())
    assert pool._slots.queue[-1] is None
    assert first is not None
    assert first._process.returncode is not None


def with_script(monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """Start other processes than the real one."""
    monkeypatch.setattr(decode_child, "COMMAND", (sys.executable, "-c", script))


REAL = "from opir.server import decode_process as d\n{change}\nd.main()"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no resource limits")
def test_memory_is_limited(pool: DecodePool, monkeypatch: pytest.MonkeyPatch) -> None:
    with_script(monkeypatch, REAL.format(change="d.memory_limit = lambda *sizes: 1024**2"))
    with pytest.raises((ImageTooLargeError, UnreadableImageError), match="memory"):
        pool.decode(encoded(Image.new("RGB", (100, 100))))


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no resource limits")
def test_processor_time_is_limited(pool: DecodePool, picture, deaths: list[int], monkeypatch) -> None:
    change = "d.CPU_SECONDS = 1\nd.read_photo = lambda *a, **b: [None for _ in iter(int, 1)]"  # for ever
    with_script(monkeypatch, REAL.format(change=change))
    with pytest.raises(UnreadableImageError, match="limits"):
        pool.decode(picture())
    assert deaths == [1]


def test_wall_time_is_limited(pool: DecodePool, picture, monkeypatch: pytest.MonkeyPatch) -> None:
    with_script(monkeypatch, "import time; time.sleep(60)")
    monkeypatch.setattr(decode_child, "WALL_SECONDS", 0.1)
    with pytest.raises(UnreadableImageError, match="limits"):
        pool.probe(picture())


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no resource limits")
def test_the_process_cannot_write_files(pool: DecodePool, picture, tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    change = f"d.read_photo = lambda *a, **b: open({str(tmp_path / 'out')!r}, 'w').write('x' * 100_000)"
    with_script(monkeypatch, REAL.format(change=change))
    with pytest.raises(UnreadableImageError):
        pool.decode(picture())
    assert (tmp_path / "out").stat().st_size == 0


def test_the_process_does_not_get_the_token(pool: DecodePool, picture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPIR_TOKEN", "correct-horse-battery")
    change = "import os\nfrom opir.errors import UnreadableImageError\n"
    change += "def tell(*a): raise UnreadableImageError(str(sorted(os.environ)))\nd.probe = tell"
    with_script(monkeypatch, REAL.format(change=change))
    with pytest.raises(UnreadableImageError, match="OMP_NUM_THREADS") as caught:
        pool.probe(picture())
    assert "TOKEN" not in str(caught.value)


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"no json\n",
        b"[]\n",
        b"{}\n",
        b'{"height": 100000, "width": 100000, "channels": 3, "blocks": [0, 0, 0]}\n',
        b'{"height": -1, "width": 1, "channels": 3, "blocks": [0, 0, 0]}\n',
        b'{"height": 1, "width": 1, "channels": 4, "blocks": [0, 0, 0]}\n1234',
        b'{"height": 2, "width": 2, "channels": 1, "blocks": [0, 0, 0]}\n123',
        b'{"height": 1, "width": 1, "channels": 1, "blocks": [0, 0]}\n1',
        b'{"height": 1, "width": 1, "channels": 1, "blocks": [0, 0, 99999999999]}\n1',
        b'{"height": 1, "width": 1, "channels": 1, "blocks": [0, 0, "1"]}\n1',
        b'{"height": 1, "width": 1, "channels": 1' + b" " * 20_000 + b"}\n1",
    ],
)
def test_lies_are_not_believed(answer: bytes) -> None:
    with pytest.raises(BrokenFrameError):
        decode_frames.read_photo(io.BytesIO(answer), max_pixels=10_000)


def test_enormous_metadata_do_not_fail_the_picture() -> None:
    photo = Photo(
        pixels=np.zeros((1, 1, 3), np.uint8), metadata=Metadata(icc_profile=b"small", xmp=bytes(MAX_METADATA_BYTES + 1))
    )
    stream = io.BytesIO()
    decode_frames.write_photo(stream, photo)
    stream.seek(0)
    received = decode_frames.read_photo(stream, max_pixels=1)
    assert received.metadata == Metadata(icc_profile=b"small")


def test_what_a_png_says_about_its_colours_comes_through_and_only_that() -> None:
    content = struct.pack(">I", 100_000)
    sound = struct.pack(">I4s", 4, b"gAMA") + content + struct.pack(">I", zlib.crc32(b"gAMA" + content))
    for colours, expected in ((sound, sound), (sound[:-1], None), (sound + b"IDAT, say", sound), (b"nothing", None)):
        photo = Photo(pixels=np.zeros((1, 1, 3), np.uint8), metadata=Metadata(png_colours=colours))
        stream = io.BytesIO()
        decode_frames.write_photo(stream, photo)
        stream.seek(0)
        assert decode_frames.read_photo(stream, max_pixels=1).metadata.png_colours == expected

"""What passes between the server and the process that decodes: one line of JSON, then raw bytes.

The decoding process has read a stranger's file and may say anything. So nothing here is unpickled, and every number
is checked before memory is taken for it.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO, Final, Literal, TypeAlias

import numpy as np

from opir.errors import ImageError, ImageTooLargeError, UnreadableImageError, UnsupportedImageError
from opir.imaging import FORMATS, Metadata, Photo
from opir.imaging.formats import READ_ONLY_FORMATS
from opir.imaging.photo import SAMPLE_DTYPES, Samples, Subsampling
from opir.imaging.png_colours import read_png_colours

Operation: TypeAlias = Literal["probe", "decode"]
"""``probe`` reads the header only."""

MAX_LINE_BYTES: Final = 16_384
MAX_METADATA_BYTES: Final = 4 * 1024**2
"""Largest colour profile, EXIF block, XMP packet or IPTC record [bytes] that is let through."""

_ERRORS: Final[dict[str, type[ImageError]]] = {
    kind.__name__: kind for kind in (ImageTooLargeError, UnreadableImageError, UnsupportedImageError)
}
_BLOCKS: Final = ("icc_profile", "exif", "xmp", "xmp_extension", "iptc", "png_colours")
_DTYPES: Final = {dtype.name: dtype for dtype in SAMPLE_DTYPES}
_SUBSAMPLINGS: Final[dict[object, Subsampling]] = {"4:4:4": "4:4:4", "4:2:2": "4:2:2", "4:2:0": "4:2:0"}
_MAX_NOTES, _MAX_NOTE = 10, 300


class BrokenFrameError(Exception):
    """The other side ended or does not keep to the protocol; caught inside :mod:`opir.server`."""


@dataclass(frozen=True, kw_only=True)
class Probe:
    """What a file's header says."""

    format: str
    """One of :data:`opir.imaging.FORMATS` or :data:`opir.imaging.formats.READ_ONLY_FORMATS`."""
    size: tuple[int, int] | None
    """(width, height) as stored [px], None where the header does not tell."""


def write_request(stream: IO[bytes], operation: Operation, data: bytes) -> None:
    """Send the bytes of a picture's file."""
    _write_line(stream, {"operation": operation, "size": len(data)})
    stream.write(data)
    stream.flush()


def read_request(stream: IO[bytes]) -> tuple[Operation, bytes] | None:
    """Receive the bytes of a file and what to do with them; None when the server has gone."""
    line = stream.readline(MAX_LINE_BYTES)
    if not line:
        return None
    entry = _parsed(line)
    operation: Operation = "probe" if entry.get("operation") == "probe" else "decode"
    return operation, _read_bytes(stream, _integer(entry, "size"))


def write_error(stream: IO[bytes], error: ImageError) -> None:
    """Answer that a picture is refused."""
    kind = next((name for name, known in _ERRORS.items() if isinstance(error, known)), "UnreadableImageError")
    _write_line(stream, {"error": kind, "message": str(error)[:1000]})
    stream.flush()


def write_probe(stream: IO[bytes], probe: Probe) -> None:
    """Answer what a header says."""
    width, height = probe.size or (0, 0)
    _write_line(stream, {"format": probe.format, "width": width, "height": height})
    stream.flush()


def read_probe(stream: IO[bytes]) -> Probe:
    """Receive what a header says; raises the error that the other side found."""
    entry = _answer(stream)
    width, height = _integer(entry, "width"), _integer(entry, "height")
    size = (width, height) if width and height else None
    return Probe(format=_format(entry) or "", size=size)


def write_photo(stream: IO[bytes], photo: Photo) -> None:
    """Answer with a picture."""
    blocks = {name: getattr(photo.metadata, name) or b"" for name in _BLOCKS}
    blocks = {name: block if len(block) <= MAX_METADATA_BYTES else b"" for name, block in blocks.items()}
    entry: dict[str, object] = {
        "format": photo.source_format,
        "is_lossy": photo.source_is_lossy,
        "quality": photo.source_quality,
        "subsampling": photo.source_subsampling,
        "notes": [note[:_MAX_NOTE] for note in photo.notes[:_MAX_NOTES]],
        "dtype": photo.pixels.dtype.name,
        "height": photo.height,
        "width": photo.width,
        "channels": photo.pixels.shape[2],
        "alpha": photo.alpha is not None,
        "dpi": photo.metadata.dpi,
        "blocks": [len(block) for block in blocks.values()],
    }
    _write_line(stream, entry)
    stream.write(np.ascontiguousarray(photo.pixels).data)
    if photo.alpha is not None:
        stream.write(np.ascontiguousarray(photo.alpha).data)
    for block in blocks.values():
        stream.write(block)
    stream.flush()


def read_photo(stream: IO[bytes], *, max_pixels: int) -> Photo:
    """Receive a picture of at most ``max_pixels`` pixels; raises the error that the other side found."""
    entry = _answer(stream)
    height, width, channels = (_integer(entry, name) for name in ("height", "width", "channels"))
    sizes = entry.get("blocks")
    if height < 1 or width < 1 or height * width > max_pixels or channels not in (1, 3):
        raise BrokenFrameError(f"a picture of {width} x {height} x {channels} was announced")
    if not isinstance(sizes, list) or len(sizes) != len(_BLOCKS):
        raise BrokenFrameError("the sizes of the metadata are missing")
    dtype = _DTYPES.get(str(entry.get("dtype")))
    if dtype is None:
        raise BrokenFrameError("samples of an unknown kind were announced")
    pixels = _read_array(stream, (height, width, channels), dtype)
    alpha = _read_array(stream, (height, width), dtype) if entry.get("alpha") is True else None
    blocks = {name: _read_block(stream, size) for name, size in zip(_BLOCKS, sizes, strict=True)}
    return Photo(
        pixels=pixels,
        alpha=alpha,
        metadata=Metadata(**{**blocks, "png_colours": _sound_chunks(blocks)}, dpi=_dpi(entry.get("dpi"))),
        source_format=_format(entry),
        source_is_lossy=entry.get("is_lossy") is True,
        source_quality=_quality(entry.get("quality")),
        source_subsampling=_SUBSAMPLINGS.get(str(entry.get("subsampling"))),
        notes=_notes(entry.get("notes")),
    )


def _sound_chunks(blocks: Mapping[str, bytes | None]) -> bytes | None:
    """Read again what will be written to a PNG file byte by byte: the other side may have lied."""
    return read_png_colours(io.BytesIO(bytes(8) + (blocks["png_colours"] or b"")))


def _answer(stream: IO[bytes]) -> Mapping[str, object]:
    entry = _parsed(stream.readline(MAX_LINE_BYTES))
    if "error" in entry:
        kind = _ERRORS.get(str(entry["error"]), UnreadableImageError)
        message = str(entry.get("message", ""))
        raise kind(_printable(message))
    return entry


def _format(entry: Mapping[str, object]) -> str | None:
    name = entry.get("format")
    return name if isinstance(name, str) and (name in FORMATS or name in READ_ONLY_FORMATS) else None


def _quality(value: object) -> int | None:
    return value if isinstance(value, int) and 1 <= value <= 100 else None


def _notes(value: object) -> tuple[str, ...]:
    notes = value[:_MAX_NOTES] if isinstance(value, list) else []
    return tuple(_printable(str(note)[:_MAX_NOTE]) for note in notes)


def _printable(text: str) -> str:
    return "".join(letter if letter.isprintable() else " " for letter in text)


def _dpi(value: object) -> tuple[float, float] | None:
    if not isinstance(value, list) or len(value) != 2:
        return None
    horizontal, vertical = (float(number) if isinstance(number, int | float) else 0.0 for number in value)
    return (horizontal, vertical) if 0.0 < horizontal < 1e6 and 0.0 < vertical < 1e6 else None


def _read_array(
    stream: IO[bytes], shape: tuple[int, ...], dtype: np.dtype[np.uint8 | np.uint16 | np.float32]
) -> Samples:
    data = _read_bytes(stream, int(np.prod(shape)) * dtype.itemsize)
    samples: Samples = np.frombuffer(data, dtype).reshape(shape)
    if dtype.kind == "f" and not (samples.min() >= 0 and samples.max() <= 1):  # NaN is neither
        raise BrokenFrameError("floating-point samples beyond 0 to 1 came")
    return samples


def _read_block(stream: IO[bytes], size: object) -> bytes | None:
    if not isinstance(size, int) or not 0 <= size <= MAX_METADATA_BYTES:
        raise BrokenFrameError("metadata of an impossible size were announced")
    return _read_bytes(stream, size) or None


def _read_bytes(stream: IO[bytes], size: int) -> bytes:
    data = stream.read(size)
    if len(data) != size:
        raise BrokenFrameError(f"{size} bytes were announced and {len(data)} came")
    return data


def _integer(entry: Mapping[str, object], name: str) -> int:
    value = entry.get(name)
    if not isinstance(value, int) or not 0 <= value < 2**40:
        raise BrokenFrameError(f"{name} is missing or impossible")
    return value


def _write_line(stream: IO[bytes], entry: Mapping[str, object]) -> None:
    stream.write(json.dumps(entry).encode() + b"\n")


def _parsed(line: bytes) -> Mapping[str, object]:
    if not line.endswith(b"\n"):
        raise BrokenFrameError("the other side ended")
    try:
        entry = json.loads(line)
    except ValueError as error:
        raise BrokenFrameError("the other side does not speak the protocol") from error
    if not isinstance(entry, dict):
        raise BrokenFrameError("the other side does not speak the protocol")
    return entry

"""Read the directories of the TIFF structure, which TIFF files and EXIF blocks share.

TIFF 6.0, section 2 ("TIFF structure"), and the 64-bit variant known as BigTIFF. Only positions and raw bytes are
handed out, so that an EXIF block can be changed in place without being written anew: camera makers' notes hold
absolute positions that would not survive.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import BinaryIO, Literal

# BYTE ASCII SHORT LONG RATIONAL, their signed kin, FLOAT DOUBLE IFD, and BigTIFF's three of 8 bytes
TYPE_SIZES: dict[int, int] = dict(
    zip((*range(1, 14), 16, 17, 18), (1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4, 8, 8, 8), strict=True)
)
"""Bytes per value of every field type."""

_INTEGER_CODES: dict[int, str] = {1: "B", 3: "H", 4: "I", 13: "I", 16: "Q", 18: "Q"}


class BrokenDirectoryError(ValueError):
    """The TIFF structure is damaged or cut off; caught inside :mod:`opir.imaging`."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One field of a directory."""

    tag: int
    """Number of the field."""
    kind: int
    """Field type, a key of :data:`TYPE_SIZES` if the field is sound."""
    count: int
    """Number of values."""
    position: int
    """Where the entry itself starts."""
    pointer_position: int
    """Where its value field (or the pointer to the values) starts."""
    data_position: int
    """Where its values start."""

    @property
    def n_bytes(self) -> int:
        """Size of all values in bytes; 0 for an unknown type."""
        return TYPE_SIZES.get(self.kind, 0) * self.count

    @property
    def is_inline(self) -> bool:
        """Whether the values sit in the entry itself."""
        return self.data_position == self.pointer_position


@dataclass(frozen=True, kw_only=True)
class Directory:
    """One image file directory."""

    entries: tuple[Entry, ...]
    """The fields in the order of the file."""
    next_position: int
    """Where the pointer to the next directory is stored."""
    next_directory: int
    """Where the next directory starts; 0 if this is the last."""

    def find(self, tag: int) -> Entry | None:
        """The first field with this number, if there is one."""
        return next((entry for entry in self.entries if entry.tag == tag), None)


class TiffReader:
    """Walks through the directories of a seekable stream that starts with a TIFF header.

    Raises:
        BrokenDirectoryError: here and in every method, if the structure leads outside of the stream.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        head = self._read(0, 8)
        marks: dict[bytes, Literal["<", ">"]] = {b"II": "<", b"MM": ">"}
        if head[:2] not in marks:
            raise BrokenDirectoryError("a TIFF structure must start with II or MM")
        self.order: Literal["<", ">"] = marks[head[:2]]
        version, first = struct.unpack(self.order + "HI", head[2:8])
        if version not in (42, 43):
            raise BrokenDirectoryError(f"the version of a TIFF structure must be 42 or 43; got {version}")
        self.is_big: bool = version == 43
        self.first: int = self._unpack("Q", 8)[0] if self.is_big else first

    def directory(self, position: int) -> Directory:
        """Read the directory at a position."""
        count_code, entry_code, pointer_code = ("Q", "HHQ", "Q") if self.is_big else ("H", "HHI", "I")
        n_entries = self._unpack(count_code, position)[0]
        if n_entries > 0xFFFF:
            raise BrokenDirectoryError(f"a directory with {n_entries} fields is not plausible")
        position += struct.calcsize("<" + count_code)
        pointer_size = struct.calcsize("<" + pointer_code)
        step = struct.calcsize("<" + entry_code) + pointer_size
        table = self._read(position, n_entries * step)
        entries = []
        for index, field in enumerate(struct.iter_unpack(self.order + entry_code + pointer_code, table)):
            tag, kind, count, pointer = field
            start = position + index * step
            value = start + step - pointer_size
            inline = TYPE_SIZES.get(kind, 0) * count <= pointer_size
            entries.append(
                Entry(
                    tag=tag,
                    kind=kind,
                    count=count,
                    position=start,
                    pointer_position=value,
                    data_position=value if inline else pointer,
                )
            )
        end = position + n_entries * step
        try:
            following = self._unpack(pointer_code, end)[0]
        except BrokenDirectoryError:
            following = 0  # some writers leave the last pointer out
        return Directory(entries=tuple(entries), next_position=end, next_directory=following)

    def raw(self, entry: Entry) -> bytes:
        """The bytes of a field's values, in the structure's byte order."""
        return self._read(entry.data_position, entry.n_bytes)

    def integers(self, entry: Entry | None) -> tuple[int, ...]:
        """The values of an integer field; empty if the field is missing or of another type."""
        if entry is None or entry.kind not in _INTEGER_CODES:
            return ()
        return struct.unpack(f"{self.order}{entry.count}{_INTEGER_CODES[entry.kind]}", self.raw(entry))

    def _unpack(self, codes: str, position: int) -> tuple[int, ...]:
        layout = struct.Struct(self.order + codes)
        return layout.unpack(self._read(position, layout.size))

    def _read(self, position: int, n_bytes: int) -> bytes:
        try:
            self._stream.seek(position)
            found = self._stream.read(n_bytes) if n_bytes <= 1 << 30 else b""
        except (OSError, ValueError, OverflowError) as error:
            raise BrokenDirectoryError(f"cannot read at position {position}") from error
        if len(found) != n_bytes:
            raise BrokenDirectoryError(f"{n_bytes} bytes expected at position {position}; got {len(found)}")
        return found

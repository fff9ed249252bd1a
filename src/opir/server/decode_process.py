"""The process that decodes strangers' files: ``python -m opir.server.decode_process``, with little to lose.

It gets files through its standard input and gives pixels through its standard output, one after the other, until the
input ends. Before the first file it gives up what it does not need: memory beyond a limit, writing files, core dumps;
for every file it gets a few seconds of processor time. A bomb or a crash ends this process and nothing else.
"""

from __future__ import annotations

import io
import os
import sys
from typing import IO, Final

from opir.errors import ImageError, ImageTooLargeError
from opir.imaging import read_photo
from opir.imaging.header import read_header
from opir.server import decode_frames
from opir.server.decode_frames import Probe

if sys.platform != "win32":
    import resource

CPU_SECONDS: Final = 30
"""Processor time for one file [s]."""

_BASE_BYTES: Final = 512 * 1024**2
_BYTES_PER_PIXEL: Final = 48  # floating-point samples with transparency: 16, and two copies; 8 bits take 20 at most


def memory_limit(max_pixels: int, max_body_bytes: int) -> int:
    """Return the address space [bytes] that decoding needs at most: interpreter, libraries, file and pixels."""
    return _BASE_BYTES + _BYTES_PER_PIXEL * max_pixels + 3 * max_body_bytes


def probe(data: bytes, max_pixels: int) -> Probe:
    """Read the header of a file; raises :class:`ImageError` where the picture is not handled or too large."""
    try:
        header = read_header(io.BytesIO(data))
    except ImageError as error:
        raise type(error)(f"picture: {error}") from error
    if header.size is not None and header.size[0] * header.size[1] > max_pixels:
        width, height = header.size
        raise ImageTooLargeError(
            f"picture: has {width} × {height} = {width * height / 1e6:.1f} megapixels and this server takes at most "
            f"{max_pixels / 1e6:.1f}"
        )
    return Probe(format=header.format, size=header.size)


def serve(requests: IO[bytes], answers: IO[bytes], *, max_pixels: int) -> None:
    """Answer requests until there are no more."""
    while (request := decode_frames.read_request(requests)) is not None:
        operation, data = request
        _allow_processor_time(CPU_SECONDS)
        try:
            found = probe(data, max_pixels)
            if operation == "probe":
                decode_frames.write_probe(answers, found)
                continue
            photo = read_photo(data, max_pixels=max_pixels)
        except ImageError as error:
            decode_frames.write_error(answers, error)
        else:
            decode_frames.write_photo(answers, photo)
            del photo
        del request, data


def main() -> None:
    """Set the limits and serve standard input; the arguments are max_pixels and max_body_bytes."""
    max_pixels, max_body_bytes = int(sys.argv[1]), int(sys.argv[2])
    with os.fdopen(os.dup(1), "wb") as answers:
        os.dup2(2, 1)  # what a library prints must not get between the answers
        _limit(memory_limit(max_pixels, max_body_bytes))
        serve(sys.stdin.buffer, answers, max_pixels=max_pixels)


def _limit(memory_bytes: int) -> None:
    if sys.platform == "win32":
        return
    for kind, amount in (
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 32),
    ):
        _lower(kind, amount)


def _lower(kind: int, amount: int) -> None:
    """Lower a limit for good; a system that does not know it goes without."""
    if sys.platform == "win32":
        return
    _, hard = resource.getrlimit(kind)
    if hard != resource.RLIM_INFINITY:
        amount = min(amount, hard)
    try:
        resource.setrlimit(kind, (amount, amount))
    except (OSError, ValueError):
        print(f"opir: this system does not limit resource {kind}", file=sys.stderr)  # noqa: T201 - a process of its own


def _allow_processor_time(seconds: int) -> None:
    if sys.platform == "win32":
        return
    usage = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    soft = int(usage.ru_utime + usage.ru_stime) + seconds
    if hard == resource.RLIM_INFINITY or soft < hard:
        resource.setrlimit(resource.RLIMIT_CPU, (soft, hard))


if __name__ == "__main__":
    main()

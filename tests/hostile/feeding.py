"""The process that opens hostile files: ``python -m hostile.feeding FOLDER EVERY PARTS FIRST``; it may die of them.

Each file is written to FOLDER, read as a photo, and what came out is made ready for writing and encoded again. One
line of JSON says what is begun, one what became of it. Memory is limited; whoever reads the lines limits the time.
"""

from __future__ import annotations

import hashlib
import json
import resource
import sys
import time
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path

from hostile.corpus import Case, all_bombs, sample
from opir.errors import OpirError, OutputError
from opir.imaging import FORMATS, Photo, encode_photo, read_photo
from opir.imaging.metadata_policy import apply_policy
from opir.imaging.restoration_record import Record, with_record

MAX_PIXELS = 4_500_000
MEMORY_BYTES = 1200 * 1024**2
"""Address space beyond what the process has when it begins: 24 bytes a pixel, as the server gives, and the rest."""

RECORD = Record(software="opir", model="fake 1", weights_sha256="0" * 64, settings="{}")


def chosen(every: int, parts: str) -> Iterator[Case]:
    """Yield what is to be opened: every n-th spoilt seed, the bombs, or both."""
    if "s" in parts:
        yield from sample(every)
    if "b" in parts:
        yield from all_bombs()


def main() -> None:
    """Open the files from number FIRST on."""
    folder, every, parts, first = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3], int(sys.argv[4])
    import tifffile  # noqa: F401 - libraries are loaded before memory is limited, as in a server

    _limit_memory()
    for number, case in enumerate(chosen(every, parts)):
        if number < first:
            continue
        _tell({"number": number, "begin": case.name})
        _tell({"number": number, **opened(case, folder)})


def opened(case: Case, folder: Path) -> dict[str, object]:
    """Open one case as a file; the file must not change."""
    path = folder / f"case{case.suffix}"
    path.write_bytes(case.data)
    before = path.stat()
    start = time.process_time()
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        result = outcome_of(path)
    entry = {
        "format": case.seed.partition("-")[0],
        "kind": case.kind,
        "name": case.name,
        "seconds": round(time.process_time() - start, 3),
        "peak_mb": _peak_mb(),
        "warning": f"{warned[0].category.__name__}: {warned[0].message}" if warned else None,
        **result,
    }
    after = path.stat()
    if (before.st_mtime_ns, before.st_ino) != (after.st_mtime_ns, after.st_ino) or _digest(path) != _sha(case.data):
        entry |= {"outcome": "failed", "error": "the original was touched"}
    if left := [other.name for other in folder.iterdir() if other != path]:
        entry |= {"outcome": "failed", "error": f"files were left: {left}"}
    path.unlink()
    return entry


def outcome_of(source: Path | bytes) -> Mapping[str, object]:
    """Read a picture and encode it again: decoded, refused with an error of the package, or failed."""
    try:
        photo = read_photo(source, max_pixels=MAX_PIXELS)
        _encode_again(photo)
    except OpirError as error:
        message = str(error)
        one_line = message.isprintable() and len(message) < 1000
        return {"outcome": "refused", "error": type(error).__name__} if one_line else _failure(error)
    except Exception as error:
        return _failure(error)
    return {"outcome": "decoded", "size": [photo.width, photo.height]}


def _encode_again(photo: Photo) -> None:
    for policy in ("keep", "safe"):
        metadata = apply_policy(photo.metadata, policy)
        with_record(metadata.xmp, RECORD)
    name = photo.source_format if photo.source_format in FORMATS else "PNG"
    try:
        encode_photo(photo, name)
    except OutputError:
        encode_photo(photo, "PNG")


def _failure(error: BaseException) -> Mapping[str, object]:
    import traceback

    places = [f"{Path(frame.filename).name}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)[-4:]]
    return {"outcome": "failed", "error": f"{type(error).__name__}: {str(error)[:200]!r} at {' < '.join(places)}"}


def _peak_mb() -> int:
    """Return the largest resident memory of this process; ``ru_maxrss`` would count that of its parent as well."""
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) // 1024


def _limit_memory() -> None:
    status = Path("/proc/self/statm")
    used = int(status.read_text().split()[0]) * resource.getpagesize() if status.exists() else 1024**3
    resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY_BYTES, resource.RLIM_INFINITY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _digest(path: Path) -> str:
    return _sha(path.read_bytes())


def _sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _tell(entry: Mapping[str, object]) -> None:
    sys.stdout.write(json.dumps(entry) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()

"""What this computer offers: processors that may be used and memory that is free.

Containers and batch systems hand out less than the machine has; the affinity mask and the control
group limits are what counts, since threads beyond them only take turns and memory beyond them kills.
"""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import Final

_CGROUP: Final = Path("/sys/fs/cgroup")
_MEMINFO: Final = Path("/proc/meminfo")

UNKNOWN_MEMORY_BYTES: Final = 4 * 1024**3
"""Assumed free memory [bytes] where the system does not say (neither Linux nor another POSIX system)."""


def usable_threads() -> int:
    """Return how many threads can truly run at once: affinity mask and CPU quota, at least 1."""
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)
    quota = _cpu_quota(_CGROUP / "cpu.max")
    return max(1, min(count, quota) if quota is not None else count)


def available_memory_bytes() -> int:
    """Return the memory [bytes] that can be taken without swapping, control group limits included."""
    free = _meminfo_available(_MEMINFO)
    if free is None:
        free = _posix_memory() or UNKNOWN_MEMORY_BYTES
    limit = _read_integer(_CGROUP / "memory.max")
    used = _read_integer(_CGROUP / "memory.current")
    if limit is not None and used is not None:
        free = min(free, max(0, limit - used))
    return free


def _cpu_quota(path: Path) -> int | None:
    """Read ``quota period`` [µs] of a control group, as whole processors rounded up; None if unlimited."""
    words = _read_text(path).split()
    if len(words) != 2 or not all(word.isdigit() for word in words) or int(words[1]) == 0:
        return None
    return max(1, math.ceil(int(words[0]) / int(words[1])))


def _meminfo_available(path: Path) -> int | None:
    for line in _read_text(path).splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    return None


def _posix_memory() -> int | None:
    """Half of the physical memory [bytes] (a guess of what is free), or None where that is unknown."""
    names = getattr(os, "sysconf_names", {})
    if "SC_PHYS_PAGES" not in names or "SC_PAGE_SIZE" not in names:
        return None
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2


def _read_integer(path: Path) -> int | None:
    text = _read_text(path).strip()
    return int(text) if text.isdigit() else None


def _read_text(path: Path) -> str:
    """Return the text of a system file, empty where there is none (that is how absence is told)."""
    try:
        return path.read_text(encoding="ascii")
    except OSError:
        return ""

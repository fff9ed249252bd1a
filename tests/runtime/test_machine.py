"""Limits of a container count, not the size of the machine under it."""

from __future__ import annotations

from pathlib import Path

import pytest

from opir.runtime import machine


@pytest.fixture
def system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An imagined computer: 8 processors, 10 GB free, no limits; files can be added."""
    (tmp_path / "meminfo").write_text("MemTotal: 20000000 kB\nMemAvailable:   10000000 kB\n")
    monkeypatch.setattr(machine, "_CGROUP", tmp_path)
    monkeypatch.setattr(machine, "_MEMINFO", tmp_path / "meminfo")
    monkeypatch.setattr("os.sched_getaffinity", lambda pid: set(range(8)), raising=False)
    return tmp_path


def test_without_limits(system: Path) -> None:
    assert machine.usable_threads() == 8
    assert machine.available_memory_bytes() == 10_000_000 * 1024


@pytest.mark.parametrize(
    ("quota", "threads"),
    [("max 100000", 8), ("250000 100000", 3), ("5000 100000", 1), ("1600000 100000", 8), ("junk", 8)],
)
def test_processor_quota(system: Path, quota: str, threads: int) -> None:
    (system / "cpu.max").write_text(quota)
    assert machine.usable_threads() == threads


@pytest.mark.parametrize(
    ("limit", "used", "available"),
    [("max", "5", 10_000_000 * 1024), ("3000", "1000", 2000), ("1000", "3000", 0)],
)
def test_memory_limit(system: Path, limit: str, used: str, available: int) -> None:
    (system / "memory.max").write_text(limit)
    (system / "memory.current").write_text(used)
    assert machine.available_memory_bytes() == available


def test_other_systems_get_an_assumption(system: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (system / "meminfo").unlink()
    monkeypatch.setattr("os.sysconf_names", {}, raising=False)
    assert machine.available_memory_bytes() == machine.UNKNOWN_MEMORY_BYTES

"""Runs ``opir restore`` with the fake engine, for tests that need a process of their own to kill.

Prints ``ready`` when everything is imported, so that a signal that comes later meets the work.
"""

from __future__ import annotations

import importlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

TESTS = Path(__file__).parent


class Process:
    """One run; the clock starts when it is ready."""

    def __init__(self, *arguments: object, delay_seconds: float = 0.0) -> None:
        """Start ``opir restore`` and wait until it is ready; every picture takes at least ``delay_seconds``.

        With a delay, standard error gets the line ``working`` at the start of each picture.
        """
        environment = os.environ | {"PYTHONPATH": str(TESTS), "OMP_NUM_THREADS": "1", "DELAY": str(delay_seconds)}
        self._process = subprocess.Popen(
            [sys.executable, __file__, *map(str, arguments)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == b"ready\n"
        self._start = time.monotonic()

    def __enter__(self) -> Process:
        """Return the process, which does not outlive the block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Kill what is left."""
        self._process.kill()
        self._process.communicate()

    def signal(self, number: signal.Signals) -> None:
        """Send a signal; nothing happens if the process has ended."""
        self._process.send_signal(number)

    def wait_for_line(self) -> bytes:
        """Return the next line of standard output."""
        assert self._process.stdout is not None
        return self._process.stdout.readline()

    def wait_for_error(self) -> bytes:
        """Return the next line of standard error."""
        assert self._process.stderr is not None
        return self._process.stderr.readline()

    def kill_after(self, seconds: float) -> None:
        """Kill it at this time after it was ready, if it lives that long."""
        try:
            self._process.communicate(timeout=max(0.0, self._start + seconds - time.monotonic()))
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate()

    def finish(self) -> tuple[int, str, str, float]:
        """Wait for the end; return exit code, standard output, standard error and the time since ready [s]."""
        output, errors = self._process.communicate(timeout=120)
        return self._process.returncode, output.decode(), errors.decode(), time.monotonic() - self._start


def _main() -> None:
    importlib.import_module("opir.cli.restore_batch")  # with all that the command imports when it is used
    from fake_engine import FakeEngine
    from opir.cli.main import app
    from opir.runtime import restore

    class SlowEngine(FakeEngine):
        def encode(self, image):
            if delay := float(os.environ["DELAY"]):
                os.write(2, b"working\n")
                time.sleep(delay)
            return super().encode(image)

    restore.find_model = lambda model: model
    restore.open_engine = lambda folder, name, threads: SlowEngine()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    app(["restore", *sys.argv[1:]], prog_name="opir")


if __name__ == "__main__":
    _main()

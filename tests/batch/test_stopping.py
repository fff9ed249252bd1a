"""Ctrl-C and SIGTERM sent to a real process: once politely, twice at once."""

from __future__ import annotations

import json
import signal
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from opir.batch.manifest import MANIFEST_NAME
from opir.batch.stopping import StopRequest
from restore_process import Process

Tree = Callable[[Path], dict[str, bytes]]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_finishes_the_picture_and_keeps_the_manifest(
    photos: Path, tmp_path: Path, tree: Tree, number: signal.Signals
) -> None:
    with Process(photos, "-o", tmp_path / "out", "--jobs", 1, delay_seconds=0.5) as process:
        assert process.wait_for_error() == b"working\n"
        process.signal(number)
        code, output, errors, _ = process.finish()
    assert code == 130
    assert "once more to stop at once" in errors
    assert "interrupted: 1 of 4 pictures had their turn" in errors
    assert output.splitlines()[1].startswith(f"{photos / 'a.png'} -> ")
    assert set(tree(tmp_path / "out")) == {"a.png", MANIFEST_NAME}
    (line,) = (tmp_path / "out" / MANIFEST_NAME).read_text().splitlines()
    assert json.loads(line)["ok"] is True


def test_the_second_stops_at_once(photos: Path, tmp_path: Path, tree: Tree) -> None:
    with Process(photos, "-o", tmp_path / "out", delay_seconds=60) as process:
        assert process.wait_for_error() == b"working\n"
        process.signal(signal.SIGINT)
        assert b"once more to stop" in process.wait_for_error()
        process.signal(signal.SIGINT)
        code, _, _, seconds = process.finish()
    assert code == 130
    assert seconds < 50
    assert set(tree(tmp_path / "out")) <= {MANIFEST_NAME}


def test_the_signals_are_given_back() -> None:
    before = signal.getsignal(signal.SIGINT)
    told = threading.Event()
    with StopRequest(told.set) as stop:
        assert not stop()
        signal.raise_signal(signal.SIGINT)
        assert stop.wait(30)
        assert told.wait(30)
        assert stop()
    assert signal.getsignal(signal.SIGINT) is before


def test_in_another_thread_nothing_is_taken_over() -> None:
    before, seen = signal.getsignal(signal.SIGINT), []

    def run() -> None:
        with StopRequest() as stop:
            seen.append((signal.getsignal(signal.SIGINT), stop()))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert seen == [(before, False)]

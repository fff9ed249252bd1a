"""Lines stay lines, columns align, and the bar is for terminals only."""

from __future__ import annotations

import io
import sys

import pytest
import typer

from opir.cli.console import choice, pixel_progress, printable, say_columns


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\nb\tc", "a b c"),
        ("a  b", "a  b"),
        ("\x1b[2J", "?[2J"),
        ("\udc80.png", "?.png"),
        ("Größe 写真", "Größe 写真"),
    ],
)
def test_printable(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_columns_align(capsys: pytest.CaptureFixture[str]) -> None:
    say_columns([("a", "bbb", "c"), ("aaaa", "b", "ccc")])
    assert capsys.readouterr().out == "a     bbb  c\naaaa  b    ccc\n"


def test_choice() -> None:
    assert choice("b", ("a", "b"), option="--letter") == "b"
    with pytest.raises(typer.BadParameter, match="did you mean beta"):
        choice("bet", ("alpha", "beta"), option="--letter")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_bar_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with pixel_progress("photo [1].png") as progress:
        assert progress is not None
        progress(50, 100)
    assert "photo [1].png" in terminal.getvalue()
    assert "50 %" in terminal.getvalue()


def test_no_bar_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    for stream, wanted in ((io.StringIO(), True), (Terminal(), False)):
        monkeypatch.setattr(sys, "stderr", stream)
        with pixel_progress("photo.png", wanted=wanted) as progress:
            assert progress is None
        assert stream.getvalue() == ""

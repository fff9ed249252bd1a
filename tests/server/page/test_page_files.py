"""What can be said about the files of the page without a browser."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path

import pytest

from opir.imaging.colormap import COLOURS

PAGE = Path(str(files("opir.server"))) / "page"
TEXTS = {path.name: path.read_text(encoding="utf-8") for path in PAGE.iterdir() if path.is_file()}


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_nothing_comes_from_elsewhere(name: str) -> None:
    assert set(re.findall(r"(?:https?:)?//[\w.-]+\.\w+", TEXTS[name])) <= {"http://www.w3.org"}


def test_nothing_that_the_content_security_policy_blocks() -> None:
    page = TEXTS["index.html"]
    assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:|<script(?![^>]*\ssrc=)", page)


def test_texts_never_become_markup() -> None:
    scripts = "".join(text for name, text in TEXTS.items() if name.endswith(".js"))
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function", scripts)


def test_every_file_is_used_and_every_file_that_is_used_exists() -> None:
    used = {"index.html"}
    for name, text in TEXTS.items():
        pattern = r'(?:src|href)="([\w.-]+\.\w+)"' if name.endswith(".html") else r'from "\./([\w.-]+)"'
        used |= set(re.findall(pattern, text))
    assert used == set(TEXTS)


def test_every_element_that_a_script_asks_for_exists_once() -> None:
    ids = re.findall(r'\bid="([\w-]+)"', TEXTS["index.html"])
    assert len(ids) == len(set(ids))
    scripts = "".join(text for name, text in TEXTS.items() if name.endswith(".js"))
    asked = set(re.findall(r'\b(?:element|getElementById|on)\("([\w-]+)"', scripts))
    assert len(asked) > 20
    assert asked <= set(ids)


def test_the_legend_has_the_colours_of_the_map() -> None:
    gradient = re.search(r"linear-gradient\(to right, (#[^)]*)\)", TEXTS["page.css"])
    assert gradient is not None
    stops = gradient[1].split(", ")
    indices = [round(index * 255 / (len(stops) - 1)) for index in range(len(stops))]
    assert stops == ["#" + bytes(COLOURS[index]).hex() for index in indices]

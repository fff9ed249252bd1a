"""The notation of name templates."""

from __future__ import annotations

from pathlib import Path

import pytest

from miniatures import write_pictures
from opir.data.readers.layout import Rule
from opir.data.readers.listing import Listing
from opir.data.readers.template import find_pictures
from opir.errors import ConfigurationError


def _paths(root: Path, template: str) -> list[str]:
    return [found.path for found in find_pictures(Listing(root), template)]


def test_a_placeholder_takes_the_shortest_text(tmp_path: Path) -> None:
    write_pictures(tmp_path, ["a_b_c.png"])
    (found,) = find_pictures(Listing(tmp_path), "{one}_{two}")
    assert found.fields == (("one", "a"), ("two", "b_c"))


def test_kinds_restrict_what_fits(tmp_path: Path) -> None:
    write_pictures(tmp_path, ["7.png", "x7.png", "0.8.png", "0.812.png", "0.8.1.png"])
    assert _paths(tmp_path, "{n:d}") == ["7.png"]
    assert _paths(tmp_path, "{n:real}") == ["0.8.png", "0.812.png", "7.png"]
    assert _paths(tmp_path, "{n:fine}") == ["0.812.png"]


def test_case_suffix_and_alternatives(tmp_path: Path) -> None:
    write_pictures(tmp_path, ["GT/1_Mean.PNG", "clean/2_mean.jpg", "other/3_mean.jpg", "gt/deep/4_mean.png"])
    assert _paths(tmp_path, "gt|clean/{n}_mean") == ["clean/2_mean.jpg", "GT/1_Mean.PNG"]


def test_special_characters_of_names_are_literal(tmp_path: Path) -> None:
    write_pictures(tmp_path, ["a+b (1).png", "aab (1).png"])
    assert _paths(tmp_path, "a+b ({n:d})") == ["a+b (1).png"]


def test_only_pictures_count(tmp_path: Path) -> None:
    write_pictures(tmp_path, ["1.png"])
    for name in ("1.txt", "2.mat", ".3.png"):
        (tmp_path / name).write_bytes(b"")
    assert _paths(tmp_path, "{n}") == ["1.png"]


def test_a_rule_whose_clean_name_cannot_be_built_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="'scene'"):
        Rule(degraded="{n}_rain", clean="{scene}_clean", tasks=("rain",))

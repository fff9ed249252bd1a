"""Synthetic snow: Snow100K, SRRS, CSD."""

from __future__ import annotations

from opir.data.readers.layout import Layout, Rule
from opir.data.readers.reader import PairedReader
from opir.tasks import Task

_SNOW: tuple[Task, ...] = ("snow",)
_VEILED: tuple[Task, ...] = ("snow", "haze")


def _folders_rule(tasks: tuple[Task, ...]) -> Rule:
    return Rule(degraded="Snow|Syn|Haze|synthetic/{name}", clean="Gt|gt_new/{name}", tasks=tasks)


_SNOW100K_RULES = (_folders_rule(_SNOW),)


def _snow100k_test(size: str, expected: int) -> Layout:
    name = f"Snow100K-{size}"
    return Layout(
        split=f"test_{size.lower()}",
        rules=_SNOW100K_RULES,
        folders=(name, f"test/{name}", f"Snow100K-testset/{name}", f"Test/{name}"),
        expected=expected,
    )


_SNOW100K = PairedReader(
    name="snow100k",
    title="Snow100K",
    source="Y.-F. Liu et al., DesnowNet: Context-Aware Deep Network for Snow Removal, TIP 2018",
    aliases=("snow100k",),
    layouts=(
        Layout(
            split="train",
            rules=_SNOW100K_RULES,
            folders=("Snow100K-training/all", "Snow100K-training", "train/Snow100K"),
            named_folders=("all", "train", "train2500"),
        ),
        _snow100k_test("S", 16611),
        _snow100k_test("M", 16588),
        _snow100k_test("L", 16801),
        Layout(split="test_2000", rules=_SNOW100K_RULES, named_folders=("test2000",), expected=2000),
    ),
)

_SRRS = PairedReader(
    name="srrs",
    title="SRRS",
    source="W.-T. Chen et al., JSTASR: Joint Size and Transparency-Aware Snow Removal, ECCV 2020",
    aliases=("srrs",),
    layouts=(
        Layout(split="train", rules=(_folders_rule(_VEILED),), named_folders=("train2500", "Train")),
        Layout(split="test", rules=(_folders_rule(_VEILED),), named_folders=("test2000", "Test"), expected=2000),
        Layout(split="all", rules=(_folders_rule(_VEILED),), folders=("SRRS_15004",), named_folders=("",)),
    ),
)

_CSD = PairedReader(
    name="csd",
    title="CSD (Comprehensive Snow Dataset)",
    source="W.-T. Chen et al., ALL Snow Removed: Hierarchical Dual-Tree Complex Wavelet, ICCV 2021",
    aliases=("csd",),
    layouts=(
        Layout(split="train", rules=(_folders_rule(_VEILED),), named_folders=("Train", "train2500")),
        Layout(split="test", rules=(_folders_rule(_VEILED),), named_folders=("Test", "test2000"), expected=2000),
    ),
)

READERS = (_SNOW100K, _SRRS, _CSD)

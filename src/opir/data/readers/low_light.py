"""Low light: LOL v1, LOL v2 real and synthetic."""

from __future__ import annotations

from opir.data.readers.layout import Layout, Rule
from opir.data.readers.reader import PairedReader
from opir.tasks import Task

_DARK: tuple[Task, ...] = ("low_light",)

_V1_RULES = (Rule(degraded="low|input/{name}", clean="high|target/{name}", tasks=_DARK),)
_LOL_V1 = PairedReader(
    name="lol_v1",
    title="LOL v1",
    source="C. Wei et al., Deep Retinex Decomposition for Low-Light Enhancement, BMVC 2018",
    aliases=("lolv1", "loldataset"),
    layouts=(
        Layout(split="train", rules=_V1_RULES, folders=("our485", "train/our485"), expected=485),
        Layout(split="test", rules=_V1_RULES, folders=("eval15", "test/eval15"), expected=15),
        Layout(split="train", rules=_V1_RULES, named_folders=("train",), expected=485),
        Layout(split="test", rules=_V1_RULES, named_folders=("test",), expected=15),
        Layout(split="all", rules=_V1_RULES, named_folders=("",)),
    ),
)

_REAL_RULES = (
    Rule(degraded="Low/low{n:d}", clean="Normal/normal{n:d}", tasks=_DARK),
    Rule(degraded="Low/{name}", clean="Normal/{name}", tasks=_DARK),
)
_SYNTHETIC_RULES = (Rule(degraded="Low/{name}", clean="Normal/{name}", tasks=_DARK),)
_LOL_V2 = PairedReader(
    name="lol_v2",
    title="LOL v2",
    source="W. Yang et al., Sparse Gradient Regularized Deep Retinex Network, TIP 2021",
    aliases=("lolv2",),
    layouts=(
        Layout(split="real_train", rules=_REAL_RULES, folders=("Real_captured/Train",), expected=689),
        Layout(split="real_test", rules=_REAL_RULES, folders=("Real_captured/Test",), expected=100),
        Layout(split="synthetic_train", rules=_SYNTHETIC_RULES, folders=("Synthetic/Train",), expected=900),
        Layout(split="synthetic_test", rules=_SYNTHETIC_RULES, folders=("Synthetic/Test",), expected=100),
    ),
)

READERS = (_LOL_V1, _LOL_V2)

"""Synthetic haze: RESIDE's training sets ITS and OTS and its test set SOTS.

RESIDE publishes the clean indoor pictures with a white border of 10 pixels that the hazy ones lack.
"""

from __future__ import annotations

from opir.data.readers.layout import Layout, Rule
from opir.data.readers.reader import PairedReader
from opir.tasks import Task

_HAZE: tuple[Task, ...] = ("haze",)
_SOURCE = "B. Li et al., Benchmarking Single Image Dehazing and Beyond (RESIDE), TIP 2019"
_BORDER = 10
_CLEAN = "gt|clear|clean|target|clear_images|original"

_ITS_RULES = (
    Rule(
        degraded="hazy|haze|input/{scene:d}_{n:d}_{beta:fine}",
        clean=_CLEAN + "/{scene:d}",
        tasks=_HAZE,
        clean_border=_BORDER,
    ),
)
_ITS = PairedReader(
    name="its",
    title="RESIDE ITS (indoor training set)",
    source=_SOURCE,
    layouts=(
        Layout(split="train", rules=_ITS_RULES, folders=("ITS", "ITS/train", "train", "ITS_v2")),
        Layout(split="val", rules=_ITS_RULES, folders=("val", "ITS/val")),
        Layout(split="all", rules=_ITS_RULES, folders=("",)),
    ),
)

_OTS_RULES = (
    Rule(
        degraded="OTS|hazy|haze|part1|part2|part3|part4/{scene:d}_{light:real}_{beta:real}",
        clean=_CLEAN + "/{scene:d}",
        tasks=_HAZE,
    ),
    Rule(
        degraded="hazy|haze|synthetic/{part}/{scene:d}_{light:real}_{beta:real}",
        clean=_CLEAN + "/{scene:d}",
        tasks=_HAZE,
    ),
)
_OTS = PairedReader(
    name="ots",
    title="RESIDE OTS (outdoor training set)",
    source=_SOURCE,
    aliases=("ots", "otsalpha", "otsbeta"),
    layouts=(
        Layout(
            split="train",
            rules=_OTS_RULES,
            folders=("OTS_ALPHA", "OTS_BETA"),
            named_folders=("OTS", "OTS/train", "train", ""),
            shared_clean=True,
        ),
        Layout(split="train", rules=_OTS_RULES[1:], folders=("",), shared_clean=True),
    ),
)

_INDOOR_RULES = (
    Rule(
        degraded="hazy|haze|input/{scene:d}_{n:d}",
        clean=_CLEAN + "/{scene:d}",
        tasks=_HAZE,
        clean_border=_BORDER,
    ),
)
_OUTDOOR_RULES = (
    Rule(
        degraded="hazy|haze|input/{scene:d}_{light:real}_{beta:real}",
        clean=_CLEAN + "/{scene:d}",
        tasks=_HAZE,
    ),
)
_SOTS = PairedReader(
    name="sots",
    title="RESIDE SOTS (test set)",
    source=_SOURCE,
    aliases=("sots",),
    layouts=(
        Layout(
            split="indoor",
            rules=_INDOOR_RULES,
            folders=("indoor", "indoor/nyuhaze500", "nyuhaze500"),
            named_folders=("",),
            expected=500,
        ),
        Layout(split="outdoor", rules=_OUTDOOR_RULES, folders=("outdoor",), named_folders=("",), expected=500),
    ),
)

READERS = (_ITS, _OTS, _SOTS)

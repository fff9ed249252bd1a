"""Synthetic rain streaks: Rain100L/H, Rain200L/H, Rain800, Rain1400 and the Rain13K collection."""

from __future__ import annotations

from opir.data.readers.layout import Layout, Rule
from opir.data.readers.reader import PairedReader
from opir.tasks import Task

_RAIN: tuple[Task, ...] = ("rain",)
_YANG = "W. Yang et al., Deep Joint Rain Detection and Removal from a Single Image, CVPR 2017"
_MPRNET = "S. W. Zamir et al., Multi-Stage Progressive Image Restoration (MPRNet), CVPR 2021"

_SAME_NAME = Rule(degraded="input|rain|rainy/{name}", clean="target|norain|gt|groundtruth/{name}", tasks=_RAIN)
# Rain100 as first published: rain-001.png and norain-001.png, in one folder, in two, or one inside the other.
_YANG_OLD = (
    Rule(degraded="rainy|rain|input|data/rain-{n:d}", clean="norain|gt|target|label/norain-{n:d}", tasks=_RAIN),
    Rule(degraded="rainy|rain/rain-{n:d}", clean="norain-{n:d}", tasks=_RAIN),
    Rule(degraded="rain-{n:d}", clean="norain-{n:d}", tasks=_RAIN),
)
# Rain200, the later version: norain-1x2.png is the rainy picture of norain-1.png.
_YANG_NEW = (
    Rule(degraded="rain/X2/norain-{n:d}x2", clean="norain/norain-{n:d}", tasks=_RAIN),
    Rule(degraded="rain|rainy|input/norain-{n:d}x2", clean="norain|target|gt/norain-{n:d}", tasks=_RAIN),
)


def _rain100(letter: str, weight: str, n_train: int) -> PairedReader:
    rules = (*_YANG_OLD, _SAME_NAME)
    return PairedReader(
        name=f"rain100{letter.lower()}",
        title=f"Rain100{letter}",
        source=_YANG,
        aliases=(f"rain100{letter.lower()}", f"raintrain{letter.lower()}"),
        layouts=(
            Layout(
                split="train",
                rules=rules,
                folders=(f"RainTrain{letter}",),
                named_folders=("train", f"rain_data_train_{weight}"),
                expected=n_train,
            ),
            Layout(
                split="test",
                rules=rules,
                folders=(f"Rain100{letter}/test",),
                named_folders=("test", f"Rain100{letter}", f"rain_data_test_{weight}", ""),
                expected=100,
            ),
        ),
    )


def _rain200(letter: str, weight: str) -> PairedReader:
    return PairedReader(
        name=f"rain200{letter.lower()}",
        title=f"Rain200{letter}",
        source=_YANG,
        aliases=(f"rain200{letter.lower()}",),
        layouts=(
            Layout(split="train", rules=_YANG_NEW, folders=(f"rain_data_train_{weight}",), expected=1800),
            Layout(split="test", rules=_YANG_NEW, folders=(f"rain_data_test_{weight}",), expected=200),
            Layout(split="train", rules=(*_YANG_NEW, _SAME_NAME), named_folders=("train",), expected=1800),
            Layout(split="test", rules=(*_YANG_NEW, _SAME_NAME), named_folders=("test", ""), expected=200),
        ),
    )


_YANG_UNNAMED = PairedReader(
    name="rain_streaks",
    title="Rain streaks of Yang et al., version not told by a folder name",
    source=_YANG,
    layouts=(
        Layout(split="train", rules=(*_YANG_OLD, *_YANG_NEW), folders=("train",)),
        Layout(split="test", rules=(*_YANG_OLD, *_YANG_NEW), folders=("test",)),
        Layout(split="all", rules=(*_YANG_OLD, *_YANG_NEW), folders=("",)),
    ),
)

_RAIN800 = PairedReader(
    name="rain800",
    title="Rain800",
    source="H. Zhang, V. Sindagi, V. M. Patel, Image De-raining Using a Conditional GAN, TCSVT 2019",
    aliases=("rain800", "idcgan"),
    layouts=(
        Layout(
            split="train",
            rules=(_SAME_NAME, Rule(degraded="rain/rain-{n:d}", clean="norain/norain-{n:d}", tasks=_RAIN)),
            named_folders=("train", "training"),
            expected=700,
        ),
        Layout(
            split="test",
            rules=(_SAME_NAME, Rule(degraded="rain/rain-{n:d}", clean="norain/norain-{n:d}", tasks=_RAIN)),
            named_folders=("test", "test_syn", ""),
            expected=100,
        ),
    ),
)

_RAIN1400_RULES = (Rule(degraded="rainy_image/{scene:d}_{n:d}", clean="ground_truth/{scene:d}", tasks=_RAIN),)
_RAIN1400 = PairedReader(
    name="rain1400",
    title="Rain1400 (Rain14000)",
    source="X. Fu et al., Removing Rain from Single Images via a Deep Detail Network, CVPR 2017",
    layouts=(
        Layout(split="train", rules=_RAIN1400_RULES, folders=("training", "train"), expected=12600),
        Layout(split="test", rules=_RAIN1400_RULES, folders=("testing", "test"), expected=1400),
        Layout(split="all", rules=_RAIN1400_RULES, folders=("",)),
    ),
)

_INPUT_TARGET = (Rule(degraded="input/{name}", clean="target/{name}", tasks=_RAIN),)
_RAIN13K = PairedReader(
    name="rain13k",
    title="Rain13K",
    source=_MPRNET,
    aliases=("rain13k",),
    layouts=(
        Layout(
            split="train",
            rules=_INPUT_TARGET,
            folders=("train/Rain13K", "Rain13K"),
            named_folders=("train", ""),
            expected=13712,
        ),
        *(
            Layout(
                split=name.lower(),
                rules=_INPUT_TARGET,
                folders=(f"test/{name}",) if name.startswith("Rain") else (f"test/{name}", name),
                expected=expected,
            )
            for name, expected in (
                ("Test100", 98),
                ("Test1200", 1200),
                ("Test2800", 2800),
                ("Rain100H", 100),
                ("Rain100L", 100),
            )
        ),
    ),
)

READERS = (
    _RAIN13K,
    _rain100("L", "Light", 200),
    _rain100("H", "Heavy", 1800),
    _rain200("L", "Light"),
    _rain200("H", "Heavy"),
    _RAIN800,
    _RAIN1400,
    _YANG_UNNAMED,
)

"""Drops on a glass (RainDrop) and rain with veiling mist (Outdoor-Rain)."""

from __future__ import annotations

from opir.data.readers.layout import Layout, Rule
from opir.data.readers.reader import PairedReader

_DROP_RULES = (
    Rule(degraded="data|input|rain_image/{n}_rain", clean="gt|target|clean_image/{n}_clean", tasks=("rain",)),
)
_RAINDROP = PairedReader(
    name="raindrop",
    title="RainDrop",
    source="R. Qian et al., Attentive GAN for Raindrop Removal from a Single Image, CVPR 2018",
    layouts=(
        Layout(split="train", rules=_DROP_RULES, folders=("train", "train/train", "train_img/train"), expected=861),
        Layout(split="test_a", rules=_DROP_RULES, folders=("test_a", "test_a/test_a"), expected=58),
        Layout(split="test_b", rules=_DROP_RULES, folders=("test_b", "test_b/test_b")),
        Layout(split="all", rules=_DROP_RULES, folders=("",)),
    ),
)

_MIST_RULES = (
    Rule(
        degraded="in|input|data/im_{scene:d}_s{spread:d}_a{light:d}",
        clean="gt|target/im_{scene:d}",
        tasks=("rain", "haze"),
    ),
)
_OUTDOOR_RAIN = PairedReader(
    name="outdoor_rain",
    title="Outdoor-Rain",
    source="R. Li, L.-F. Cheong, R. T. Tan, Heavy Rain Image Restoration, CVPR 2019",
    layouts=(
        Layout(split="train", rules=_MIST_RULES, folders=("train",), expected=9000),
        Layout(split="test", rules=_MIST_RULES, folders=("test", "test1", "test_with_train_param_v5")),
        Layout(split="all", rules=_MIST_RULES, folders=("",)),
    ),
)

READERS = (_RAINDROP, _OUTDOOR_RAIN)

"""Motion blur from averaged video frames: GoPro and HIDE."""

from __future__ import annotations

from opir.data.readers.layout import Layout, Rule
from opir.data.readers.reader import PairedReader
from opir.tasks import Task

_BLUR: tuple[Task, ...] = ("blur",)
_FRAMES = (Rule(degraded="{scene}/blur/{frame}", clean="{scene}/sharp/{frame}", tasks=_BLUR),)
# blur_gamma averages in a space closer to linear light; the published scores use blur.
_GAMMA_FRAMES = (Rule(degraded="{scene}/blur_gamma/{frame}", clean="{scene}/sharp/{frame}", tasks=_BLUR),)
_FLAT = (Rule(degraded="input|blur/{name}", clean="target|sharp/{name}", tasks=_BLUR),)

_GOPRO = PairedReader(
    name="gopro",
    title="GoPro",
    source="S. Nah, T. H. Kim, K. M. Lee, Deep Multi-Scale CNN for Dynamic Scene Deblurring, CVPR 2017",
    aliases=("gopro", "goprolarge"),
    layouts=(
        Layout(split="train", rules=_FRAMES, folders=("train",), expected=2103),
        Layout(split="test", rules=_FRAMES, folders=("test",), expected=1111),
        Layout(split="train", rules=_FLAT, named_folders=("train",), expected=2103),
        Layout(split="test", rules=_FLAT, named_folders=("test", "test/GoPro", "GoPro"), expected=1111),
        Layout(split="train_gamma", rules=_GAMMA_FRAMES, folders=("train",), expected=2103),
        Layout(split="test_gamma", rules=_GAMMA_FRAMES, folders=("test",), expected=1111),
    ),
)

_HIDE = PairedReader(
    name="hide",
    title="HIDE",
    source="Z. Shen et al., Human-Aware Motion Deblurring, ICCV 2019",
    aliases=("hide",),
    layouts=(
        Layout(
            split="train",
            rules=(Rule(degraded="train/{name}", clean="GT/{name}", tasks=_BLUR),),
            folders=("",),
            shared_clean=True,
            expected=6397,
        ),
        Layout(
            split="test",
            rules=(Rule(degraded="test/test-close-ups|test-long-shot/{name}", clean="GT/{name}", tasks=_BLUR),),
            folders=("",),
            shared_clean=True,
            expected=2025,
        ),
        Layout(split="test", rules=_FLAT, named_folders=("test", "test/HIDE", ""), expected=2025),
    ),
)

READERS = (_GOPRO, _HIDE)

"""Real haze from a machine: I-HAZE, O-HAZE, Dense-Haze, NH-HAZE, the sets of the NTIRE challenges."""

from __future__ import annotations

from opir.data.readers.layout import Layout, Rule
from opir.data.readers.reader import PairedReader

_HAZY, _GT = "hazy|haze|input", "GT|clean|target"


def _reader(
    name: str, title: str, source: str, stem: str, aliases: tuple[str, ...], *, flat: bool, expected: int
) -> PairedReader:
    hazy, clean = "{n:d}_" + stem + "hazy", "{n:d}_" + stem + "GT"
    in_folders = Rule(degraded=f"{_HAZY}/{hazy}", clean=f"{_GT}/{clean}", tasks=("haze",))
    in_one = Rule(degraded=hazy, clean=clean, tasks=("haze",))
    return PairedReader(
        name=name,
        title=title,
        source=source,
        aliases=aliases,
        layouts=(
            Layout(split="train", rules=(in_folders, in_one), named_folders=("train",)),
            Layout(split="test", rules=(in_folders, in_one), named_folders=("test",)),
            Layout(split="all", rules=(in_folders, in_one), named_folders=("",), expected=expected),
            Layout(split="all", rules=(in_one if flat else in_folders,), folders=("",), expected=expected),
        ),
    )


READERS = (
    _reader(
        "i_haze",
        "I-HAZE",
        "C. O. Ancuti et al., I-HAZE: Hazy and Haze-free Indoor Images, ACIVS 2018",
        "indoor_",
        ("ihaze", "ihazy"),
        flat=False,
        expected=30,
    ),
    _reader(
        "o_haze",
        "O-HAZE",
        "C. O. Ancuti et al., O-HAZE: Real Hazy and Haze-free Outdoor Images, CVPRW 2018",
        "outdoor_",
        ("ohaze", "ohazy"),
        flat=False,
        expected=45,
    ),
    _reader(
        "nh_haze",
        "NH-HAZE",
        "C. O. Ancuti et al., NH-HAZE: Non-Homogeneous Hazy and Haze-Free Images, CVPRW 2020",
        "",
        ("nhhaze",),
        flat=True,
        expected=55,
    ),
    _reader(
        "dense_haze",
        "Dense-Haze",
        "C. O. Ancuti et al., Dense-Haze: Dense-Haze and Haze-Free Images, ICIP 2019",
        "",
        ("densehaze",),
        flat=False,
        expected=55,
    ),
)

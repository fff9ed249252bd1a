"""Real camera noise: SIDD, PolyU, CC15. The reference is the mean of many shots.

The validation blocks of SIDD come as MATLAB files and are not read; see :mod:`opir.data.readers.refusals`.
"""

from __future__ import annotations

from opir.data.readers.layout import Layout, Rule
from opir.data.readers.reader import PairedReader
from opir.tasks import Task

_NOISE: tuple[Task, ...] = ("noise",)

_SIDD = PairedReader(
    name="sidd",
    title="SIDD (sRGB)",
    source="A. Abdelhamed, S. Lin, M. S. Brown, A High-Quality Denoising Dataset, CVPR 2018",
    layouts=(
        Layout(
            split="medium",
            rules=(
                Rule(
                    degraded="{scene}/{n:d}_NOISY_SRGB_{shot:d}",
                    clean="{scene}/{n:d}_GT_SRGB_{shot:d}",
                    tasks=_NOISE,
                ),
            ),
            folders=("Data", "SIDD_Medium_Srgb/Data", ""),
            expected=320,
        ),
        Layout(
            split="small",
            rules=(
                Rule(
                    degraded="{scene}/NOISY_SRGB_{shot:d}",
                    clean="{scene}/GT_SRGB_{shot:d}",
                    tasks=_NOISE,
                ),
            ),
            folders=("Data", "SIDD_Small_sRGB_Only/Data", ""),
            expected=160,
        ),
    ),
)

_CC15 = PairedReader(
    name="cc15",
    title="CC15",
    source="S. Nam et al., A Holistic Approach to Cross-Channel Image Noise Modeling, CVPR 2016",
    layouts=(
        Layout(
            split="all",
            rules=(
                Rule(
                    degraded="{camera}_iso{iso:d}_{n:d}_real",
                    clean="{camera}_iso{iso:d}_{n:d}_mean",
                    tasks=_NOISE,
                ),
                Rule(
                    degraded="real/{camera}_iso{iso:d}_{n:d}_real",
                    clean="mean/{camera}_iso{iso:d}_{n:d}_mean",
                    tasks=_NOISE,
                ),
            ),
            folders=("", "ccnoise_denoised_part"),
            expected=15,
        ),
    ),
)

_POLYU = PairedReader(
    name="polyu",
    title="PolyU",
    aliases=("polyu",),
    source="J. Xu et al., Real-World Noisy Image Denoising: A New Benchmark, arXiv 1804.02603",
    layouts=(
        Layout(
            split="cropped",
            rules=(Rule(degraded="{scene}_real", clean="{scene}_mean", tasks=_NOISE),),
            folders=("CroppedImages",),
            named_folders=("",),
            expected=100,
        ),
    ),
)

READERS = (_SIDD, _CC15, _POLYU)

"""The table of all classical methods."""

from __future__ import annotations

import difflib
from typing import Final

from opir.baselines import dark_channel, deconvolution, denoising, guided_filter, low_light, smoothing
from opir.baselines.baseline import Baseline
from opir.errors import ConfigurationError

OPENCV: Final = "opencv-python-headless"
SKIMAGE: Final = "scikit-image"
WAVELETS: Final = "PyWavelets"

_ALL: Final = (
    Baseline(
        name="nlm",
        tasks=("noise",),
        method="non-local means",
        parameters=(
            "noise estimated from the picture; patches 5 px, search 13 px, h = 0.6 sigma: scikit-image's own example"
        ),
        source="A. Buades, B. Coll, J.-M. Morel, CVPR 2005",
        packages=(SKIMAGE, WAVELETS),
        function=denoising.non_local_means,
    ),
    Baseline(
        name="nlm-opencv",
        tasks=("noise", "jpeg"),
        method="non-local means in CIELAB, 8 bits",
        parameters="h = hColor = 10, windows 7 and 21 px, whatever the noise: OpenCV's tutorial",
        source="A. Buades, B. Coll, J.-M. Morel, IPOL 1, 2011",
        packages=(OPENCV,),
        function=denoising.non_local_means_opencv,
    ),
    Baseline(
        name="wavelet",
        tasks=("noise",),
        method="wavelet shrinkage (BayesShrink)",
        parameters="noise estimated from the picture; YCbCr, soft threshold, Haar: scikit-image's example and defaults",
        source="S. G. Chang, B. Yu, M. Vetterli, IEEE TIP 9(9), 2000",
        packages=(SKIMAGE, WAVELETS),
        function=denoising.shrink_wavelets,
    ),
    Baseline(
        name="tv",
        tasks=("noise", "jpeg"),
        method="total variation",
        parameters="weight 0.1, whatever the picture: scikit-image's default",
        source="A. Chambolle, Journal of Mathematical Imaging and Vision 20, 2004",
        packages=(SKIMAGE,),
        function=denoising.minimise_total_variation,
    ),
    Baseline(
        name="bilateral",
        tasks=("noise", "jpeg"),
        method="bilateral filter, each channel by itself",
        parameters=(
            "range 2 sigma of the noise estimated from the picture, spread 1.8 px, window 11 px: Zhang and Gunturk, "
            "IEEE TIP 2008; range at least 0.05: scikit-image's example"
        ),
        source="C. Tomasi, R. Manduchi, ICCV 1998",
        packages=(OPENCV, SKIMAGE, WAVELETS),
        function=smoothing.smooth_bilaterally,
    ),
    Baseline(
        name="median",
        tasks=("rain", "snow"),
        method="median, each channel by itself",
        parameters="5 x 5 px: the largest that OpenCV computes without rounding",
        source="J. W. Tukey, Exploratory Data Analysis, 1977",
        packages=(OPENCV,),
        function=smoothing.take_median,
    ),
    Baseline(
        name="guided",
        tasks=("rain", "snow", "jpeg"),
        method="guided filter, each channel guided by itself",
        parameters="radius 4 px, epsilon 0.04: the authors' example of smoothing",
        source="K. He, J. Sun, X. Tang, ECCV 2010",
        packages=(),
        function=guided_filter.smooth,
    ),
    Baseline(
        name="dark-channel",
        tasks=("haze",),
        method="dark channel prior, refined by a guided filter",
        parameters="patch 15 px, omega 0.95, t0 0.1, air light from 0.1 %; radius 20 px, epsilon 0.001: the papers'",
        source="K. He, J. Sun, X. Tang, CVPR 2009 and ECCV 2010",
        packages=(),
        function=dark_channel.remove_haze,
    ),
    Baseline(
        name="gamma",
        tasks=("low_light",),
        method="power law that takes the mean luma to 0.5",
        parameters="exponent from the picture, at most 1",
        source="textbook",
        packages=(),
        function=low_light.brighten_by_power,
    ),
    Baseline(
        name="clahe",
        tasks=("low_light", "haze"),
        method="contrast-limited adaptive histogram equalisation",
        parameters="tiles of 1/8, clip limit 0.01: scikit-image's defaults",
        source="K. Zuiderveld, Graphics Gems IV, 1994",
        packages=(SKIMAGE,),
        function=low_light.equalise_locally,
    ),
    Baseline(
        name="lime-simplified",
        tasks=("low_light",),
        method="division by the illumination; LIME with a guided filter instead of its optimisation",
        parameters="gamma 0.8: the paper's; radius 20 px, epsilon 0.001: those of the dark channel",
        source="X. Guo, Y. Li, H. Ling, IEEE TIP 26(2), 2017",
        packages=(),
        function=low_light.divide_by_illumination,
    ),
    Baseline(
        name="wiener-gaussian",
        tasks=("blur",),
        method="unsupervised Wiener-Hunt deconvolution of an assumed kernel",
        parameters="kernel: Gaussian of 1.5 px, a guess for every picture; the rest scikit-image's defaults, seed 0",
        source="F. Orieux, J.-F. Giovannelli, T. Rodet, JOSA A 27(7), 2010",
        packages=(SKIMAGE,),
        function=deconvolution.unsupervised_wiener,
    ),
    Baseline(
        name="richardson-lucy-gaussian",
        tasks=("blur",),
        method="Richardson-Lucy deconvolution of an assumed kernel",
        parameters="kernel: Gaussian of 1.5 px, a guess for every picture; 30 iterations: scikit-image's example",
        source="W. H. Richardson, JOSA 62, 1972; L. B. Lucy, Astronomical Journal 79, 1974",
        packages=(SKIMAGE,),
        function=deconvolution.richardson_lucy,
    ),
)

BASELINES: Final[dict[str, Baseline]] = {baseline.name: baseline for baseline in _ALL}
"""Every method by its name."""


def get_baseline(name: str) -> Baseline:
    """The method of that name; :class:`ConfigurationError` with the nearest name if there is none."""
    if name in BASELINES:
        return BASELINES[name]
    near = difflib.get_close_matches(name, BASELINES, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(BASELINES)}"
    raise ConfigurationError(f"no baseline is called {name!r}: {hint}")

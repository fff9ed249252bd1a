"""Noise: non-local means, wavelet shrinkage and total variation, as the libraries have them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from opir.baselines.baseline import Float32
from opir.baselines.libraries import require


def noise_level(image: Float32) -> float:
    """Standard deviation of Gaussian noise in (3, H, W), in its units, the mean over channels.

    From the median of the finest diagonal wavelet coefficients: D. L. Donoho, I. M. Johnstone, Ideal spatial
    adaptation by wavelet shrinkage, Biometrika 81, 1994. 0 for a picture without any such detail.
    """
    require("pywt")
    restoration = require("skimage.restoration")
    if all(np.ptp(plane) == 0 for plane in image):
        return 0.0
    level = float(restoration.estimate_sigma(image, average_sigmas=True, channel_axis=0))
    return level if np.isfinite(level) else 0.0


def non_local_means(image: Float32) -> NDArray[np.floating]:
    """Non-local means with the parameters of scikit-image's own example, the noise estimated from the picture."""
    restoration = require("skimage.restoration")
    sigma = noise_level(image)
    if sigma == 0.0:
        return image
    denoised: NDArray[np.floating] = restoration.denoise_nl_means(
        image, patch_size=5, patch_distance=6, h=0.6 * sigma, sigma=sigma, fast_mode=True, channel_axis=0
    )
    return denoised


def non_local_means_opencv(image: Float32) -> NDArray[np.floating]:
    """OpenCV's non-local means for colour pictures, with the fixed strength 10 of its tutorial; knows 8 bits only."""
    cv2 = require("cv2")
    codes = np.rint(np.clip(image, 0.0, 1.0) * 255).astype(np.uint8)
    bgr = np.ascontiguousarray(codes[::-1].transpose(1, 2, 0))
    denoised: NDArray[np.uint8] = cv2.fastNlMeansDenoisingColored(bgr, None, 10, 10, 7, 21)
    return denoised.transpose(2, 0, 1)[::-1] / np.float32(255)


def shrink_wavelets(image: Float32) -> NDArray[np.floating]:
    """BayesShrink in YCbCr, with the options of scikit-image's own example; noise estimated per channel and band."""
    require("pywt")
    restoration = require("skimage.restoration")
    if noise_level(image) == 0.0:
        return image
    denoised: NDArray[np.floating] = restoration.denoise_wavelet(
        image.transpose(1, 2, 0),
        channel_axis=-1,
        convert2ycbcr=True,
        method="BayesShrink",
        mode="soft",
        rescale_sigma=True,
    )
    return denoised.transpose(2, 0, 1)


def minimise_total_variation(image: Float32) -> NDArray[np.floating]:
    """Chambolle's total-variation denoising with scikit-image's default weight 0.1, whatever the picture."""
    restoration = require("skimage.restoration")
    denoised: NDArray[np.floating] = restoration.denoise_tv_chambolle(image, weight=0.1, channel_axis=0)
    return denoised

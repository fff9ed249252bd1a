"""The PSNR that noisy inputs must have, by integration instead of random numbers: a check of the noise protocols.

Gaussian noise of 8-bit pictures is clipped and made whole again, which removes a part of it: from black and white
pixels half, from mid-grey ones nothing. How much depends on the picture's histogram alone, so the expected squared
error is a sum over its 256 values.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from opir.errors import ConfigurationError
from opir.evaluation.protocols import NoiseRule
from opir.evaluation.synthetic import Codes

_LARGEST: int = 255


def expected_squared_error(rule: NoiseRule, sigma: float) -> NDArray[np.float64]:
    """Expected squared error of one noisy code value, for every clean code value v.

    ``E[(q(v + sigma n) - v)^2], n ~ N(0, 1)``: for ``per_picture_float`` q changes nothing and the result is sigma^2;
    else ``sum_k (k - v)^2 P(q = k)`` over k = 0 ... 255, where q clips to [0, 255] and then truncates
    (``stream_truncated``) or rounds (``per_name_rounded``).

    Args:
        rule: how noise is made; see :data:`opir.evaluation.protocols.NOISE_MEANINGS`.
        sigma: standard deviation [grey levels], > 0.

    Returns:
        (256,), squared grey levels.

    Raises:
        ConfigurationError: if sigma is not positive.
    """
    if not (math.isfinite(sigma) and sigma > 0):
        raise ConfigurationError(f"the expected error needs a positive sigma; got {sigma:g}")
    if rule == "per_picture_float":
        return np.full(_LARGEST + 1, sigma**2)
    shift = 0.5 if rule == "per_name_rounded" else 0.0
    below = np.array([_normal_below((d - shift) / sigma) for d in range(-_LARGEST, _LARGEST + 1)])
    values = np.arange(_LARGEST + 1)
    # probability that v + sigma n < k - shift, for every v (rows) and k = 1 ... 255 (columns)
    reached = below[_LARGEST + values[None, 1:] - values[:, None]]
    ends = np.zeros((_LARGEST + 1, 1))
    probability = np.diff(np.hstack([ends, reached, ends + 1.0]), axis=1)
    error: NDArray[np.float64] = np.sum(probability * (values[None] - values[:, None]) ** 2, axis=1)
    return error


def expected_input_psnr(codes: Codes, rule: NoiseRule, sigma: float) -> float:
    """PSNR [dB] of the expected squared error of a noisy picture; codes of any shape.

    A picture of N values scatters about it by about ``10 / ln 10 * sqrt(2 / N)`` dB, 0.01 dB for 321 x 481 x 3.
    """
    counts = np.bincount(codes.ravel(), minlength=_LARGEST + 1)
    mean = float(counts @ expected_squared_error(rule, sigma)) / codes.size
    return 10 * math.log10(_LARGEST**2 / mean)


def _normal_below(z: float) -> float:
    return 0.5 * math.erfc(-z / math.sqrt(2))

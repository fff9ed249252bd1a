"""The restoration of an array instead of a picture: what may go in, and what comes out, without any rounding."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from opir.errors import NumericalError
from opir.runtime.engine import Float32
from opir.runtime.passes import check_shape
from opir.runtime.result import Findings


@dataclass(frozen=True, kw_only=True, eq=False)
class ArrayRestoration:
    """A restored array and how far to trust it."""

    image: Float32
    """(3, H, W), float32, encoded sRGB, clipped to [0, 1], not rounded."""
    uncertainty: Float32
    """(H, W), float32, expected absolute error of ``image`` [grey levels of 255]."""
    found: Findings
    """What the model believes is wrong with the original."""
    expert: bool = False
    """Whether the model's expert restored it; see :mod:`opir.runtime.expert`."""


def check_array(image: Float32) -> None:
    """Check an array that is to be restored.

    Raises:
        ShapeError: unless it is (3, H, W) of float32 and not empty.
        NumericalError: if it holds NaN or infinity.
    """
    check_shape(image)
    if not np.isfinite(image).all():
        raise NumericalError("the image must be finite; it holds NaN or infinity: repair it before restoring it")

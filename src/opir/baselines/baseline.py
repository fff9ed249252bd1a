"""What a classical method is: a function of one picture, with everything a reader of its scores must know."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from opir.baselines.libraries import IMPORT_NAMES, installed_version, require
from opir.errors import NumericalError, ShapeError
from opir.tasks import Task

Float32: TypeAlias = NDArray[np.float32]

SMALLEST_SIDE_PX: Final = 16
"""Shortest side of a picture: below it the windows and tiles of the methods mean nothing."""


@dataclass(frozen=True, kw_only=True)
class Baseline:
    """A method that knows nothing but the picture."""

    name: str
    """Name on the command line."""
    tasks: tuple[Task, ...]
    """What it is reached for."""
    method: str
    """What it does, in words."""
    parameters: str
    """Every parameter, and where its value comes from."""
    source: str
    """Whom to cite."""
    packages: tuple[str, ...]
    """Distributions that it needs, keys of :data:`opir.baselines.libraries.IMPORT_NAMES`; empty: numpy alone."""
    function: Callable[[Float32], NDArray[np.floating]]
    """(3, H, W), encoded RGB, nominally in [0, 1], to an array of the same shape; must not change its input."""

    def check_installed(self) -> None:
        """Raise :class:`opir.errors.MissingExtraError` with the install line if a library cannot be imported."""
        for package in self.packages:
            require(IMPORT_NAMES[package])

    @property
    def software(self) -> str:
        """What computes: ``scikit-image 0.26.0, PyWavelets 1.9.0``."""
        names = self.packages or ("numpy",)
        return ", ".join(f"{name} {installed_version(name) or '(not installed)'}" for name in names)

    def restore(self, image: Float32) -> Float32:
        """Apply the method.

        Args:
            image: (3, H, W), float32, encoded RGB, nominally in [0, 1] (noise may reach beyond), sides of at least
                :data:`SMALLEST_SIDE_PX`.

        Returns:
            (3, H, W), float32, clipped to [0, 1], not rounded unless the library knows 8 bits only.

        Raises:
            ShapeError: for any other array.
            NumericalError: if a value, of the picture or of the result, is not finite.
            MissingExtraError: if a library is missing.
        """
        _check(image)
        result = np.clip(self.function(image), 0.0, 1.0).astype(np.float32)
        if result.shape != image.shape or not np.isfinite(result).all():
            raise NumericalError(f"{self.name} gave values that are not finite, or another size; leave it out")
        return np.ascontiguousarray(result)


def _check(image: Float32) -> None:
    is_picture = image.ndim == 3 and image.shape[0] == 3 and image.dtype == np.float32
    if not is_picture or min(image.shape[1:]) < SMALLEST_SIDE_PX:
        raise ShapeError(
            f"a baseline needs a picture (3, H, W) of float32 with sides of at least {SMALLEST_SIDE_PX} px; got "
            f"{image.dtype} {image.shape}"
        )
    if not np.isfinite(image).all():
        raise NumericalError("a baseline needs finite values; the picture holds NaN or infinity")

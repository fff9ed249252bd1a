"""The forward operators by name, in the order in which light meets them.

Scene, air, glass, lens and shutter, exposure, sensor, camera, file: each entry acts on what the entries before it
have made of the picture.
"""

from __future__ import annotations

from typing import cast

from opir.physics.codec import FileCodec
from opir.physics.correlated_noise import CorrelatedNoise
from opir.physics.defocus_blur import DefocusBlur
from opir.physics.degradation import Degradation, P, Parameters
from opir.physics.developed_noise import DevelopedNoise
from opir.physics.downpour import Downpour
from opir.physics.gaussian_blur import GaussianBlur
from opir.physics.haze import Haze
from opir.physics.low_light import LowLight
from opir.physics.motion_blur import MotionBlur
from opir.physics.noise import GaussianNoise
from opir.physics.rain import Rain
from opir.physics.rain_overlay import RainOverlay
from opir.physics.raindrop import Raindrop
from opir.physics.sensor_noise import SensorNoise
from opir.physics.snow import Snow
from opir.physics.tinted_haze import TintedHaze
from opir.physics.varying_blur import VaryingBlur


def _any(operator: Degradation[P]) -> Degradation[Parameters]:
    """Forget the type of the parameters: an operator is only ever given those that it has drawn itself."""
    return cast("Degradation[Parameters]", operator)


OPERATORS: dict[str, Degradation[Parameters]] = {
    "haze": _any(Haze()),
    "tinted_haze": _any(TintedHaze()),
    "rain": _any(Rain()),
    "rain_overlay": _any(RainOverlay()),
    "downpour": _any(Downpour()),
    "snow": _any(Snow()),
    "raindrop": _any(Raindrop()),
    "defocus_blur": _any(DefocusBlur()),
    "gaussian_blur": _any(GaussianBlur()),
    "motion_blur": _any(MotionBlur()),
    "varying_blur": _any(VaryingBlur()),
    "low_light": _any(LowLight()),
    "sensor_noise": _any(SensorNoise()),
    "gaussian_noise": _any(GaussianNoise()),
    "correlated_noise": _any(CorrelatedNoise()),
    "developed_noise": _any(DevelopedNoise()),
    "jpeg": _any(FileCodec()),
    "webp": _any(FileCodec(file_format="webp")),
}
"""Name -> operator, with the distribution that training draws from; the order is the physical one.

``rain_overlay``, ``downpour``, ``gaussian_noise``, ``correlated_noise`` and ``developed_noise`` act on code values and
belong to no place in a camera; they stand where the phenomenon that they imitate stands. Quantisation is left to the
end of a composition.
"""

"""How strong each degradation of a picture is, as far as it can be measured on the pixels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from opir.analysis.blockiness import blockiness
from opir.analysis.blur import edge_sigma
from opir.analysis.exposure import stops_below_middle_grey
from opir.analysis.haze import mean_dark_channel
from opir.analysis.noise import noise_sigma
from opir.analysis.windows import native_windows
from opir.runtime.engine import Float32
from opir.tasks import Task

Measure: TypeAlias = Literal["noise_sigma", "edge_sigma", "dark_channel", "exposure", "blockiness", "model_change"]
"""What was measured; see :data:`MEASURES` for what each one means."""

Unit: TypeAlias = Literal["grey levels", "px", "stops"]
"""Grey levels are those of 255."""

MEASURES: dict[Measure, str] = {
    "noise_sigma": "standard deviation of the noise (Donoho and Johnstone 1994)",
    "edge_sigma": "standard deviation of the blur at edges (Zhuo and Sim 2011)",
    "dark_channel": "mean dark channel (He, Sun and Tang 2011)",
    "exposure": "log-average luminance below middle grey (Reinhard et al. 2002)",
    "blockiness": "excess of differences across blocks (Wang, Sheikh and Bovik 2002)",
    "model_change": "mean absolute change by the model told of nothing else",
}


@dataclass(frozen=True, kw_only=True)
class Strength:
    """How strong one degradation is. It is measured on the picture, whether the model believes in it or not."""

    task: Task
    """The degradation."""
    measure: Measure
    """What was measured."""
    unit: Unit
    """Its unit."""
    value: float | None
    """The figure; larger is worse. None where nothing could be measured: too few edges, too small a picture."""


def measure_strengths(image: Float32) -> tuple[Strength, ...]:
    """Measure noise, haze, blur, darkness and compression of an image (3, H, W), sRGB-encoded in [0, 1].

    Of rain and snow no published estimator from one picture is known to us; see
    :func:`opir.analysis.change.model_change`.
    """
    windows = native_windows(image)
    noise = noise_sigma(windows)
    return (
        Strength(task="noise", measure="noise_sigma", unit="grey levels", value=noise),
        Strength(task="haze", measure="dark_channel", unit="grey levels", value=mean_dark_channel(image)),
        Strength(task="blur", measure="edge_sigma", unit="px", value=edge_sigma(windows, noise=noise or 0.0)),
        Strength(task="low_light", measure="exposure", unit="stops", value=stops_below_middle_grey(image)),
        Strength(task="jpeg", measure="blockiness", unit="grey levels", value=blockiness(windows)),
    )

"""Haze and fog: light lost on its way to the camera, and light scattered into the way."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, Literal

import torch
from torch import Tensor

from opir.physics.colour import linear_to_srgb, srgb_to_linear
from opir.physics.degradation import Degradation, Parameters, check_batch, log_uniform, uniform
from opir.physics.depth import SceneParameters, generate_depth, sample_scenes, whole_scenes
from opir.tasks import Task

HazeSpace = Literal["linear", "srgb", "mixed"]
"""Which numbers the law is applied to: linear light, code values, or one or the other."""

CONTRAST_THRESHOLD = 0.05
"""Visible contrast that defines the meteorological optical range (WMO-No. 8, chapter 9)."""

ROOM_THICKNESS = (0.6, 2.4)
"""Least and most optical depth over the length of a room."""


def extinction_from_visibility(visibility_m: Tensor) -> Tensor:
    """Extinction coefficient, 1/m, of a visual range in metres: ``beta = -ln(0.05) / V = 2.996 / V``.

    Koschmieder's own threshold of 2 % contrast would give 3.912 / V; the 5 % of the World Meteorological
    Organization is used here.
    """
    return -math.log(CONTRAST_THRESHOLD) / visibility_m


def visibility_from_extinction(extinction_per_m: Tensor) -> Tensor:
    """Visual range in metres of an extinction coefficient in 1/m; infinite in clear air."""
    return -math.log(CONTRAST_THRESHOLD) / extinction_per_m


def transmission(depth_m: Tensor, extinction_per_m: Tensor) -> Tensor:
    """Share of light that arrives unscattered, ``tau = exp(-beta d)`` (Bouguer-Lambert-Beer).

    Args:
        depth_m: (B, 1, H, W), metres.
        extinction_per_m: (B,), 1/m.

    Returns:
        (B, 1, H, W), in (0, 1].
    """
    return torch.exp(-extinction_per_m[:, None, None, None] * depth_m)


@dataclass(frozen=True, kw_only=True)
class HazeParameters(Parameters):
    """Air and scene of a batch."""

    extinction_per_m: Tensor
    """(B,), 1/m; 0 is clear air."""
    airlight: Tensor
    """(B, 3), colour of infinitely thick haze, as sRGB-encoded RGB in [0, 1]."""
    in_linear_light: Tensor
    """(B,), bool: the law acts on linear light; otherwise on the encoded values."""
    scene_seed: Tensor
    """(B,), int64; this and the following are the fields of :class:`SceneParameters`."""
    indoor: Tensor
    """(B,), bool."""
    extent_m: Tensor
    """(B,), metres."""
    window: Tensor
    """(B, 4), shares of the scene."""
    edge_strength: Tensor
    """(B,), in [0, 1]."""

    @property
    def scene(self) -> SceneParameters:
        """What the depth map depends on."""
        return SceneParameters(
            seed=self.scene_seed,
            indoor=self.indoor,
            extent_m=self.extent_m,
            window=self.window,
            edge_strength=self.edge_strength,
        )


def add_haze(image: Tensor, depth_m: Tensor, parameters: HazeParameters) -> Tensor:
    """Veil images whose depth is known; the scene fields of the parameters are not used.

    Args:
        image: (B, 3, H, W), sRGB in [0, 1].
        depth_m: (B, 1, H, W), metres.
        parameters: air of B images.

    Returns:
        (B, 3, H, W), sRGB in [0, 1]; exactly the image where the air is clear.
    """
    tau = transmission(depth_m, parameters.extinction_per_m).to(image.dtype)
    airlight = parameters.airlight.to(image.dtype)[:, :, None, None]
    linear = parameters.in_linear_light[:, None, None, None]
    radiance = torch.where(linear, srgb_to_linear(image), image)
    veil = torch.where(linear, srgb_to_linear(airlight), airlight)
    hazy = radiance * tau + veil * (1 - tau)
    encoded = torch.where(linear, linear_to_srgb(hazy), hazy).clamp(0, 1)
    clear = parameters.extinction_per_m[:, None, None, None] == 0
    return torch.where(clear, image, encoded)


class Haze(Degradation[HazeParameters]):
    """Koschmieder's law: ``I = J tau + A (1 - tau)``, ``tau = exp(-beta d)``.

    Source: Koschmieder, "Theorie der horizontalen Sichtweite" (1924); Narasimhan & Nayar, "Vision and the
    atmosphere", IJCV 2002, equations 3 and 9.

    The law adds light, so it belongs in linear light (``space="linear"``). The published synthetic sets (RESIDE:
    Li et al., TIP 2019, equation 1) apply it to sRGB code values: pairs of SOTS-indoor obey it there to the
    rounding of 8 bits, with depth divided by its maximum. A network that is to serve real fog and those sets
    must see both: ``space="mixed"`` draws one per image out of doors and takes the published sets' for rooms, in
    which there is no haze but theirs. At equal optical depth the law in linear light lifts shadows much more.

    Rooms follow RESIDE's indoor set, beta in [0.6, 1.8] per length of the room and A in [0.7, 1], but beta goes on to
    2.4: what lies at the rim of the training data is under-corrected. Outdoors the optical depth of the farthest
    surface is drawn, so that a picture is neither clear nor blank.
    """

    task: ClassVar[Task] = "haze"

    def __init__(self, *, space: HazeSpace = "mixed", indoor_share: float = 0.5) -> None:
        self.space = space
        self.indoor_share = indoor_share

    def sample(self, n: int, generator: torch.Generator) -> HazeParameters:
        """Draw rooms and landscapes in haze from hardly visible to dense (tau down to 0.03 at the far end)."""
        scene = sample_scenes(n, generator, indoor_share=self.indoor_share)
        outdoor_thickness = log_uniform(n, 0.35, 3.5, generator)
        thickness = torch.where(scene.indoor, uniform(n, *ROOM_THICKNESS, generator), outdoor_thickness)
        return self._parameters(scene, thickness, generator)

    def from_severity(self, severity: Tensor, generator: torch.Generator) -> HazeParameters:
        """Whole scenes whose farthest surface has the optical depth ``-ln(0.05) * severity``.

        At severity 1 that surface lies at the visual range: tau = 0.05 there, and 0.22 at severity 0.5.
        """
        scene = whole_scenes(len(severity), generator, indoor_share=self.indoor_share)
        thickness = -math.log(CONTRAST_THRESHOLD) * severity.to(scene.extent_m.device)
        return self._parameters(scene, thickness, generator)

    def apply(self, image: Tensor, parameters: HazeParameters) -> Tensor:
        """Veil the image with haze over a generated depth map; see :class:`Degradation`."""
        check_batch(image, parameters)
        return add_haze(image, generate_depth(parameters.scene, image), parameters)

    def _parameters(self, scene: SceneParameters, thickness: Tensor, generator: torch.Generator) -> HazeParameters:
        n = len(thickness)
        linear = (uniform(n, 0, 1, generator) < 0.5) & ~scene.indoor.to(generator.device)
        if self.space != "mixed":
            linear = torch.full_like(linear, self.space == "linear")
        return HazeParameters(
            extinction_per_m=thickness / scene.extent_m,
            airlight=_draw_airlight(n, generator),
            in_linear_light=linear,
            scene_seed=scene.seed,
            indoor=scene.indoor,
            extent_m=scene.extent_m,
            window=scene.window,
            edge_strength=scene.edge_strength,
        )


def _draw_airlight(n: int, generator: torch.Generator) -> Tensor:
    """Airlight (n, 3), sRGB: gray in [0.7, 1] for half of the images, with a colour cast for the rest."""
    level = uniform(n, 0.7, 1.0, generator)[:, None]
    cast = torch.randn(n, 3, generator=generator, device=generator.device)
    strength = torch.where(uniform(n, 0, 1, generator) < 0.5, 0.0, uniform(n, 0.01, 0.06, generator))
    return (level + strength[:, None] * cast).clamp(0.4, 1.0)

"""The table of evaluation protocols: what is cropped, how noise is made, on what the scores are computed.

A score without these choices means nothing: luma instead of RGB can be worth 5 dB, noise that is not clipped 1.7 dB.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import Final, Literal

from opir.errors import ConfigurationError
from opir.metrics import WINDOWS, SsimWindow

MetricName = Literal["psnr", "ssim", "mae"]
Channel = Literal["rgb", "y"]
"""``y`` is the luma of BT.601 in studio range, computed after the rounding."""

Rounding = Literal["float", "uint8", "uint8_y"]
"""``float``: the result is clipped to [0, 1] only; ``uint8``: and rounded to 8 bits, as in a saved file; ``uint8_y``:
and its luma is rounded again, as MATLAB's ``rgb2ycbcr`` does with 8-bit pictures."""

NoiseRule = Literal["stream_truncated", "per_picture_float", "per_name_rounded"]
"""How Gaussian noise is made; a key of :data:`NOISE_MEANINGS`."""

NOISE_MEANINGS: Final[dict[NoiseRule, str]] = {
    "stream_truncated": (
        "code values + sigma * randn, clipped to 0..255 and truncated to 8 bits; one NumPy stream of seed 0 runs on "
        "over sigma 15, 25, 50, within each over the file names in plain order"
    ),
    "per_picture_float": "values + sigma / 255 * randn, neither clipped nor rounded; NumPy seed 0 for every picture",
    "per_name_rounded": (
        "code values + sigma * randn, rounded and clipped to 8 bits; seed: SHA-256 of the file name and sigma"
    ),
}
"""Every rule in words."""


@dataclass(frozen=True, kw_only=True)
class Measure:
    """One number per picture.

    Raises:
        ConfigurationError: if SSIM has no window, another metric has one, or luma is rounded without luma.
    """

    name: str
    """Key of the number, unique in its protocol."""
    metric: MetricName
    """What is computed."""
    channel: Channel = "rgb"
    """Of what."""
    rounding: Rounding = "float"
    """How the result is prepared; the reference has 8 bits anyway."""
    window: SsimWindow | None = None
    """For SSIM only."""
    border_px: int = 0
    """Pixels left out on every side."""

    def __post_init__(self) -> None:
        if (self.window is None) == (self.metric == "ssim"):
            raise ConfigurationError(f"SSIM, and only SSIM, needs a window; got {self.metric} with {self.window}")
        if self.rounding == "uint8_y" and self.channel != "y":
            raise ConfigurationError("luma can be rounded only where luma is scored: set channel to 'y'")

    @property
    def is_better_when_lower(self) -> bool:
        """Whether it is an error."""
        return self.metric == "mae"

    @property
    def unit(self) -> str:
        """Unit of the number; empty for SSIM."""
        return {"psnr": "dB", "ssim": "", "mae": "grey levels"}[self.metric]

    @property
    def meaning(self) -> str:
        """The choices in words."""
        channel = {"rgb": "RGB", "y": "Y of BT.601 (16-235)"}[self.channel]
        rounding = {
            "float": "result clipped, not rounded",
            "uint8": "result rounded to 8 bits",
            "uint8_y": "result and Y rounded to 8 bits",
        }[self.rounding]
        window = "" if self.window is None else f", {WINDOWS[self.window].meaning}"
        border = f"{self.border_px} px left out on every side" if self.border_px else "no border cut"
        return f"{self.metric.upper()} on {channel}, {rounding}{window}, {border}"


@dataclass(frozen=True, kw_only=True)
class Protocol:
    """How a test set is turned into numbers; the mean over pictures is reported."""

    name: str
    """Name on the command line and in reports."""
    used_by: str
    """Whose tables it belongs to."""
    measures: tuple[Measure, ...]
    """The numbers; the first one ranks the pictures."""
    crop_multiple: int = 1
    """Pictures are centre-cropped to a multiple of it [px] before anything else; 1 leaves them whole."""
    noise: NoiseRule | None = None
    """How noise is added to clean pictures; None where the protocol knows only pairs."""
    noise_levels: tuple[float, ...] = ()
    """Levels [grey levels] over which one stream of noise runs, in this order, asked for or not."""
    jpeg: bool = False
    """Whether clean pictures may also be compressed."""
    note: str = ""
    """What a reader of the numbers must know."""

    @property
    def description(self) -> tuple[str, ...]:
        """Everything that the protocol prescribes, one line each."""
        crop = f"centre crop to a multiple of {self.crop_multiple}" if self.crop_multiple > 1 else "whole pictures"
        lines = [f"{self.name}: {self.used_by}", f"{crop}; mean over pictures"]
        if self.noise is not None:
            lines.append(f"noise: {NOISE_MEANINGS[self.noise]}")
        if self.jpeg:
            lines.append("JPEG: Pillow's encoder, 4:2:0, one round")
        lines += [f"{measure.name}: {measure.meaning}" for measure in self.measures]
        return (*lines, *([self.note] if self.note else []))


PROTOCOLS: Final[dict[str, Protocol]] = {
    protocol.name: protocol
    for protocol in (
        Protocol(
            name="aio",
            used_by="AirNet, PromptIR, AdaIR, BioIR: the usual one of all-in-one restoration",
            crop_multiple=16,
            noise="stream_truncated",
            noise_levels=(15, 25, 50),
            measures=(
                Measure(name="psnr", metric="psnr"),
                Measure(name="ssim", metric="ssim", window="uniform7"),
            ),
            note="published noise follows the unsorted order of a folder, different on every computer; ours is sorted",
        ),
        Protocol(
            name="moce",
            used_by="MoCE-IR",
            crop_multiple=16,
            noise="stream_truncated",
            noise_levels=(15, 25, 50),
            measures=(
                Measure(name="psnr", metric="psnr"),
                Measure(name="ssim", metric="ssim", window="gaussian11_sample"),
            ),
        ),
        Protocol(
            name="basicsr",
            used_by="NAFNet, DCPT, GridFormer",
            measures=(
                Measure(name="psnr", metric="psnr", rounding="uint8"),
                Measure(name="ssim", metric="ssim", rounding="uint8", window="gaussian11"),
            ),
            note="SSIM as in BasicSR; NAFNet's own tables use a three-dimensional window across the colours instead",
        ),
        Protocol(
            name="cdd11",
            used_by="OneRestore (CDD-11)",
            measures=(
                Measure(name="psnr", metric="psnr", rounding="uint8"),
                Measure(name="ssim", metric="ssim", rounding="uint8", window="uniform7"),
            ),
        ),
        Protocol(
            name="weather",
            used_by="TransWeather, GridFormer, Histoformer: Snow100K, Outdoor-Rain, RainDrop",
            measures=(
                Measure(name="psnr", metric="psnr", channel="y", rounding="uint8"),
                Measure(name="ssim", metric="ssim", channel="y", rounding="uint8", window="gaussian11"),
            ),
            note="the papers agree on PSNR; their SSIM windows differ, this is BasicSR's",
        ),
        Protocol(
            name="derain-y",
            used_by="PReNet, RCDNet, Restormer: Rain100L, Rain100H, Test100; as in Restormer's script",
            measures=(
                Measure(name="psnr", metric="psnr", channel="y", rounding="uint8_y"),
                Measure(name="ssim", metric="ssim", channel="y", rounding="uint8_y", window="gaussian11"),
            ),
            note="Rain100L exists with 100 pictures (old) and in a changed later version",
        ),
        Protocol(
            name="float-noise",
            used_by="DnCNN, FFDNet (KAIR)",
            noise="per_picture_float",
            measures=(
                Measure(name="psnr", metric="psnr", rounding="uint8"),
                Measure(name="ssim", metric="ssim", rounding="uint8", window="gaussian11"),
            ),
            note="real files never hold such noise: it lies outside [0, 1] and between the grey levels",
        ),
        Protocol(
            name="ours",
            used_by="OPIR",
            noise="per_name_rounded",
            jpeg=True,
            measures=(
                Measure(name="psnr_rgb", metric="psnr"),
                Measure(name="psnr_rgb_uint8", metric="psnr", rounding="uint8"),
                Measure(name="psnr_y", metric="psnr", channel="y"),
                Measure(name="psnr_y_uint8", metric="psnr", channel="y", rounding="uint8_y"),
                Measure(name="ssim_uniform7", metric="ssim", window="uniform7"),
                Measure(name="ssim_gaussian11", metric="ssim", window="gaussian11"),
                Measure(name="mae", metric="mae"),
            ),
        ),
    )
}
"""Every protocol by its name."""


def get_protocol(name: str) -> Protocol:
    """The protocol of that name; :class:`ConfigurationError` with the nearest name if there is none."""
    if name in PROTOCOLS:
        return PROTOCOLS[name]
    near = difflib.get_close_matches(name, PROTOCOLS, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(PROTOCOLS)}"
    raise ConfigurationError(f"no evaluation protocol is called {name!r}: {hint}")

"""What a restoration returns: the picture, how far to trust it, what was found and what was done."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image

from opir.imaging import FORMATS, Photo, eight_bits, encode_photo, write_photo
from opir.imaging.photo import Samples
from opir.runtime.effort import DEFAULT_EFFORT
from opir.runtime.engine import Float32
from opir.runtime.settings import RestoreSettings
from opir.tasks import Task

LIKELY: Final = 0.5
"""Probability from which a degradation counts as found."""

PERHAPS: Final = 0.01
"""Probability from which one of :data:`OVERLOOKED` is worth a second look by whoever can see the picture. Of fifteen
rainy photographs, cut to 1000 px, base 0.21.0 finds rain in seven; four more lie between this and :data:`LIKELY`, and
so do seven of sixty-two without rain (docs/experiments.md, 1 December)."""

OVERLOOKED: Final[tuple[Task, ...]] = ("rain", "snow", "haze", "low_light")
"""What models are made to overlook rather than to see where it is not, and people see at a glance. A little noise, blur
or compression is in nearly every photograph."""


@dataclass(frozen=True)
class Findings(Mapping[Task, float]):
    """The estimated probability of each degradation that the model was trained on; an immutable mapping."""

    probabilities: tuple[tuple[Task, float], ...]
    """(task, probability) in the order of the model's tasks."""

    def __getitem__(self, task: Task) -> float:
        for name, probability in self.probabilities:
            if name == task:
                return probability
        raise KeyError(task)

    def __iter__(self) -> Iterator[Task]:
        return (name for name, _ in self.probabilities)

    def __len__(self) -> int:
        return len(self.probabilities)

    def likely(self, threshold: float = LIKELY) -> tuple[Task, ...]:
        """Return the tasks whose probability reaches the threshold, most probable first."""
        ranked = sorted(self.probabilities, key=lambda pair: -pair[1])
        return tuple(name for name, probability in ranked if probability >= threshold)

    def perhaps(self) -> tuple[Task, ...]:
        """Return the tasks that are not likely but may have been overlooked, most probable first."""
        return tuple(name for name in self.likely(PERHAPS) if name in OVERLOOKED and self[name] < LIKELY)


@dataclass(frozen=True, kw_only=True)
class Report:
    """How a picture was restored; enough to do it again."""

    opir_version: str
    """Version of the software."""
    model: str
    """Name of the model."""
    model_version: str
    """Version of the model."""
    weights_sha256: str
    """Digest of the model's files; see :attr:`opir.runtime.spec.ModelSpec.fingerprint`."""
    engine: str
    """Inference engine."""
    device: str
    """Device that computed."""
    precision: str
    """Arithmetic."""
    height: int
    """Rows of the picture [px]."""
    width: int
    """Columns of the picture [px]."""
    tile: int
    """Largest side of a tile [px]; 0 where the whole picture was computed at once."""
    n_tiles: int
    """Number of tiles."""
    task: tuple[Task, ...] | None
    """The degradations that the caller named, None where they were estimated."""
    strength: float
    """Share of the correction that was applied, 0 to 1."""
    max_uncertainty: float | None = None
    """Expected error [grey levels of 255] from which on the original stayed; None for no limit."""
    share_withheld: float = 0.0
    """How much of the correction ``max_uncertainty`` withheld, averaged over the pixels, 0 to 1."""
    effort: str = DEFAULT_EFFORT
    """How much was computed; see :mod:`opir.runtime.effort`."""
    blur_px: float | None = None
    """Size of the blur that was undone before the network, twice the root mean square distance of its kernel from the
    middle [px]; None where no kernel was looked for, or none holds for the whole picture."""
    light: tuple[float, float, float] = (1.0, 1.0, 1.0)
    """Light of dense haze, red, green and blue relative to daylight, linear, in (0, 1], that was undone before the
    network; see :mod:`opir.runtime.haze_light`."""
    veil: float = 0.0
    """Encoded value, in [0, 1], that was taken from all pixels because a veil was left of the haze."""
    exposure: float = 1.0
    """What encoded values were raised to because the picture was too dark without its haze; 1 for nothing."""
    share_refined: float = 1.0
    """Share of the pixels that went through all stages, 0 to 1."""
    expert: bool = False
    """Whether the model's expert restored the picture; see :mod:`opir.runtime.expert`."""
    settings_sha256: str = ""
    """Digest of the settings; see :attr:`opir.runtime.settings.RestoreSettings.sha256`."""
    seconds: float
    """Wall time from pixels to pixels [s], without reading and writing files."""
    notes: tuple[str, ...]
    """What did not go as planned, in sentences: a smaller tile after memory ran out."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Restoration:
    """A restored picture and everything known about it."""

    photo: Photo
    """The picture, with the depth, colour model and alpha of the original, and the metadata that the settings ask
    for."""
    uncertainty: Float32
    """(H, W), expected absolute error of the restoration at full strength [grey levels of 255]."""
    found: Findings
    """What the model believes is wrong with the original."""
    report: Report
    """How it was done."""
    settings: RestoreSettings = field(default_factory=RestoreSettings)
    """What was asked for."""

    @property
    def image(self) -> Samples:
        """Return the picture as (H, W, 3), RGB in the depth and the profile of the original; gray is repeated."""
        pixels = self.photo.pixels
        return np.repeat(pixels, 3, axis=2) if pixels.shape[2] == 1 else pixels

    @property
    def expected_error(self) -> float:
        """Return the mean of the uncertainty over the picture [grey levels of 255]."""
        return float(self.uncertainty.mean(dtype=np.float64))

    def to_pil(self) -> Image.Image:
        """Return the picture as a PIL image: L, LA, RGB or RGBA, 8 bits, with its colour profile."""
        photo = eight_bits(self.photo)  # Pillow has no image with more bits and colours
        pixels = photo.pixels
        if photo.alpha is not None:
            pixels = np.concatenate([pixels, photo.alpha[..., None]], axis=2)
        image = Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)
        if self.photo.metadata.icc_profile is not None:
            image.info["icc_profile"] = self.photo.metadata.icc_profile
        return image

    def encode(self, format: str | None = None) -> bytes:
        """Return the bytes of the picture's file: in the format named, else that of the settings, else the source's.

        PNG where there is none, or none that can be written. Raises :class:`opir.errors.OutputError`
        where the format cannot hold the picture.
        """
        source = self.photo.source_format
        wanted = format or self.settings.format or (source if source in FORMATS else None) or "PNG"
        return encode_photo(self.photo, wanted, quality=self.settings.quality)

    def save(self, path: Path | str, *, quality: int | None = None) -> None:
        """Write the picture to a file, format from the suffix; complete or not at all.

        ``quality`` takes the place of that of the settings. Raises :class:`opir.errors.OutputError`
        where it cannot be written.
        """
        write_photo(self.photo, Path(path), quality=self.settings.quality if quality is None else quality)

"""What will be scored: the cases of a data set under a protocol, decided and checked before any work starts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from opir.data import CleanImage, ImageSet, Pair, read_pair
from opir.errors import ConfigurationError, ShapeError
from opir.evaluation.crop import crop_to_multiple
from opir.evaluation.protocols import PROTOCOLS, Protocol
from opir.evaluation.synthetic import (
    Codes,
    NoiseStream,
    Synthetic,
    add_float_noise,
    add_named_noise,
    compress_jpeg,
)
from opir.imaging import Photo, eight_bit_colours, read_photo, to_network
from opir.tasks import Task

Float32: TypeAlias = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class Label:
    """Which case of a plan is meant."""

    row: str
    """Row of the table it counts in: ``noise 25``, ``rain+haze``."""
    name: str
    """Name of the picture in its data set: the relative path without suffix."""
    path: Path
    """File of the degraded picture, or of the clean one that is degraded here."""
    tasks: tuple[Task, ...] = ()
    """What is wrong with it, as far as the data set tells or was asked for; empty if nothing is, or is known."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Case:
    """One degraded picture and its reference, cropped as the protocol says."""

    label: Label
    """Which it is."""
    degraded: Float32
    """(3, H, W), encoded RGB in [0, 1]; beyond it only in ``float-noise``."""
    clean: Float32
    """(3, H, W), encoded RGB in [0, 1]."""
    whole_size: tuple[int, int]
    """(height, width) before the crop [px]."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A data set, a protocol and the degradations of clean pictures; see :func:`plan_cases`."""

    image_set: ImageSet
    """The pictures."""
    protocol: Protocol
    """The rules."""
    synthetic: tuple[Synthetic, ...]
    """What is done to clean pictures, one row of the table each; empty for pairs."""
    limit: int | None = None
    """Only the first pictures of every row; they get the same noise as without a limit."""

    @property
    def labels(self) -> tuple[Label, ...]:
        """Every case in order, without reading a file."""
        images = self.clean_images[: self.limit]
        return (
            *(_pair_label(pair) for pair in self.pairs),
            *(_label(damage, image) for damage in self.synthetic for image in images),
        )

    @property
    def pairs(self) -> tuple[Pair, ...]:
        """The pairs that are scored, in the order of the data set."""
        rows: Counter[str] = Counter()
        kept: list[Pair] = []
        for pair in self.image_set.pairs:
            row = _pair_label(pair).row
            rows[row] += 1
            if self.limit is None or rows[row] <= self.limit:
                kept.append(pair)
        return tuple(kept)

    @property
    def clean_images(self) -> tuple[CleanImage, ...]:
        """The clean pictures in plain order of their file names, as ``sorted(os.listdir())`` gives it."""
        return tuple(sorted(self.image_set.clean_images, key=lambda image: image.path.as_posix()))

    def cases(self) -> Iterator[Case]:
        """Read and degrade the pictures one by one, in the order of :attr:`labels`.

        Raises:
            ImageError: if a file cannot be read.
            DatasetError: if the pictures of a pair differ in size.
            ShapeError: if a picture is smaller than the crop's multiple; names the file.
        """
        if self.image_set.pairs:
            yield from self._pairs()
        elif self.protocol.noise == "stream_truncated":
            yield from self._stream()
        else:
            for damage in self.synthetic:
                for image in self.clean_images[: self.limit]:
                    codes, size = self._clean(image.path)
                    yield _case(_label(damage, image), self._degraded(codes, damage, image.path), codes, size)

    def _pairs(self) -> Iterator[Case]:
        for pair in self.pairs:
            photos = read_pair(pair)
            multiple, size = self.protocol.crop_multiple, (photos[1].height, photos[1].width)
            degraded, clean = (_cropped_planes(photo, multiple, pair.degraded) for photo in photos)
            yield Case(label=_pair_label(pair), degraded=degraded, clean=clean, whole_size=size)

    def _stream(self) -> Iterator[Case]:
        """Draw the noise of every picture at every published level, so that each case has its published place."""
        levels = self.protocol.noise_levels
        extra = tuple(damage.level for damage in self.synthetic if damage.level not in levels)
        wanted = {damage.level: damage for damage in self.synthetic}
        stream = NoiseStream()
        for level in (*levels, *extra):
            if not wanted:
                return
            damage = wanted.pop(level, None)
            for number, image in enumerate(self.clean_images):
                codes, size = self._clean(image.path)
                noisy = stream.add(codes, level)
                if damage is not None and (self.limit is None or number < self.limit):
                    yield _case(_label(damage, image), noisy, codes, size)

    def _clean(self, path: Path) -> tuple[Codes, tuple[int, int]]:
        photo = read_photo(path)
        return _cropped(eight_bit_colours(photo), self.protocol.crop_multiple, path), (photo.height, photo.width)

    def _degraded(self, codes: Codes, damage: Synthetic, path: Path) -> Codes | Float32:
        if damage.kind == "jpeg":
            return compress_jpeg(codes, int(damage.level))
        if self.protocol.noise == "per_picture_float":
            return add_float_noise(codes, damage.level)
        return add_named_noise(codes, damage.level, file_name=path.name)


def plan_cases(
    image_set: ImageSet, protocol: Protocol, *, synthetic: Sequence[Synthetic] = (), limit: int | None = None
) -> Plan:
    """Decide what is scored.

    Args:
        image_set: pairs, scored as they are, or clean pictures, which are degraded here.
        protocol: the rules.
        synthetic: the degradations of clean pictures. With one stream of noise the published levels come first.
        limit: score only so many pictures per row.

    Raises:
        ConfigurationError: if pairs are to be degraded again, clean pictures are not, the protocol does not say
            how, or a level is given twice.
    """
    if limit is not None and limit < 1:
        raise ConfigurationError(f"limit must be at least 1 picture; got {limit}")
    if image_set.kind == "pairs":
        if synthetic:
            raise ConfigurationError(
                f"{image_set.root} holds pairs, degraded already ({image_set.title}): leave out noise and JPEG, or "
                "open the folder of its clean pictures"
            )
        return Plan(image_set=image_set, protocol=protocol, synthetic=(), limit=limit)
    _check_synthetic(image_set, protocol, synthetic)
    levels = protocol.noise_levels
    ordered = sorted(synthetic, key=lambda d: levels.index(d.level) if d.level in levels else len(levels))
    return Plan(image_set=image_set, protocol=protocol, synthetic=tuple(ordered), limit=limit)


def _check_synthetic(image_set: ImageSet, protocol: Protocol, synthetic: Sequence[Synthetic]) -> None:
    if protocol.noise is None:
        able = ", ".join(other.name for other in PROTOCOLS.values() if other.noise)
        raise ConfigurationError(
            f"protocol {protocol.name} scores pairs only, and {image_set.root} holds clean pictures "
            f"({image_set.title}): give a folder of pairs, or choose {able}"
        )
    if not synthetic:
        raise ConfigurationError(
            f"{image_set.root} holds clean pictures ({image_set.title}): say how to degrade them, for example with "
            "noise 25; noise 0 leaves them as they are"
        )
    if len(set(synthetic)) < len(synthetic):
        raise ConfigurationError("every level of noise and JPEG may be given once only")
    if not protocol.jpeg and any(damage.kind == "jpeg" for damage in synthetic):
        able = ", ".join(other.name for other in PROTOCOLS.values() if other.jpeg)
        raise ConfigurationError(f"protocol {protocol.name} knows no JPEG compression: choose {able}")


def _cropped(codes: Codes, multiple: int, path: Path) -> Codes:
    try:
        return crop_to_multiple(codes.transpose(2, 0, 1), multiple).transpose(1, 2, 0)
    except ShapeError as error:
        raise ShapeError(f"{path}: {error}") from error


def _cropped_planes(photo: Photo, multiple: int, path: Path) -> Float32:
    """(3, H, W) at the full depth of the file, which some data sets have 16 bits of."""
    try:
        return np.ascontiguousarray(crop_to_multiple(to_network(photo), multiple))
    except ShapeError as error:
        raise ShapeError(f"{path}: {error}") from error


def _pair_label(pair: Pair) -> Label:
    return Label(row="+".join(pair.tasks) or "as given", name=pair.name, path=pair.degraded, tasks=pair.tasks)


def _label(damage: Synthetic, image: CleanImage) -> Label:
    return Label(row=damage.label, name=image.name, path=image.path, tasks=damage.tasks)


def _case(label: Label, degraded: Codes | Float32, clean: Codes, whole_size: tuple[int, int]) -> Case:
    return Case(label=label, degraded=_planes(degraded), clean=_planes(clean), whole_size=whole_size)


def _planes(image: Codes | Float32) -> Float32:
    """(H, W, 3) to (3, H, W), float32; code values are divided by 255."""
    scale = np.float32(255 if image.dtype == np.uint8 else 1)
    return np.ascontiguousarray(image.transpose(2, 0, 1), dtype=np.float32) / scale

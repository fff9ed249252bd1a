"""Several pictures in one file: the frames of an animation (GIF, PNG, WebP, AVIF) or the pages of a TIFF file."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import BinaryIO

import numpy as np
from PIL import ImageFile

from opir.errors import ShapeError, UnsupportedImageError
from opir.imaging.decode_file import open_image, photo_of, read_picture
from opir.imaging.formats import Several
from opir.imaging.guard import check_size, decoding
from opir.imaging.header_fields import Header
from opir.imaging.photo import Photo
from opir.imaging.png_colours import read_png_colours
from opir.imaging.tiff_header import read_pages


@dataclass(frozen=True, kw_only=True, eq=False)
class PhotoSequence:
    """The pictures of one file, in order.

    Raises:
        ShapeError: if there are none, or the frames of an animation differ in size or number from its durations.
    """

    frames: tuple[Photo, ...]
    """Each is whole: what earlier frames have left on the screen is in it. The frames of an animation share size,
    depth and colour model; pages need not. The metadata of an animation are those of its first frame."""
    kind: Several
    """Frames of an animation, or pages."""
    durations_ms: tuple[float, ...] = ()
    """Animation only: how long each frame is shown [ms]."""
    n_plays: int = 0
    """Animation only: how often it is played; 0 for ever."""

    def __post_init__(self) -> None:
        if not self.frames:
            raise ShapeError("a sequence must hold at least one picture; got none")
        if self.kind == "animation":
            if len(self.durations_ms) != len(self.frames):
                raise ShapeError(
                    f"an animation of {len(self.frames)} frames needs as many durations; got {len(self.durations_ms)}"
                )
            shapes = {(frame.pixels.shape, frame.alpha is None) for frame in self.frames}
            if len(shapes) > 1:
                raise ShapeError(f"the frames of an animation must have the same shape; got {sorted(shapes)}")

    @property
    def is_transparent(self) -> bool:
        """Whether any pixel of any frame is not fully opaque."""
        return any(frame.is_transparent for frame in self.frames)

    @property
    def size(self) -> tuple[int, int]:
        """The largest width and the largest height."""
        return max(frame.width for frame in self.frames), max(frame.height for frame in self.frames)


def read_sequence(stream: BinaryIO, header: Header, max_pixels: int) -> PhotoSequence:
    """Read all frames or pages of a file whose header has been checked.

    Raises:
        ImageError: as :func:`opir.imaging.read_photo`, for the first picture that cannot be read; the limit holds
            for all of them together.
    """
    if header.format == "TIFF":
        return _read_tiff_pages(stream, max_pixels)
    if header.format not in ("GIF", "PNG", "WEBP", "AVIF") or header.bits == 16:
        raise UnsupportedImageError(
            f"is a {header.bits}-bit {header.format} animation, which is not handled; save its frames as pictures"
        )
    with decoding(f"the {header.format} file"):
        image = open_image(stream, header, max_pixels)
        n_frames = int(getattr(image, "n_frames", 1))
        check_size(image.size, max_pixels, n_frames=n_frames)
        # A PNG may show another picture where animations are unknown; it is no frame.
        first = 1 if image.info.get("default_image") else 0
        frames, durations = [], []
        for index in range(first, n_frames):
            image.seek(index)
            check_size(image.size, max_pixels, n_frames=n_frames)
            image.load()
            durations.append(float(image.info.get("duration", 0) or 0))
            frames.append(photo_of(image, header))
        if header.format == "PNG":
            colours = read_png_colours(stream)
            frames[0] = replace(frames[0], metadata=replace(frames[0].metadata, png_colours=colours))
    plays = _n_plays(image, header)
    return PhotoSequence(frames=_alike(frames), kind="animation", durations_ms=tuple(durations), n_plays=plays)


def _read_tiff_pages(stream: BinaryIO, max_pixels: int) -> PhotoSequence:
    pages = read_pages(stream)
    n_pixels = sum(width * height for width, height in (page.size or (0, 0) for page in pages))
    check_size((n_pixels, 1), max_pixels)
    frames = []
    for number, page in enumerate(pages, start=1):
        try:
            frames.append(read_picture(stream, page, max_pixels))
        except UnsupportedImageError as error:
            raise type(error)(f"page {number} {error}") from error
    return PhotoSequence(frames=tuple(frames), kind="pages")


def _n_plays(image: ImageFile.ImageFile, header: Header) -> int:
    """How often an animation is played: GIF counts repetitions, the others plays; 0 for ever in all of them."""
    loop = image.info.get("loop")
    if header.format == "GIF":
        return 1 if loop is None else (int(loop) + 1 if loop else 0)
    return int(loop) if isinstance(loop, int) else 0


def _alike(frames: list[Photo]) -> tuple[Photo, ...]:
    """Give all frames colours if one has some, and an alpha channel if one has one."""
    has_colours = any(not frame.is_gray for frame in frames)
    has_alpha = any(frame.alpha is not None for frame in frames)
    for index, frame in enumerate(frames):
        if has_colours and frame.is_gray:
            frame = replace(frame, pixels=np.repeat(frame.pixels, 3, axis=2))
        if has_alpha and frame.alpha is None:
            frame = replace(frame, alpha=np.full(frame.pixels.shape[:2], 255, np.uint8))
        frames[index] = frame
    return tuple(frames)

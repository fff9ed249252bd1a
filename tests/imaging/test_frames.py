"""Animations and pages: read whole, written whole."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from opir.errors import ImageTooLargeError, OutputError, ShapeError, UnreadableImageError, UnsupportedImageError
from opir.imaging import Metadata, Photo, PhotoSequence, encode_photo, read_photo, read_pictures, write_photo


def noise_frames(n, n_channels=3, dtype=np.uint8, shape=(9, 7)):
    generator = np.random.default_rng(4)
    return [generator.integers(0, np.iinfo(dtype).max + 1, (*shape, n_channels), dtype) for _ in range(n)]


def animation(frames, **options):
    photos = tuple(
        Photo(pixels=frame[..., :3], alpha=frame[..., 3] if frame.shape[2] == 4 else None) for frame in frames
    )
    durations = tuple(40.0 * (1 + number) for number in range(len(frames)))
    return PhotoSequence(frames=photos, kind="animation", durations_ms=durations, **options)


@pytest.mark.parametrize("format", ["PNG", "WEBP"])
@pytest.mark.parametrize("n_channels", [1, 3, 4])
@pytest.mark.parametrize("n_plays", [0, 3])
def test_animations_keep_frames_durations_and_plays(format, n_channels, n_plays):
    sequence = animation(noise_frames(3, n_channels), n_plays=n_plays)
    if n_channels == 4:  # WebP keeps no colours below full transparency in animations
        frames = tuple(replace(frame, alpha=np.maximum(frame.alpha, 1)) for frame in sequence.frames)
        sequence = replace(sequence, frames=frames)
    back = read_pictures(encode_photo(sequence, format))
    assert (back.kind, back.durations_ms, back.n_plays) == ("animation", sequence.durations_ms, n_plays)
    for one, other in zip(back.frames, sequence.frames, strict=True):
        expected = np.repeat(other.pixels, 3, axis=2) if n_channels == 1 and format == "WEBP" else other.pixels
        np.testing.assert_array_equal(one.pixels, expected)
        if n_channels == 4:
            np.testing.assert_array_equal(one.alpha, other.alpha)
    with pytest.raises(UnsupportedImageError, match="read_pictures"):
        read_photo(encode_photo(sequence, format))


def test_the_metadata_of_an_animation(exif):
    metadata = Metadata(exif=exif(1), icc_profile=b"profile" * 30, xmp=b"<x/>")
    sequence = animation(noise_frames(2))
    sequence = replace(sequence, frames=(replace(sequence.frames[0], metadata=metadata), sequence.frames[1]))
    for format in ("PNG", "WEBP"):
        assert read_pictures(encode_photo(sequence, format)).frames[0].metadata == metadata


def test_gif_frames_are_what_is_seen():
    first = Image.new("P", (6, 5), 1)
    first.putpalette([0, 0, 0, 200, 10, 20, 5, 250, 90])
    second = first.copy()
    second.paste(2, (2, 1, 4, 3))  # Pillow stores only what changes
    stream = io.BytesIO()
    first.save(stream, "GIF", save_all=True, append_images=[second], duration=[70, 120], loop=2, disposal=1)
    sequence = read_pictures(stream.getvalue())
    assert (sequence.durations_ms, sequence.n_plays) == ((70.0, 120.0), 3)
    assert [frame.source_format for frame in sequence.frames] == ["GIF", "GIF"]
    np.testing.assert_array_equal(sequence.frames[0].pixels, np.broadcast_to([200, 10, 20], (5, 6, 3)))
    expected = np.array(second.convert("RGB"))
    np.testing.assert_array_equal(sequence.frames[1].pixels, expected)
    with pytest.raises(OutputError, match="GIF"):
        encode_photo(sequence, "GIF")


def test_a_single_gif_is_a_photo(encode):
    photo = read_photo(encode(Image.new("L", (4, 3), 77), "GIF"))
    assert photo.source_format == "GIF"
    assert np.unique(photo.pixels).tolist() == [77]


def test_a_gif_frame_beyond_its_screen_counts_before_decoding(encode):
    data = bytearray(encode(Image.new("L", (4, 3), 77), "GIF"))
    place = data.index(b"\x2c", 13 + 6)
    data[place + 5 : place + 9] = b"\xff\xff\xff\xff"
    with pytest.raises(ImageTooLargeError, match="65535 × 65535"):
        read_photo(bytes(data))


def test_the_picture_for_programs_without_animations_is_no_frame():
    frames = [Image.fromarray(frame) for frame in noise_frames(3)]
    stream = io.BytesIO()
    frames[0].save(stream, "PNG", save_all=True, default_image=True, append_images=frames[1:], duration=[50, 60])
    sequence = read_pictures(stream.getvalue())
    np.testing.assert_array_equal(sequence.frames[0].pixels, np.asarray(frames[1]))
    assert len(sequence.frames) == 2


def test_pages_keep_size_depth_and_metadata_each(exif):
    pages = (
        Photo(pixels=noise_frames(1)[0], metadata=Metadata(exif=exif(1), dpi=(300.0, 300.0), iptc=b"\x1c\2\5\0\1a")),
        Photo(pixels=noise_frames(1, 1, np.uint16, (4, 30))[0], metadata=Metadata(icc_profile=b"profile" * 30)),
        Photo(
            pixels=np.random.default_rng(0).random((3, 5, 3), np.float32), metadata=Metadata(exif=exif(1), xmp=b"<x/>")
        ),
    )
    back = read_pictures(encode_photo(PhotoSequence(frames=pages, kind="pages"), "TIFF"))
    assert back.kind == "pages"
    for one, other in zip(back.frames, pages, strict=True):
        np.testing.assert_array_equal(one.pixels, other.pixels)
        assert one.pixels.dtype == other.pixels.dtype
        assert (one.metadata.exif is None) == (other.metadata.exif is None)
        for name in ("icc_profile", "xmp", "iptc", "dpi"):
            assert getattr(one.metadata, name) == getattr(other.metadata, name)
    block = Image.Exif()
    block.load(back.frames[2].metadata.exif)
    assert block[0x010F] == "Maker"
    assert block.get_ifd(0x8825)[2] == (52.0, 30.0, 12.5)


def test_a_thumbnail_is_no_page(tiff):
    import tifffile

    stream, (large, small) = io.BytesIO(), noise_frames(2)
    with tifffile.TiffWriter(stream) as writer:
        writer.write(large, photometric="rgb", metadata=None)
        writer.write(np.ascontiguousarray(small[:3, :3]), photometric="rgb", subfiletype=1, metadata=None)
    np.testing.assert_array_equal(read_photo(stream.getvalue()).pixels, large)


def test_pages_in_a_circle_end(encode):
    frames = [Image.fromarray(frame) for frame in noise_frames(2)]
    data = bytearray(encode(frames[0], "TIFF", save_all=True, append_images=frames[1:]))
    first = int.from_bytes(data[4:8], "little")
    count = int.from_bytes(data[first : first + 2], "little")
    second = int.from_bytes(data[first + 2 + 12 * count :][:4], "little")
    end = second + 2 + 12 * int.from_bytes(data[second : second + 2], "little")
    data[end : end + 4] = first.to_bytes(4, "little")
    with pytest.raises(UnreadableImageError, match="no end"):
        read_pictures(bytes(data))


@pytest.mark.parametrize("format", ["PNG", "WEBP", "TIFF"])
def test_the_limit_is_that_of_all_frames(format):
    frames = tuple(Photo(pixels=frame) for frame in noise_frames(3))
    kind = "pages" if format == "TIFF" else "animation"
    durations = (10.0, 10.0, 10.0) if kind == "animation" else ()
    data = encode_photo(PhotoSequence(frames=frames, kind=kind, durations_ms=durations), format)
    read_pictures(data, max_pixels=3 * 63)
    with pytest.raises(ImageTooLargeError):
        read_pictures(data, max_pixels=3 * 63 - 1)


def test_formats_that_hold_one_picture_say_so(tmp_path):
    for format in ("JPEG", "BMP", "TIFF", "AVIF"):
        with pytest.raises(OutputError, match="2 frames of an animation: write PNG or WebP"):
            encode_photo(animation(noise_frames(2)), format)
    pages = PhotoSequence(frames=tuple(Photo(pixels=frame) for frame in noise_frames(2)), kind="pages")
    with pytest.raises(OutputError, match="2 pages: write TIFF"):
        write_photo(pages, tmp_path / "a.png")
    assert list(tmp_path.iterdir()) == []


def test_frames_that_do_not_belong_together():
    with pytest.raises(ShapeError, match="at least one"):
        PhotoSequence(frames=(), kind="pages")
    frames = tuple(Photo(pixels=frame) for frame in noise_frames(2))
    with pytest.raises(ShapeError, match="2 frames"):
        PhotoSequence(frames=frames, kind="animation", durations_ms=(1.0,))
    with pytest.raises(ShapeError, match="same shape"):
        PhotoSequence(frames=(frames[0], Photo(pixels=frames[1].pixels[:3])), kind="animation", durations_ms=(1.0, 1.0))

"""With weights that change nothing every picture comes back as it was: pixels exactly, metadata as promised."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
import pytest
from PIL import Image

from fake_engine import FakeEngine, fake_spec
from opir.batch.options import BatchOptions
from opir.batch.outcome import Restored
from opir.batch.plan import Target, plan_jobs
from opir.batch.run import run_batch
from opir.imaging import FORMATS, Metadata, Photo, PhotoSequence, encode_photo, read_photo, read_pictures
from opir.runtime.restore import Restorer
from opir.runtime.sequence import restore_sequence
from opir.runtime.settings import RestoreSettings

DTYPES = {8: np.uint8, 16: np.uint16, 32: np.float32}
KEEPS_BITS = {8: tuple(FORMATS), 16: ("PNG", "TIFF", "PPM"), 32: ("TIFF",)}
LOSSLESS = ("PNG", "TIFF", "WEBP", "BMP", "PPM")
HOLDS = {
    "PNG": ("exif", "xmp", "iptc", "dpi", "icc_profile"),
    "TIFF": ("exif", "xmp", "iptc", "dpi", "icc_profile"),
    "JPEG": ("exif", "xmp", "iptc", "dpi", "icc_profile"),
    "WEBP": ("exif", "xmp", "icc_profile"),
    "AVIF": ("exif", "xmp", "icc_profile"),
    "BMP": ("dpi",),
    "PPM": (),
}


@dataclass
class IdentityEngine(FakeEngine):
    """Returns what it gets."""

    def stage(self, current, observed, scale, task_weights, context, stage_index, *, expert=False):
        return current.copy(), np.full_like(scale, 0.01)


@pytest.fixture
def restorer() -> Restorer:
    return Restorer.from_engine(IdentityEngine(fake_spec(trained=("noise", "rain"))), tile=24)


def samples_of(bits: int, *shape: int):
    generator = np.random.default_rng(bits)
    if bits == 32:
        return generator.random(shape, np.float32)
    return generator.integers(0, 2**bits, shape, DTYPES[bits])


def exif(orientation: int = 1) -> bytes:
    block = Image.Exif()
    block[0x010F], block[0x0112], block[0x8298] = "Maker", orientation, "(c) Somebody"
    block[0x8769] = {0x9003: "2026:01:02 03:04:05", 0xA431: "body-serial", 0x927C: b"maker-note"}
    block[0x8825] = {1: "N", 2: (48.0, 8.0, 15.0)}
    return block.tobytes().removeprefix(b"Exif\0\0")


XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    b'<rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:Rating="4" '
    b'xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/" photoshop:City="a-place"/></rdf:RDF></x:xmpmeta>'
)
METADATA = Metadata(
    exif=exif(), xmp=XMP, icc_profile=b"profile" * 30, dpi=(300.0, 300.0), iptc=b"\x1c\2\5\0\5title\x1c\2\x5a\0\6a-city"
)

CASES = [
    (format, bits, n_channels)
    for bits, formats in KEEPS_BITS.items()
    for format in formats
    if format in LOSSLESS
    for n_channels in (1, 2, 3, 4)
    if n_channels in (1, 3) or FORMATS[format].keeps_alpha
]


@pytest.mark.parametrize(("format", "bits", "n_channels"), CASES)
def test_lossless_pictures_come_back_exactly(restorer, tmp_path, format, bits, n_channels):
    samples = samples_of(bits, 37, 45, n_channels)
    n_colours = 1 if n_channels < 3 else 3
    alpha = samples[..., -1].copy() if n_channels in (2, 4) else None
    if alpha is not None:
        alpha[5:9, 5:9] = 0  # hidden colours must stay as well
    path = tmp_path / f"in{FORMATS[format].suffixes[0]}"
    path.write_bytes(encode_photo(Photo(pixels=samples[..., :n_colours], alpha=alpha, metadata=METADATA), format))
    original = read_photo(path)
    assert original.bits == bits
    restoration = restorer.restore(path, settings=RestoreSettings(record=False))
    restoration.save(tmp_path / f"out{path.suffix}")
    assert restoration.encode() == (tmp_path / f"out{path.suffix}").read_bytes()
    back = read_photo(tmp_path / f"out{path.suffix}")
    assert back.pixels.dtype == DTYPES[bits]
    np.testing.assert_array_equal(back.pixels, original.pixels)
    if not (format == "WEBP" and n_colours == 1):  # WebP knows no gray
        np.testing.assert_array_equal(back.pixels, samples[..., :n_colours])
    if alpha is not None:
        np.testing.assert_array_equal(back.alpha, alpha)
    for name in ("exif", "xmp", "iptc", "icc_profile"):
        assert (getattr(back.metadata, name) is not None) == (name in HOLDS[format])
        if name in HOLDS[format] and (format, name) != ("TIFF", "exif"):  # spread over the file's own fields there
            assert getattr(back.metadata, name) == getattr(METADATA, name)
    if "dpi" in HOLDS[format]:
        assert back.metadata.dpi == pytest.approx((300, 300), abs=0.02)


@pytest.mark.parametrize("format", [name for name in FORMATS if "exif" in HOLDS[name]])
def test_metadata_policies_in_every_format_that_holds_some(restorer, format):
    data = encode_photo(Photo(pixels=samples_of(8, 16, 16, 3), metadata=METADATA), format)
    for policy in ("keep", "safe", "strip"):
        settings = RestoreSettings(metadata=policy, record=False)
        metadata = read_photo(restorer.restore(data, settings=settings).encode()).metadata
        assert metadata.icc_profile == METADATA.icc_profile
        if policy == "strip":
            assert (metadata.exif, metadata.xmp, metadata.iptc, metadata.dpi) == (None, None, None, None)
            continue
        block = Image.Exif()
        block.load(metadata.exif)
        assert (block[0x010F], block[0x8298]) == ("Maker", "(c) Somebody")
        assert block.get_ifd(0x8769)[0x9003] == "2026:01:02 03:04:05"
        assert (0xA431 in block.get_ifd(0x8769)) == (policy == "keep")
        assert bool(block.get_ifd(0x8825)) == (policy == "keep")
        assert b"Rating" in metadata.xmp
        assert (b"a-place" in metadata.xmp) == (policy == "keep")
        if "iptc" in HOLDS[format]:
            assert b"title" in metadata.iptc
            assert (b"a-city" in metadata.iptc) == (policy == "keep")


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize(
    ("format", "bits"), [("PNG", 8), ("JPEG", 8), ("WEBP", 8), ("TIFF", 8), ("PNG", 16), ("TIFF", 16)]
)
def test_all_orientations_are_applied_once(restorer, format, orientation, bits):
    stored = np.zeros((16, 24, 3), DTYPES[bits])
    stored[:8, :8] = np.iinfo(stored.dtype).max  # the corner that the orientation speaks of
    data = encode_photo(Photo(pixels=stored, metadata=Metadata(exif=exif(orientation))), format)
    if format == "TIFF":  # there the tag lies among those of the storage
        import tifffile

        stream = io.BytesIO()
        tifffile.imwrite(stream, stored, photometric="rgb", metadata=None, extratags=[(274, 3, 1, orientation, True)])
        data = stream.getvalue()
    first = read_photo(restorer.restore(data).encode())
    second = read_photo(restorer.restore(first).encode())
    size = (16, 24) if orientation >= 5 else (24, 16)
    assert (first.width, first.height) == (second.width, second.height) == size
    row = 0 if orientation in (1, 2, 5, 6) else -1
    column = 0 if orientation in (1, 4, 5, 8) else -1
    for photo in (first, second):
        assert photo.pixels[row, column].min() > 0.9 * np.iinfo(stored.dtype).max
        assert photo.pixels[-1 - row, -1 - column].max() < 0.1 * np.iinfo(stored.dtype).max


@pytest.mark.parametrize(
    ("mode", "format"),
    [("1", "PNG"), ("1", "TIFF"), ("1", "BMP"), ("P", "PNG"), ("P", "GIF"), ("P", "BMP"), ("PA", "PNG"), ("LA", "PNG")],
)
def test_bits_and_palettes_keep_what_is_seen(restorer, mode, format):
    image = Image.fromarray(samples_of(8, 20, 30, 4 if mode.endswith("A") else 3)).quantize(40).convert("RGBA")
    image = image.quantize(40) if mode == "PA" else image.convert(mode)
    stream = io.BytesIO()
    image.save(stream, format)
    seen = np.asarray(Image.open(io.BytesIO(stream.getvalue())).convert("RGBA"))
    back = Image.open(io.BytesIO(restorer.restore(stream.getvalue()).encode()))
    np.testing.assert_array_equal(np.asarray(back.convert("RGBA")), seen)
    assert back.format == ("PNG" if format == "GIF" else format)


def test_cmyk_is_told_in_the_report(restorer):
    stream = io.BytesIO()
    Image.new("CMYK", (16, 16), (0, 255, 255, 0)).save(stream, "JPEG")
    restoration = restorer.restore(stream.getvalue())
    assert "CMYK" in restoration.report.notes[0]
    assert read_photo(restoration.encode()).pixels[0, 0].tolist() == pytest.approx([255, 0, 0], abs=3)


@pytest.mark.parametrize("format", ["JPEG", "WEBP", "AVIF"])
def test_lossy_formats_give_the_encoder_the_decoded_pixels(restorer, format):
    rows, columns = np.mgrid[:40, :48]
    pixels = np.stack([rows * 6, columns * 5, 255 - rows * 3], axis=-1).astype(np.uint8)
    data = encode_photo(Photo(pixels=pixels, source_is_lossy=True), format, quality=80)
    original = read_photo(data)
    restoration = restorer.restore(data, settings=RestoreSettings(record=False))
    np.testing.assert_array_equal(restoration.image, original.pixels)
    assert restoration.encode() == encode_photo(original, format)
    if format == "JPEG":
        assert read_photo(restoration.encode()).source_quality == 85


@pytest.mark.parametrize("name", ["a.png", "a.webp", "a.tif", "a.gif"])
def test_several_pictures_in_a_batch(restorer, tmp_path, name):
    frames = [samples_of(8, 24, 32, 3) // 8 * 8 + number for number in range(3)]
    folder = tmp_path / "in"
    folder.mkdir()
    if name == "a.gif":
        images = [Image.fromarray(frame).quantize(64) for frame in frames]
        images[0].save(folder / name, save_all=True, append_images=images[1:], duration=[50, 60, 70], loop=0)
    else:
        kind = "pages" if name == "a.tif" else "animation"
        durations = (50.0, 60.0, 70.0) if kind == "animation" else ()
        photos = tuple(Photo(pixels=frame) for frame in frames)
        sequence = PhotoSequence(frames=photos, kind=kind, durations_ms=durations)
        format = {"a.tif": "TIFF", "a.png": "PNG", "a.webp": "WEBP"}[name]
        (folder / name).write_bytes(encode_photo(sequence, format))
    original = read_pictures(folder / name)
    maps = tmp_path / "maps" / ("a.tif" if name == "a.tif" else "a.png")
    maps.parent.mkdir()
    target = tmp_path / "out" / (name if name != "a.gif" else "a.png")
    target.parent.mkdir()
    jobs = plan_jobs(
        [folder / name],
        Target(path=target, is_folder=False),
        uncertainty=Target(path=maps, is_folder=False),
    )
    (outcome,) = run_batch(jobs, restorer, RestoreSettings(), options=BatchOptions(depth=0))
    assert isinstance(outcome, Restored), outcome
    assert outcome.report.notes[0].startswith("3 ")
    back = read_pictures(target)
    assert (back.kind, back.durations_ms, back.n_plays) == (original.kind, original.durations_ms, original.n_plays)
    for one, other in zip(back.frames, original.frames, strict=True):
        np.testing.assert_array_equal(one.pixels, other.pixels)
    if name == "a.tif":
        assert len(read_pictures(maps).frames) == 3
    else:  # the error is the same everywhere, and equal frames become one that is shown for longer
        assert read_photo(maps).height > 24


def test_progress_of_a_sequence_ends_with_all_pixels(restorer):
    frames = tuple(Photo(pixels=samples_of(8, 24, 32, 3)) for _ in range(2))
    seen: list[tuple[int, int]] = []
    sequence = PhotoSequence(frames=frames, kind="pages")
    result = restore_sequence(restorer, sequence, progress=lambda done, total: seen.append((done, total)))
    assert seen == sorted(seen)
    assert seen[-1] == (2 * 24 * 32, 2 * 24 * 32)
    assert set(result.found) == set(restorer.restore(frames[0]).found)

"""``safe`` keeps how a picture was taken and drops where, with which copy of a camera and by whose hand."""

from __future__ import annotations

import pytest
from PIL import Image

from opir.imaging import Metadata
from opir.imaging.metadata_policy import apply_policy


def exif() -> bytes:
    block = Image.Exif()
    block[0x010F], block[0x0110], block[0x8298] = "Maker", "Model", "(c) Somebody"
    block[0x8769] = {
        0x829A: 0.01,
        0xA431: "body-serial",
        0xA435: "lens-serial",
        0xA430: "owner-name",
        0x927C: b"maker-note",
        0xA420: "unique-id",
        0x9003: "2026:01:02 03:04:05",
    }
    block[0x8825] = {1: "N", 2: (48.0, 8.0, 15.0)}
    return block.tobytes().removeprefix(b"Exif\0\0")


FULL = Metadata(icc_profile=b"profile", exif=exif(), xmp=b"<gps/>", dpi=(300.0, 300.0))


def test_keep_keeps_all() -> None:
    assert apply_policy(FULL, "keep") is FULL


def test_strip_keeps_what_decides_about_colours() -> None:
    assert apply_policy(FULL, "strip") == Metadata(icc_profile=b"profile")


def test_safe() -> None:
    safe = apply_policy(FULL, "safe")
    assert (safe.icc_profile, safe.xmp, safe.dpi) == (b"profile", None, (300.0, 300.0))
    assert safe.exif is not None
    for secret in (b"body-serial", b"lens-serial", b"owner-name", b"maker-note", b"unique-id"):
        assert secret in exif()
        assert secret not in safe.exif
    block = Image.Exif()
    block.load(safe.exif)
    assert dict(block.get_ifd(0x8825)) == {}
    assert (block[0x010F], block[0x8298]) == ("Maker", "(c) Somebody")
    fields = block.get_ifd(0x8769)
    assert fields[0x9003] == "2026:01:02 03:04:05"
    assert float(fields[0x829A]) == pytest.approx(0.01)
    assert set(fields) == {0x9003, 0x829A}


@pytest.mark.parametrize("damaged", [b"", b"II*\0", b"MM\0*\0\0\0\x08\xff\xff", b"nonsense" * 9])
def test_damaged_exif_never_fails_the_picture(damaged: bytes) -> None:
    assert apply_policy(Metadata(exif=damaged), "safe").exif is None

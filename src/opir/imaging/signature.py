"""Recognise the kind of a file from its first bytes; the file's name is never believed."""

from __future__ import annotations

from opir.errors import UnreadableImageError, UnsupportedImageError
from opir.imaging.formats import SourceName

SIGNATURE_BYTES = 32
"""How many bytes of a file are needed."""

# (position, bytes, format)
_HANDLED: tuple[tuple[int, bytes, SourceName], ...] = (
    (0, b"\x89PNG\r\n\x1a\n", "PNG"),
    (0, b"\xff\xd8\xff", "JPEG"),
    (8, b"WEBP", "WEBP"),
    (0, b"GIF87a", "GIF"),
    (0, b"GIF89a", "GIF"),
    (4, b"ftypavi", "AVIF"),  # avif and avis
    (4, b"ftyphei", "HEIC"),
    (4, b"ftyphev", "HEIC"),
    (4, b"ftypcrx", "RAW"),
    (8, b"CR\x02\0", "RAW"),
    (0, b"FUJIFILMCCD-RAW", "RAW"),
    (0, b"IIU\0", "RAW"),
    (0, b"IIRO", "RAW"),
    (0, b"IIRS", "RAW"),
    (0, b"\xff\x0a", "JXL"),
    (0, b"\0\0\0\x0cJXL \r\n\x87\n", "JXL"),
    (0, b"II*\0", "TIFF"),
    (0, b"MM\0*", "TIFF"),
    (0, b"II+\0", "TIFF"),
    (0, b"MM\0+", "TIFF"),
    (0, b"BM", "BMP"),
    *((0, b"P%d" % kind, "PPM") for kind in range(1, 7)),
)

# Pictures that deserve a better answer than "not a picture": (position, bytes, name)
_KNOWN: tuple[tuple[int, bytes, str], ...] = (
    (4, b"jP  \r\n", "JPEG 2000"),
    (0, b"\xff\x4f\xff\x51", "JPEG 2000"),
    (0, b"8BPS", "Photoshop"),
    (0, b"%PDF", "PDF"),
    (0, b"%!PS", "PostScript"),
    (0, b"\x76\x2f\x31\x01", "OpenEXR"),
    (0, b"#?RADIANCE", "Radiance HDR"),
    (0, b"P7\n", "PAM"),
    (0, b"PF\n", "PFM"),
    (0, b"Pf\n", "PFM"),
    (0, b"<svg", "SVG"),
    (0, b"qoif", "QOI"),
    (0, b"\0\0\x01\0", "icon"),
    (0, b"SIMPLE  =", "FITS"),
)


def recognise(head: bytes) -> SourceName:
    """Tell the format from the first :data:`SIGNATURE_BYTES` bytes of a file.

    Raises:
        UnreadableImageError: if there is nothing, or nothing that looks like a picture.
        UnsupportedImageError: if it is a picture of a kind that is not handled.
    """
    if not head:
        raise UnreadableImageError("the file is empty")
    if head[4:8] == b"ftyp" and head[8:12] in (b"mif1", b"msf1"):  # the real brand is among the compatible ones
        return "AVIF" if b"avif" in head[16:] or b"avis" in head[16:] else "HEIC"
    for position, magic, other in _KNOWN:
        if head.startswith(magic, position):
            raise UnsupportedImageError(f"{other} pictures are not handled; convert it to PNG, JPEG or TIFF")
    for position, magic, name in _HANDLED:
        if head.startswith(magic, position):
            return name
    raise UnreadableImageError("not a picture; expected a PNG, JPEG, WebP, TIFF, AVIF, GIF, BMP or PPM file")

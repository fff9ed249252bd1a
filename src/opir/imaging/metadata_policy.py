"""What of a picture's metadata goes into its result: all, what gives nobody away, or nothing but the colours."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias, get_args

from opir.imaging.iptc import safe_iptc
from opir.imaging.photo import Metadata
from opir.imaging.safe_exif import safe_exif
from opir.imaging.safe_xmp import safe_xmp

MetadataPolicy: TypeAlias = Literal["keep", "safe", "strip"]
"""``keep`` all; ``safe`` without places, serial numbers and thumbnails; ``strip`` all but the colour profile."""

METADATA_POLICIES: Final[tuple[MetadataPolicy, ...]] = get_args(MetadataPolicy)


def apply_policy(metadata: Metadata, policy: MetadataPolicy) -> Metadata:
    """Return the metadata that the policy lets through; what says what the colours mean always stays.

    ``safe`` keeps resolution and what describes the picture, how it was taken and to whom the rights belong: of EXIF
    :data:`opir.imaging.safe_exif.SAFE_EXIF_TAGS`, of XMP :data:`opir.imaging.safe_xmp.SAFE_PROPERTIES`, of IPTC
    :data:`opir.imaging.iptc.SAFE_DATA_SETS`. Places, serial numbers, names of owners, regions with faces, thumbnails,
    makers' notes and the history of the file are dropped, and so is whatever nobody thought of.
    """
    if policy == "keep":
        return metadata
    if policy == "strip":
        return Metadata(icc_profile=metadata.icc_profile, png_colours=metadata.png_colours)
    return Metadata(
        icc_profile=metadata.icc_profile,
        exif=safe_exif(metadata.exif) if metadata.exif else None,
        xmp=safe_xmp(metadata.xmp) if metadata.xmp else None,
        iptc=safe_iptc(metadata.iptc) if metadata.iptc else None,
        dpi=metadata.dpi,
        png_colours=metadata.png_colours,
    )

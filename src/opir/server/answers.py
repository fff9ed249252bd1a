"""A finished restoration as bytes to send: the picture alone, an archive, or JSON with everything in it."""

from __future__ import annotations

import base64
import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Final, Literal, TypeAlias

from opir.imaging import FORMATS, FileFormat, Photo, colour_uncertainty, draw_heat_map, encode_photo, heat_map_maximum
from opir.runtime.result import Restoration
from opir.server.schemas import ArchiveReport, EncodedPicture, EncodedUncertainty, RestorationDocument

Returned: TypeAlias = Literal["image", "zip", "json"]
"""``image`` is the picture; ``zip`` and ``json`` add the uncertainty map and the report."""

JSON_TYPE: Final = "application/json"
ZIP_TYPE: Final = "application/zip"


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What is sent to the client."""

    content: bytes
    """The body."""
    media_type: str
    """Its type."""
    headers: Mapping[str, str]
    """What is known about it."""


def build_answer(restoration: Restoration, returned: Returned) -> Answer:
    """Encode a restoration; raises :class:`opir.errors.OutputError` where the format cannot hold the picture."""
    kind = _format_of(restoration)
    picture = restoration.encode(kind.name)
    if returned == "json":
        content, media_type, suffix = _document(restoration, kind, picture), JSON_TYPE, ".json"
    elif returned == "zip":
        content, media_type, suffix = _archive(restoration, kind, picture), ZIP_TYPE, ".zip"
    else:
        content, media_type, suffix = picture, kind.media_type, kind.suffixes[0]
    headers = {
        "content-disposition": f'inline; filename="restored{suffix}"',
        "x-opir-found": json.dumps(dict(restoration.found)),
        "x-opir-expected-error": f"{restoration.expected_error:.3f}",
        "x-opir-report": json.dumps(asdict(restoration.report)),
    }
    return Answer(content=content, media_type=media_type, headers=headers)


def _format_of(restoration: Restoration) -> FileFormat:
    """Return the format asked for, else that of the source, else (an array, a format that is only read) PNG."""
    wanted = restoration.settings.format or restoration.photo.source_format
    return next((kind for kind in FORMATS.values() if kind.name == wanted), FORMATS["PNG"])


def _document(restoration: Restoration, kind: FileFormat, picture: bytes) -> bytes:
    maximum = heat_map_maximum(restoration.uncertainty)
    heat = encode_photo(Photo(pixels=colour_uncertainty(restoration.uncertainty, maximum=maximum)), "PNG")
    document = RestorationDocument(
        found=dict(restoration.found),
        expected_error=restoration.expected_error,
        report=restoration.report,
        picture=EncodedPicture(media_type=kind.media_type, data=_base64(picture)),
        uncertainty=EncodedUncertainty(media_type="image/png", data=_base64(heat), maximum=maximum),
    )
    return document.model_dump_json().encode()


def _archive(restoration: Restoration, kind: FileFormat, picture: bytes) -> bytes:
    maximum = heat_map_maximum(restoration.uncertainty)
    heat = encode_photo(Photo(pixels=draw_heat_map(restoration.uncertainty, maximum=maximum)), "PNG")
    report = ArchiveReport(
        found=dict(restoration.found),
        expected_error=restoration.expected_error,
        uncertainty_maximum=maximum,
        report=restoration.report,
    )
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
        for name, content in (
            (f"restored{kind.suffixes[0]}", picture),
            ("uncertainty.png", heat),
            ("report.json", report.model_dump_json(indent=2).encode()),
        ):
            archive.writestr(zipfile.ZipInfo(name), content)  # no time: the same request gives the same bytes
    return stream.getvalue()


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")

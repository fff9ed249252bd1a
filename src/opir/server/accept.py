"""Choosing the format of the answer from the ``Accept`` header (RFC 9110, section 12.5.1)."""

from __future__ import annotations

from opir.imaging import FORMATS
from opir.imaging.formats import FormatName
from opir.server.errors import ApiError

_ANY = ("*/*", "image/*")


def accepted_format(header: str | None, source: str) -> FormatName | None:
    """Return the format that a client prefers, None where that of the source (a format's name) will do.

    Raises :class:`ApiError` 406 where none of what it names can be written.
    """
    ranked = sorted(_ranges(header or "*/*"), key=lambda entry: -entry[1])
    wanted = [media_type for media_type, quality in ranked if quality > 0.0]
    for media_type in wanted:
        if media_type in _ANY:
            return None
        for kind in FORMATS.values():
            if kind.media_type == media_type:
                return None if kind.name == source else kind.name
    known = ", ".join(kind.media_type for kind in FORMATS.values())
    raise ApiError(406, "not_acceptable", "none of the accepted types can be written", hint=f"accept some of {known}")


def _ranges(header: str) -> list[tuple[str, float]]:
    """Return (media type, quality) in the order of the header."""
    found = []
    for entry in header[:1000].split(","):
        media_type, *parameters = (part.strip().lower() for part in entry.split(";"))
        quality = 1.0
        for parameter in parameters:
            if parameter.startswith("q="):
                try:
                    quality = float(parameter.removeprefix("q="))
                except ValueError:
                    quality = 0.0
        if media_type:
            found.append((media_type, quality))
    return found

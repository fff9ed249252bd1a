"""The note in a result's XMP that says what was done to the picture.

Form (ISO 16684-1, RDF/XML): a property ``opir:restorations``, an ordered list with one structure per restoration:
software, model, digest of the weights, settings. It holds no time and no place: the same work gives the same bytes.
"""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from xml.sax.saxutils import escape

from opir.imaging.safe_xmp import NAMESPACE

_LOG = logging.getLogger(__name__)

_EMPTY_PACKET = (
    b'<?xpacket begin="\xef\xbb\xbf" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    b"</rdf:RDF></x:xmpmeta>\n"
    b'<?xpacket end="w"?>'
)
_LIST_END = re.compile(rb"</(?:([\w.-]+):)?Seq>\s*</(?:[\w.-]+:)?restorations>")
_RDF_END = re.compile(rb"</(?:([\w.-]+):)?RDF\s*>")
_OWN_START, _OWN_END = b"<opir:restorations>", b"</opir:restorations>"
_PACKET_END = b"<?xpacket end"
_ABOUT = re.compile(rb"[\s:]about\s*=\s*[\"']([^\"'<>]*)[\"']")


@dataclass(frozen=True, kw_only=True)
class Record:
    """What was done to a picture."""

    software: str
    """Name and version."""
    model: str
    """Name and version."""
    weights_sha256: str
    """Digest of the model's files."""
    settings: str
    """As JSON, the same for settings that mean the same."""


def with_record(xmp: bytes | None, record: Record) -> bytes:
    """Return an XMP packet with the record added, behind those of earlier restorations.

    It takes the place of the white space that packets end with, as far as there is some. A packet without an RDF
    element in UTF-8 is returned as it is, with a warning in the log: it never fails the picture, and what somebody else
    wrote is worth more than the note.
    """
    packet = xmp or _EMPTY_PACKET
    if (end := _LIST_END.search(packet)) is not None:
        return _inserted(packet, end.start(), _item(record, _prefix(end)))
    ends = list(_RDF_END.finditer(packet))
    if not ends:
        _LOG.warning("the XMP packet holds no RDF element; what was done to the picture is not noted in it")
        return packet
    prefix, about = _prefix(ends[-1]), _ABOUT.search(packet)
    subject = about[1].decode("utf-8", "replace") if about else ""
    text = (
        f'<{prefix}Description {prefix}about="{subject}" xmlns:opir="{NAMESPACE}">'
        f"<opir:restorations><{prefix}Seq>{_item(record, prefix)}</{prefix}Seq></opir:restorations>"
        f"</{prefix}Description>"
    )
    return _inserted(packet, ends[-1].start(), text)


def without_records(xmp: bytes) -> bytes:
    """Return the packet without the list of records, if that is still as :func:`with_record` wrote it."""
    end = xmp.rfind(_OWN_END)
    start = xmp.rfind(_OWN_START, 0, max(end, 0))
    if start < 0:
        return xmp
    first, last = xmp.rfind(b"<", 0, start), xmp.find(b">", end + len(_OWN_END)) + 1
    around = (xmp[first:start], xmp[end + len(_OWN_END) : last])
    return xmp[:first] + xmp[last:] if all(b"Description" in tag and tag.endswith(b">") for tag in around) else xmp


def _item(record: Record, prefix: str) -> str:
    fields = {
        "software": record.software,
        "model": record.model,
        "weightsSha256": record.weights_sha256,
        "settings": record.settings,
    }
    body = "".join(f"<opir:{name}>{escape(value)}</opir:{name}>" for name, value in fields.items())
    return f'<{prefix}li xmlns:opir="{NAMESPACE}" {prefix}parseType="Resource">{body}</{prefix}li>'


def _prefix(match: re.Match[bytes]) -> str:
    return f"{match[1].decode()}:" if match[1] else ""


def _inserted(packet: bytes, position: int, text: str) -> bytes:
    added, rest = text.encode(), packet[position:]
    if (end := rest.rfind(_PACKET_END)) > 0:
        body = rest[:end].rstrip()
        n_spaces = end - len(body)
        rest = body + rest[len(body) : len(body) + max(min(n_spaces, 1), n_spaces - len(added))] + rest[end:]
    return packet[:position] + added + rest

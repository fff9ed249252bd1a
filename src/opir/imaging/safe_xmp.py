"""Keep of an XMP packet what describes the picture; drop places, serial numbers, faces, thumbnails, histories.

ISO 16684-1: RDF/XML, where a property is an attribute or an element of ``rdf:Description``; its value is a text or a
list (``rdf:Bag``, ``Seq``, ``Alt``) of texts. The packet is read, and a new one is written of nothing but the
properties in a list of what may stay: what nobody thought of cannot get through, wherever it was hidden.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from typing import Final
from xml.etree import ElementTree
from xml.etree.ElementTree import Element
from xml.sax.saxutils import escape, quoteattr

NAMESPACE: Final = "urn:opir:restoration:1"
"""Of the note that says what was done to a picture (:mod:`opir.imaging.restoration_record`)."""

RECORD_FIELDS: Final = ("software", "model", "weightsSha256", "settings")
"""The fields of that note."""

RDF: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"

_NAMESPACES: Final[Mapping[str, str]] = {
    "dc": "http://purl.org/dc/elements/1.1/",
    "xmp": "http://ns.adobe.com/xap/1.0/",
    "xmpRights": "http://ns.adobe.com/xap/1.0/rights/",
    "photoshop": "http://ns.adobe.com/photoshop/1.0/",
    "tiff": "http://ns.adobe.com/tiff/1.0/",
    "exif": "http://ns.adobe.com/exif/1.0/",
    "exifEX": "http://cipa.jp/exif/1.0/",
    "aux": "http://ns.adobe.com/exif/1.0/aux/",
    "opir": NAMESPACE,
}

SAFE_PROPERTIES: Final[Mapping[str, frozenset[str]]] = {
    "dc": frozenset({"title", "description", "creator", "rights", "subject", "format", "type", "language", "date"}),
    "xmp": frozenset({"CreateDate", "ModifyDate", "MetadataDate", "CreatorTool", "Rating", "Label"}),
    "xmpRights": frozenset({"Marked", "UsageTerms", "WebStatement"}),
    "photoshop": frozenset({"Headline", "Credit", "DateCreated", "AuthorsPosition", "CaptionWriter"}),
    "tiff": frozenset({"Make", "Model", "Orientation", "Software", "Artist", "Copyright", "ImageDescription"}),
    "exif": frozenset(
        {
            *("ExposureTime", "FNumber", "ExposureProgram", "ISOSpeedRatings", "DateTimeOriginal", "DateTimeDigitized"),
            *("ShutterSpeedValue", "ApertureValue", "BrightnessValue", "ExposureBiasValue", "MaxApertureValue"),
            *("SubjectDistance", "MeteringMode", "LightSource", "Flash", "FocalLength", "ColorSpace", "SensingMethod"),
            *("CustomRendered", "ExposureMode", "WhiteBalance", "DigitalZoomRatio", "FocalLengthIn35mmFilm"),
            *("SceneCaptureType", "GainControl", "Contrast", "Saturation", "Sharpness", "ExifVersion"),
        }
    ),
    "exifEX": frozenset({"PhotographicSensitivity", "LensMake", "LensModel", "LensSpecification", "SensitivityType"}),
    "aux": frozenset({"Lens", "LensInfo"}),
    "opir": frozenset({"restorations"}),
}
"""Prefix of the namespace: the properties that may stay."""

_LOG = logging.getLogger(__name__)
_PREFIXES: Final = {name: prefix for prefix, name in _NAMESPACES.items()}
_LISTS: Final = ("Bag", "Seq", "Alt")
_LANGUAGE: Final = "{http://www.w3.org/XML/1998/namespace}lang"
_MAX_BYTES: Final = 16 * 1024**2


def safe_xmp(xmp: bytes) -> bytes | None:
    """A packet with only the properties of :data:`SAFE_PROPERTIES`; None if none is left or it cannot be read."""
    if len(xmp) > _MAX_BYTES or b"<!" in xmp.replace(b"<!--", b""):  # XMP has no use for entities, attackers have
        _LOG.warning("the XMP packet is oversized or declares entities and was left out")
        return None
    try:
        root = ElementTree.fromstring(_without_padding(xmp))
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        _LOG.warning("the XMP packet is damaged and was left out (%s)", error)
        return None
    kept: dict[str, str] = {}
    for description in root.iter(f"{{{RDF}}}Description"):
        for name, text in _properties(description):
            kept.setdefault(name, text)
    if not kept:
        return None
    spaces = "".join(f' xmlns:{prefix}="{_NAMESPACES[prefix]}"' for prefix in sorted({n.split(":")[0] for n in kept}))
    body = "".join(kept.values())
    return (
        f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="{RDF}">'
        f'<rdf:Description rdf:about=""{spaces}>{body}</rdf:Description></rdf:RDF></x:xmpmeta>'
    ).encode()


def _without_padding(xmp: bytes) -> bytes:
    """The packet without what may stand behind its last tag: blanks, and a zero that some writers add."""
    return xmp[: xmp.rfind(b">") + 1]


def _properties(description: Element) -> Iterator[tuple[str, str]]:
    """Yield (prefixed name, XML) of the properties that may stay."""
    for key, value in description.attrib.items():
        name = _safe_name(key)
        if name is not None:
            yield name, f"<{name}>{escape(value)}</{name}>"
    for element in description:
        name = _safe_name(element.tag)
        if name is not None:
            content = _own(element) if name.startswith("opir:") else _value(element)
            if content:
                yield name, f"<{name}>{content}</{name}>"


def _safe_name(key: str) -> str | None:
    namespace, _, name = key.removeprefix("{").rpartition("}")
    prefix = _PREFIXES.get(namespace)
    return f"{prefix}:{name}" if prefix is not None and name in SAFE_PROPERTIES[prefix] else None


def _value(element: Element) -> str:
    """A text, or a list of texts; nothing else, so that nothing hides in a structure."""
    for child in element:
        kind = child.tag.removeprefix(f"{{{RDF}}}")
        if kind in _LISTS:
            items = "".join(f"<rdf:li{_language(item)}>{escape(item.text or '')}</rdf:li>" for item in child)
            return f"<rdf:{kind}>{items}</rdf:{kind}>"
    return escape((element.text or "").strip())


def _language(item: Element) -> str:
    language = item.get(_LANGUAGE)
    return "" if language is None else f" xml:lang={quoteattr(language)}"


def _own(element: Element) -> str:
    """The list of restorations: structures of texts, written by this package."""
    items = ""
    for item in element.iter(f"{{{RDF}}}li"):
        fields = ""
        for field in item:
            name = field.tag.removeprefix(f"{{{NAMESPACE}}}")
            if name in RECORD_FIELDS:
                fields += f"<opir:{name}>{escape(field.text or '')}</opir:{name}>"
        items += f'<rdf:li rdf:parseType="Resource">{fields}</rdf:li>'
    return f"<rdf:Seq>{items}</rdf:Seq>"

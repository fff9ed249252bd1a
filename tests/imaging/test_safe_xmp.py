"""``safe`` keeps of XMP what describes the picture, and nothing that tells where it was taken or by whose camera."""

from __future__ import annotations

import logging
from xml.etree import ElementTree

import pytest

from opir.imaging.restoration_record import Record, with_record
from opir.imaging.safe_xmp import safe_xmp

RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
DC = "{http://purl.org/dc/elements/1.1/}"
PACKET = b"""<?xpacket begin="\xef\xbb\xbf" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="uuid:SECRET" xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:Rating="4"
 xmlns:exif="http://ns.adobe.com/exif/1.0/" exif:GPSLatitude="SECRET" exif:FNumber="28/10"
 xmlns:aux="http://ns.adobe.com/exif/1.0/aux/" aux:SerialNumber="SECRET" aux:Lens="50mm &lt;f/1.8&gt;"
 xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/" photoshop:City="SECRET">
 <dc:title xmlns:dc="http://purl.org/dc/elements/1.1/"><rdf:Alt><rdf:li xml:lang="de">Stra\xc3\x9fe</rdf:li>
 </rdf:Alt></dc:title>
 <dc:subject xmlns:dc="http://purl.org/dc/elements/1.1/"><rdf:Bag><rdf:li>rain<hidden>SECRET</hidden></rdf:li>
 <rdf:li>street</rdf:li></rdf:Bag></dc:subject>
 <dc:creator xmlns:dc="http://purl.org/dc/elements/1.1/" rdf:parseType="Resource"><place>SECRET</place></dc:creator>
 <mwg-rs:Regions xmlns:mwg-rs="http://www.metadataworkinggroup.com/schemas/regions/">SECRET</mwg-rs:Regions>
 <xmp:Thumbnails>SECRET</xmp:Thumbnails>
</rdf:Description></rdf:RDF></x:xmpmeta>
<?xpacket end="w"?>"""


def test_what_describes_stays_and_the_rest_goes():
    safe = safe_xmp(PACKET)
    assert b"SECRET" not in safe
    root = ElementTree.fromstring(safe)
    assert [item.text for item in root.iter(f"{RDF}li")] == ["Straße", "rain", "street"]
    assert root.find(f".//{DC}title/{RDF}Alt/{RDF}li").get("{http://www.w3.org/XML/1998/namespace}lang") == "de"
    assert root.find(".//{http://ns.adobe.com/xap/1.0/}Rating").text == "4"
    assert root.find(".//{http://ns.adobe.com/exif/1.0/aux/}Lens").text == "50mm <f/1.8>"
    assert root.find(".//{http://ns.adobe.com/exif/1.0/}FNumber").text == "28/10"


def test_filtering_again_changes_nothing():
    assert safe_xmp(safe_xmp(PACKET)) == safe_xmp(PACKET)


def test_the_note_of_earlier_restorations_stays():
    record = Record(software="opir 1 <&>", model="base 2", weights_sha256="ab", settings='{"a":1}')
    safe = safe_xmp(with_record(PACKET, record))
    twice = with_record(safe, record)
    root = ElementTree.fromstring(twice)
    assert [each.text for each in root.iter("{urn:opir:restoration:1}software")] == ["opir 1 <&>"] * 2
    assert b"SECRET" not in twice


@pytest.mark.parametrize(
    "packet",
    [
        b"",
        b"nonsense",
        b"<x:xmpmeta>",
        b'<!DOCTYPE x [<!ENTITY a "aaaa">]><x>&a;</x>',
        "<x>ß</x>".encode("latin-1"),
        b"\xff\xfe<\0",
    ],
)
def test_damaged_and_hostile_packets_are_left_out(packet, caplog):
    with caplog.at_level(logging.WARNING):
        assert safe_xmp(packet) is None
    assert "left out" in caplog.text


def test_nothing_left_is_no_packet():
    assert safe_xmp(b"<x><secret/></x>") is None

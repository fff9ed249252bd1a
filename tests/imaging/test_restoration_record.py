"""The note of what was done is well-formed, readable, and leaves everything else alone."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

import opir
from fake_engine import FakeEngine
from opir.imaging import Metadata, Photo, encode_photo, read_photo
from opir.imaging.restoration_record import Record, with_record, without_records
from opir.imaging.safe_xmp import NAMESPACE
from opir.runtime.restore import Restorer
from opir.runtime.settings import RestoreSettings

RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
RECORD = Record(software="opir 1 <&>", model="base 2", weights_sha256="ab" * 32, settings='{"strength":1.0}')

FOREIGN = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    b'<r:Description r:about="uuid:7" xmlns:dc="http://purl.org/dc/elements/1.1/" dc:format="image/png"/>'
    b"</r:RDF ></x:xmpmeta>"
)


def records(xmp: bytes) -> list[dict[str, str]]:
    """Read the notes the way any RDF reader would."""
    root = ElementTree.fromstring(xmp[xmp.index(b"<x:xmpmeta") : xmp.rindex(b">") + 1].split(b"<?xpacket end")[0])
    items = root.findall(f".//{{{NAMESPACE}}}restorations/{RDF}Seq/{RDF}li")
    return [{child.tag.removeprefix(f"{{{NAMESPACE}}}"): child.text or "" for child in item} for item in items]


def test_a_new_packet() -> None:
    (found,) = records(with_record(None, RECORD))
    assert found == {
        "software": "opir 1 <&>",
        "model": "base 2",
        "weightsSha256": "ab" * 32,
        "settings": '{"strength":1.0}',
    }


def test_what_others_wrote_stays() -> None:
    noted = with_record(FOREIGN, RECORD)
    assert b'dc:format="image/png"' in noted
    assert len(records(noted)) == 1
    subjects = {each.get(f"{RDF}about") for each in ElementTree.fromstring(noted).iter(f"{RDF}Description")}
    assert subjects == {"uuid:7"}, "one packet speaks of one thing"


def test_a_second_restoration_is_added_in_order() -> None:
    twice = with_record(
        with_record(FOREIGN, RECORD), Record(software="later", model="", weights_sha256="", settings="")
    )
    assert [each["software"] for each in records(twice)] == ["opir 1 <&>", "later"]


def test_a_packet_that_cannot_be_read_stays(caplog: pytest.LogCaptureFixture) -> None:
    packet = "<rdf:RDF></rdf:RDF>".encode("utf-16")
    with caplog.at_level(logging.WARNING):
        assert with_record(packet, RECORD) == packet
    assert "no RDF element" in caplog.text


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".tif"])
def test_the_file_says_what_was_done(tmp_path: Path, suffix: str) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (20, 30, 3), np.uint8)
    restorer, settings = Restorer.from_engine(FakeEngine()), RestoreSettings(strength=0.25)
    restorer.restore(Photo(pixels=pixels, metadata=Metadata(xmp=FOREIGN)), settings=settings).save(
        tmp_path / f"a{suffix}"
    )
    xmp = read_photo(tmp_path / f"a{suffix}").metadata.xmp
    assert xmp is not None
    (found,) = records(xmp)
    assert found["software"] == f"opir {opir.__version__}"
    assert found["weightsSha256"] == restorer.spec.fingerprint
    assert json.loads(found["settings"])["strength"] == 0.25
    assert b"image/png" in xmp


def test_no_record_on_request_and_never_when_stripped() -> None:
    restorer, pixels = Restorer.from_engine(FakeEngine()), np.zeros((8, 8, 3), np.uint8)
    for settings in (RestoreSettings(record=False), RestoreSettings(metadata="strip")):
        assert restorer.restore(pixels, settings=settings).photo.metadata.xmp is None


def padded(n_spaces: int, text: bytes = b"") -> bytes:
    """A packet as editors write it: white space at its end, to be changed in place."""
    body = FOREIGN.replace(b"image/png", b"image/png" + text)
    return b'<?xpacket begin=""?>' + body + b" " * n_spaces + b'<?xpacket end="w"?>'


@pytest.mark.parametrize("n_spaces", [0, 1, 100, 2000])
def test_the_note_takes_the_place_of_padding(n_spaces: int) -> None:
    noted = with_record(padded(n_spaces), RECORD)
    grown = len(with_record(padded(0), RECORD)) - len(padded(0))
    assert len(noted) == len(padded(0)) + grown + max(min(n_spaces, 1), n_spaces - grown)
    assert len(records(noted)) == 1
    assert noted.endswith(b'<?xpacket end="w"?>')


def test_the_notes_can_be_taken_out_again() -> None:
    later = Record(software="later", model="", weights_sha256="", settings="")
    assert without_records(with_record(with_record(padded(0), RECORD), later)) == padded(0)
    for foreign in (b"", FOREIGN, b"</opir:restorations>", b"<opir:restorations></opir:restorations>"):
        assert without_records(foreign) == foreign


def test_a_packet_that_just_fits_into_a_jpeg_loses_the_note_and_nothing_else(caplog: pytest.LogCaptureFixture) -> None:
    full = padded(0, b"x" * (65_400 - len(padded(0))))
    photo = Photo(pixels=np.zeros((8, 8, 3), np.uint8), metadata=Metadata(xmp=with_record(full, RECORD)))
    assert read_photo(encode_photo(photo, "JPEG")).metadata.xmp == full
    assert "left out" in caplog.text
    assert len(records(read_photo(encode_photo(photo, "PNG")).metadata.xmp or b"")) == 1

"""A picture in, a picture out: pixels, formats, what comes with it."""

from __future__ import annotations

import base64
import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import fields

import numpy as np
import pytest
from PIL import Image

from fake_engine import FakeEngine
from opir.analysis.analyze import analyze
from opir.imaging import colour_uncertainty, draw_heat_map
from opir.runtime.restore import Restorer
from opir.runtime.settings import RestoreSettings
from opir.server.options import OPTIONS

pytestmark = pytest.mark.anyio

PNG = {"content-type": "image/png"}


@pytest.fixture
def restorer() -> Restorer:
    return Restorer.from_engine(FakeEngine(), tile=0)


async def test_a_raw_body_is_restored(serving, picture, pixels_of, restorer: Restorer) -> None:
    async with serving() as (client, _):
        response = await client.post("/v1/restore", content=picture(), headers=PNG)
    assert response.status_code == 200
    assert response.headers["content-type"] == "image/png"
    assert response.headers["content-disposition"] == 'inline; filename="restored.png"'
    expected = restorer.restore(picture())
    np.testing.assert_array_equal(pixels_of(response.content), expected.image)
    assert json.loads(response.headers["x-opir-found"]) == pytest.approx(dict(expected.found))
    assert float(response.headers["x-opir-expected-error"]) == pytest.approx(expected.expected_error, abs=1e-3)
    report = json.loads(response.headers["x-opir-report"])
    assert (report["model"], report["width"], report["height"]) == ("fake", 30, 21)


async def test_a_form_gives_the_same(serving, picture) -> None:
    async with serving() as (client, _):
        raw = await client.post("/v1/restore", content=picture(), headers=PNG)
        form = await client.post("/v1/restore", files={"anything": ("x.png", picture(), "text/plain")})
        untyped = await client.post("/v1/restore", content=picture())
    assert raw.content == form.content == untyped.content


@pytest.mark.parametrize(
    ("query", "settings"),
    [
        ({"task": "noise"}, RestoreSettings(task=("noise",))),
        ({"task": ["noise", "haze"]}, RestoreSettings(task=("noise", "haze"))),
        ({"strength": "0.25"}, RestoreSettings(strength=0.25)),
        ({"effort": "balanced"}, RestoreSettings(effort="balanced")),
        ({"max_uncertainty": "5"}, RestoreSettings(max_uncertainty=5.0)),
        ({"format": "bmp"}, RestoreSettings(format="BMP")),
        ({"format": "JPEG", "quality": "30"}, RestoreSettings(format="JPEG", quality=30)),
        ({"record": "false"}, RestoreSettings(record=False)),
        ({"metadata": "strip"}, RestoreSettings(metadata="strip")),
        ({"metadata": "keep"}, RestoreSettings(metadata="keep")),
    ],
)
async def test_options_are_those_of_the_library(serving, picture, restorer, query, settings) -> None:
    settings = RestoreSettings(**{**vars(settings), "metadata": query.get("metadata", "safe")})
    async with serving() as (client, _):
        response = await client.post("/v1/restore", content=picture(), params=query)
    assert response.content == restorer.restore(picture(), settings=settings).encode()
    assert json.loads(response.headers["x-opir-report"])["settings_sha256"] == settings.sha256


def test_every_setting_is_an_option() -> None:
    assert {field.name for field in fields(RestoreSettings)} | {"return"} == OPTIONS


@pytest.mark.parametrize(
    ("accept", "source", "expected"),
    [
        (None, "JPEG", "image/jpeg"),
        ("*/*", "WEBP", "image/webp"),
        ("image/*", "BMP", "image/bmp"),
        ("image/webp", "PNG", "image/webp"),
        ("image/png;q=0.5, image/tiff", "JPEG", "image/tiff"),
        ("image/jxl, image/jpeg;q=0.4, */*;q=0.1", "PNG", "image/jpeg"),
        ("text/html, */*;q=0.1", "PNG", "image/png"),
    ],
)
async def test_accept_chooses_the_format(serving, picture, accept, source, expected) -> None:
    async with serving() as (client, _):
        client.headers.pop("accept")
        headers = {} if accept is None else {"accept": accept}
        response = await client.post("/v1/restore", content=picture(source), headers=headers)
    assert response.headers["content-type"] == expected
    with Image.open(io.BytesIO(response.content)) as image:
        assert Image.MIME.get(image.format) in (expected, "image/x-portable-anymap")


async def test_the_query_wins_over_accept(serving, picture) -> None:
    async with serving() as (client, _):
        response = await client.post(
            "/v1/restore", content=picture(), params={"format": "PNG"}, headers={"accept": "image/jpeg"}
        )
    assert response.headers["content-type"] == "image/png"


async def test_nothing_acceptable(serving, picture) -> None:
    async with serving() as (client, _):
        response = await client.post("/v1/restore", content=picture(), headers={"accept": "image/jxl, text/html;q=0"})
    assert response.status_code == 406
    assert response.json()["error"]["kind"] == "not_acceptable"


async def test_json_holds_everything(serving, picture, pixels_of, restorer) -> None:
    async with serving() as (client, _):
        response = await client.post(
            "/v1/restore", content=picture("JPEG"), params={"return": "json"}, headers={"accept": "application/json"}
        )
    assert response.headers["content-type"] == "application/json"
    document, expected = response.json(), restorer.restore(picture("JPEG"))
    assert document["picture"]["media_type"] == "image/jpeg"
    with Image.open(io.BytesIO(base64.b64decode(document["picture"]["data"]))) as image:
        assert (image.format, image.size) == ("JPEG", (30, 21))
    heat = pixels_of(base64.b64decode(document["uncertainty"]["data"]))
    maximum = document["uncertainty"]["maximum"]
    np.testing.assert_array_equal(heat, colour_uncertainty(expected.uncertainty, maximum=maximum))
    assert document["found"] == pytest.approx(dict(expected.found))
    assert document["expected_error"] == pytest.approx(expected.expected_error)
    assert document["report"]["model_version"] == "1.2.3"
    assert document["report"]["notes"] == []


async def test_zip_holds_picture_map_and_report(serving, picture, pixels_of, restorer) -> None:
    async with serving() as (client, _):
        response = await client.post("/v1/restore", content=picture(), params={"return": "zip"})
    assert response.headers["content-type"] == "application/zip"
    expected = restorer.restore(picture())
    with zipfile.ZipFile(io.BytesIO(response.content)) as archive:
        assert archive.namelist() == ["restored.png", "uncertainty.png", "report.json"]
        np.testing.assert_array_equal(pixels_of(archive.read("restored.png")), expected.image)
        np.testing.assert_array_equal(pixels_of(archive.read("uncertainty.png")), draw_heat_map(expected.uncertainty))
        report = json.loads(archive.read("report.json"))
    assert report["report"]["settings_sha256"] == RestoreSettings(metadata="safe").sha256
    assert set(report) == {"found", "expected_error", "uncertainty_maximum", "report"}


async def test_places_do_not_leave_the_server_unless_asked_for(serving, picture: Callable[..., bytes]) -> None:
    exif = Image.Exif()
    exif[0x010F] = "Maker"
    exif.get_ifd(0x8825)[1] = "N"
    data = picture("JPEG", exif=exif.tobytes())
    async with serving() as (client, _):
        safe = await client.post("/v1/restore", content=data)
        kept = await client.post("/v1/restore", content=data, params={"metadata": "keep"})
    for response, places in ((safe, {}), (kept, {1: "N"})):
        with Image.open(io.BytesIO(response.content)) as image:
            assert image.getexif()[0x010F] == "Maker"
            assert dict(image.getexif().get_ifd(0x8825)) == places


async def test_analyze_says_what_is_believed_and_how_strong_it_is(serving, picture, restorer) -> None:
    async with serving() as (client, _):
        response = await client.post("/v1/analyze", content=picture("JPEG", quality=63))
    expected = analyze(picture("JPEG", quality=63), restorer)
    assert expected.jpeg_quality == 63
    assert response.json() == json.loads(json.dumps(expected.entries()))


async def test_analyze_has_no_options(serving, picture) -> None:
    async with serving() as (client, _):
        response = await client.post("/v1/analyze", content=picture(), params={"strength": 1})
    assert response.status_code == 422
    assert "no option 'strength'" in response.json()["error"]["message"]

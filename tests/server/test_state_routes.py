"""Health, counts, the description and the page."""

from __future__ import annotations

import json
import logging

import pytest
from prometheus_client.parser import text_string_to_metric_families

import opir
from opir.server import page_files, schemas
from opir.server.documentation import PICTURE_ERRORS

pytestmark = pytest.mark.anyio


async def test_alive_and_ready(serving) -> None:
    async with serving() as (client, service):
        assert (await client.get("/healthz")).text == "ok\n"
        assert (await client.get("/readyz")).text == "ready\n"
        service.is_ready = False
        assert (await client.get("/readyz")).status_code == 503


async def test_every_answer_has_the_headers(serving, picture) -> None:
    async with serving() as (client, _):
        answers = [
            await client.get("/"),
            await client.get("/nothing"),
            await client.get("/healthz", headers={"host": "evil.example"}),
            await client.post("/v1/restore", content=picture()),
            await client.post("/v1/restore", content=b"x"),
        ]
    for answer in answers:
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["content-security-policy"].startswith(
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'"
        )


async def test_counts(serving, picture) -> None:
    async with serving() as (client, _):
        await client.post("/v1/restore", content=picture())
        await client.post("/v1/restore", content=b"x")
        await client.get("/v1/jobs/a-secret-id")
        response = await client.get("/metrics")
    assert response.headers["content-type"].startswith("text/plain; version=")
    found = {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(response.text)
        for sample in family.samples
    }
    assert found["opir_requests_total", "/v1/restore", "200", "POST"] == 1
    assert found["opir_requests_total", "/v1/restore", "422", "POST"] == 1
    assert found["opir_pixels_total",] == 21 * 30
    assert found["opir_waiting",] == found["opir_running",] == found["opir_jobs",] == 0
    assert "secret" not in response.text


async def test_the_log_has_neither_names_nor_ids(serving, picture, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        async with serving() as (client, _):
            await client.post("/v1/restore", files={"file": ("holiday.png", picture())}, params={"strength": "0.25"})
            await client.get("/v1/jobs/a-secret-id")
    lines = [record.getMessage() for record in caplog.records if record.name == "opir.server"]
    assert lines[0].startswith("POST /v1/restore 200 ")
    assert lines[1].startswith("GET /v1/jobs/{job_id} 404 ")
    assert "holiday" not in "".join(lines)
    assert "0.25" not in "".join(lines)


async def test_what_serves_here(serving) -> None:
    async with serving(max_megapixels=5.0) as (client, _):
        about = (await client.get("/v1/about")).json()
    assert about["opir_version"] == opir.__version__
    assert about["tasks"] == ["noise", "rain", "haze"]
    assert (about["max_megapixels"], about["max_body_bytes"]) == (5.0, 64 * 1024**2)


async def test_the_description_is_complete(serving) -> None:
    async with serving() as (client, _):
        document = (await client.get("/openapi.json")).json()
        for path in ("/docs", "/redoc"):  # FastAPI's pages load scripts from elsewhere
            assert (await client.get(path)).status_code == 404
    assert set(document["paths"]) == {
        "/v1/restore",
        "/v1/analyze",
        "/v1/jobs",
        "/v1/jobs/{job_id}",
        "/v1/jobs/{job_id}/events",
        "/v1/jobs/{job_id}/result",
        "/v1/about",
        "/healthz",
        "/readyz",
        "/metrics",
    }
    restore = document["paths"]["/v1/restore"]["post"]
    assert {"image/png", "image/jpeg", "multipart/form-data"} <= set(restore["requestBody"]["content"])
    assert {str(status) for status in PICTURE_ERRORS} < set(restore["responses"])
    assert restore["responses"]["413"]["content"]["application/json"]["example"]["error"]["kind"] == "body_too_large"
    assert "image/png" in restore["responses"]["200"]["content"]
    metadata = next(entry for entry in restore["parameters"] if entry["name"] == "metadata")
    assert metadata["schema"]["enum"] == ["keep", "safe", "strip"]
    assert metadata["schema"]["default"] == "safe"


async def test_every_answer_in_json_has_an_example_of_its_shape(serving) -> None:
    async with serving(token="correct-horse-battery") as (client, _):
        headers = {"authorization": "Bearer correct-horse-battery"}
        document = (await client.get("/openapi.json", headers=headers)).json()
    n_seen = 0
    for path, operations in document["paths"].items():
        for operation in operations.values():
            assert {"403", "421"} <= set(operation["responses"]), path  # whatever is asked, by whatever name
            for status, response in operation["responses"].items():
                for media_type, content in response.get("content", {}).items():
                    if media_type == "application/json":
                        model = getattr(schemas, content["schema"]["$ref"].rpartition("/")[2])
                        model.model_validate_json(json.dumps(content["example"]), extra="forbid")
                        assert ("error" in content["example"]) == (int(status) >= 400), (path, status)
                        n_seen += 1
    assert n_seen > 40
    assert "HTTPValidationError" not in document["components"]["schemas"]  # the framework's shape, which is never sent


@pytest.mark.parametrize("path", ["/", "/app.js", "/healthz", "/readyz"])
async def test_what_is_looked_at_answers_head_too(serving, path: str) -> None:
    async with serving() as (client, _):
        head, full = await client.head(path), await client.get(path)
        refused = await client.put(path)
    assert head.status_code == 200
    assert head.headers["content-length"] == full.headers["content-length"] != "0"
    assert refused.headers["allow"] == "GET, HEAD"


async def test_the_page_is_what_lies_in_its_folder(serving, tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "page"
    (folder / "nested").mkdir(parents=True)
    contents = {"index.html": "<!doctype html>", "app.js": "1", "style.css": "a{}", "notes.py": "secret", ".env": "s"}
    for name, text in contents.items():
        (folder / name).write_text(text)
    (tmp_path / "outside.txt").write_text("secret")
    monkeypatch.setattr(page_files, "files", lambda package: tmp_path)
    async with serving() as (client, _):
        index, script, style = [await client.get(path) for path in ("/", "/app.js", "/style.css")]
        assert index.headers["content-type"] == "text/html; charset=utf-8"
        assert script.headers["content-type"] == "text/javascript; charset=utf-8"
        assert style.text == "a{}"
        for path in ("/notes.py", "/.env", "/nested", "/%2e%2e/outside.txt", "/..%2foutside.txt", "/outside.txt"):
            assert (await client.get(path)).status_code == 404


async def test_there_is_a_page(serving) -> None:
    async with serving() as (client, _):
        response = await client.get("/")
    assert response.status_code == 200
    assert response.text.startswith("<!doctype html>")

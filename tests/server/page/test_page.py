"""The page in a real browser, against a real server with a tiny model."""

from __future__ import annotations

import io
import os
import re
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import httpx
import numpy as np
import pytest
from PIL import Image

from headless_browser import KEYS, Browser, started, stop

pytestmark = pytest.mark.slow

GRAY = (90, 120, 150)
DONE = "document.querySelectorAll('#strip li[data-state=done]').length === arguments[0]"
Words = Callable[..., list[str]]


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A picture of one colour, larger than the stage is wide."""
    path = tmp_path / "photo.png"
    Image.new("RGB", (400, 300), GRAY).save(path)
    return path


@pytest.fixture
def noisy(tmp_path: Path) -> Path:
    path = tmp_path / "noisy.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (60, 80, 3), np.uint8)).save(path)
    return path


def restored(browser: Browser, server: str, *files: Path) -> None:
    """Open the page and wait until the files are restored."""
    browser.open(server)
    browser.wait("document.querySelector('.chip')")
    browser.choose(*files)
    browser.wait(DONE, len(files))
    browser.wait("document.querySelector('#facts').textContent.includes('Correction')")


def pixel(browser: Browser, share: float) -> np.ndarray:
    """The colour on the screen at a share of the photo's width, below the middle, away from labels and handle."""
    left, width, top, height = browser.run(
        "const s = document.querySelector('#stage').getBoundingClientRect();"
        "const i = document.querySelector('#under').getBoundingClientRect();"
        "return [i.left, i.width, s.top, s.height]"
    )
    picture = Image.open(io.BytesIO(browser.screenshot())).convert("RGB")
    return np.array(picture.getpixel((round(left + share * width), round(top + 0.8 * height))), dtype=float)


def value(browser: Browser) -> int:
    return int(browser.run("return document.querySelector('#divider').getAttribute('aria-valuenow')"))


def pixels_of(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image)


def test_the_divider_uncovers_the_restored_photo(
    browser: Browser, server: str, photo: Path, model: Path, opir: Words, tmp_path: Path
) -> None:
    subprocess.run(opir("restore", photo, "-o", tmp_path / "out.png", "--model", model, "--threads", 1), check=True)
    changed = pixels_of(tmp_path / "out.png")[250, 200].astype(float)
    assert np.abs(changed - GRAY).max() > 5  # otherwise the screen could not tell them apart
    restored(browser, server, photo)
    assert value(browser) == 50
    assert np.abs(pixel(browser, 0.3) - GRAY).max() <= 1
    assert np.abs(pixel(browser, 0.7) - changed).max() <= 1

    left, right = browser.box("#under")["x"], browser.box("#under")["x"] + browser.box("#under")["width"]
    start = browser.middle("#divider")
    browser.drag(start, (left + 0.2 * (right - left), start[1]))
    assert abs(value(browser) - 20) <= 1
    assert np.abs(pixel(browser, 0.3) - changed).max() <= 1

    browser.type("#divider", KEYS["end"])
    assert value(browser) == 100
    assert np.abs(pixel(browser, 0.7) - GRAY).max() <= 1
    browser.type("#divider", 3 * KEYS["left"])
    assert value(browser) == 97
    assert "97 % original" in browser.run("return document.querySelector('#divider').getAttribute('aria-valuetext')")
    browser.type("#divider", KEYS["home"])
    assert value(browser) == 0

    browser.type("#strength", 50 * KEYS["left"])
    assert browser.text("#strength-text") == "50 %"
    assert np.abs(pixel(browser, 0.7) - (changed + GRAY) / 2).max() <= 1.5


def test_the_download_is_what_the_command_line_writes(
    browser: Browser, server: str, noisy: Path, model: Path, opir: Words, tmp_path: Path
) -> None:
    restored(browser, server, noisy)
    browser.type("#strength", 30 * KEYS["left"])
    browser.click(".chip[data-task=rain]")
    browser.click(".chip[data-task=haze]")
    browser.run(
        "for (const [id, value] of [['format', 'TIFF'], ['metadata', 'strip']]) {"
        "const select = document.getElementById(id); select.value = value; select.dispatchEvent(new Event('change')) }"
    )
    assert browser.text("#output-text") == "TIFF, without information"
    browser.click("#download")
    output = browser.downloaded()
    assert output.name == "noisy-restored.tif"

    expected = tmp_path / "expected.tif"
    options = ["--strength", 0.7, "--task", "rain", "--task", "haze", "--metadata", "strip", "--threads", 1]
    subprocess.run(opir("restore", noisy, "-o", expected, "--model", model, *options), check=True)
    np.testing.assert_array_equal(pixels_of(output), pixels_of(expected))
    assert not np.array_equal(pixels_of(output), pixels_of(noisy))


def test_what_was_found(browser: Browser, server: str, noisy: Path) -> None:
    """Everything that the server answers is shown: bars for what it is somewhat sure of, a line for the rest."""
    restored(browser, server, noisy)
    analysis = httpx.post(f"{server}/v1/analyze", content=noisy.read_bytes(), timeout=60, trust_env=False).json()
    found = analysis["found"]
    browser.wait("document.querySelector('#found small')")
    shares = browser.run("return [...document.querySelectorAll('#found li :nth-child(2)')].map((e) => e.textContent)")
    bars = [int(re.findall(r"(\d+)\s% sure", text)[0]) for text in shares]
    rest = [int(text) for text in re.findall(r"(\d+)\s%", browser.text("#found-rest"))]
    assert bars + rest == sorted((round(100 * share) for share in found.values()), reverse=True)
    assert all(share >= 20 for share in bars)
    assert all(share <= 20 for share in rest)
    strengths = browser.run("return [...document.querySelectorAll('#found small')].map((e) => e.textContent)")
    measured = [
        name for name in found if found[name] >= 0.2 and analysis["strength"].get(name, {}).get("value") is not None
    ]
    assert len(strengths) == len(measured) > 0


def test_the_map_of_the_expected_error(browser: Browser, server: str, noisy: Path) -> None:
    restored(browser, server, noisy)
    assert browser.box("#legend")["height"] == 0
    browser.click("#uncertainty")
    ticks = [float(tick.rstrip("+")) for tick in browser.run("return [...ticks.children].map((e) => e.textContent)")]
    assert ticks[0] == 0
    assert ticks == sorted(set(ticks))
    assert "grey levels" in browser.text("#legend-text")
    browser.wait("document.querySelector('#heat').naturalWidth === 80")
    browser.type("#stage", "u")
    assert browser.box("#legend")["height"] == 0


def test_zoom_and_pan(browser: Browser, server: str, photo: Path) -> None:
    restored(browser, server, photo)
    fitted = browser.box("#under")
    browser.click("#full")
    assert (browser.box("#under")["width"], browser.text("#zoom")) == (400, "100 %")
    browser.type("#stage", "++++++++++")
    zoomed = browser.box("#under")
    assert zoomed["width"] == pytest.approx(400 * 1.25**10, rel=1e-3)
    x, y = browser.middle("#stage")
    browser.drag((x + 200, y + 100), (x + 140, y + 70))
    assert (browser.box("#under")["x"], browser.box("#under")["y"]) == pytest.approx(
        (zoomed["x"] - 60, zoomed["y"] - 30), abs=1
    )
    browser.type("#stage", KEYS["left"])
    assert browser.box("#under")["x"] == pytest.approx(zoomed["x"], abs=1)
    browser.type("#stage", "0")
    assert browser.box("#under") == fitted


def test_fingers(browser: Browser, server: str, photo: Path) -> None:
    browser.resize(400, 800)
    restored(browser, server, photo)
    x, y = browser.middle("#stage")
    browser.touch(((x, y), (x - 100, y)))  # the handle
    assert value(browser) == pytest.approx(25, abs=3)
    browser.touch(((x + 20, y + 60), (x + 100, y + 60)))  # the photo
    assert value(browser) == pytest.approx(75, abs=3)
    fitted = browser.box("#under")["width"]
    browser.touch(((x - 20, y + 60), (x - 60, y + 60)), ((x + 20, y + 60), (x + 60, y + 60)))
    assert browser.box("#under")["width"] == pytest.approx(3 * fitted, rel=0.1)


def test_a_text_file_with_the_name_of_a_picture(browser: Browser, server: str, noisy: Path, tmp_path: Path) -> None:
    name = "<img src=x onerror=alert(1)>.png"
    fake = tmp_path / name
    fake.write_text("no picture")
    browser.open(server)
    browser.choose(fake, noisy)
    browser.wait(DONE, 1)
    browser.wait("document.querySelector('#strip li[data-state=failed]')")
    assert browser.text("#failure-message").startswith("not a picture; expected a PNG, JPEG")
    assert browser.text("#photo-name") == name
    assert browser.run("return document.querySelector('#zoom').value") == "–"  # there is nothing to zoom
    assert "422" in browser.problems()[0]
    browser.click("#failure-remove")
    assert browser.text("#photo-name") == "noisy.png"
    assert browser.run("return document.activeElement.className") == "choose"


def test_a_file_that_is_too_large(browser: Browser, server: str, tmp_path: Path) -> None:
    large = tmp_path / "large.png"
    large.write_bytes(bytes(5 * 2**20))
    browser.open(server)
    browser.wait("document.querySelector('.chip')")
    browser.choose(large)
    browser.wait("document.querySelector('#strip li[data-state=failed]')")
    assert browser.text("#failure-message") == "The file has 5.0 MiB; this server takes at most 4.0 MiB."


def test_dropped_and_pasted_photos(browser: Browser, server: str, noisy: Path) -> None:
    browser.open(server)
    make = (
        "const canvas = document.createElement('canvas'); canvas.width = canvas.height = 20;"
        "canvas.getContext('2d').fillRect(0, 0, 9, 9);"
        "const data = new DataTransfer();"
        "data.items.add(new File([await new Promise((done) => canvas.toBlob(done))], arguments[0]));"
    )
    body = f"return (async () => {{ {make} %s }})()"
    browser.run(
        body.replace("arguments[0]", "'dropped.png'")
        % "for (const type of ['dragover', 'drop']) document.querySelector('#intro').dispatchEvent("
        "new DragEvent(type, { dataTransfer: data, bubbles: true, cancelable: true }))"
    )
    browser.run(
        body.replace("arguments[0]", "'pasted.png'")
        % "document.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data }))"
    )
    browser.wait(DONE, 2)
    assert browser.run("return [...document.querySelectorAll('.name')].map((e) => e.textContent)") == [
        "dropped.png",
        "pasted.png",
    ]


def test_cancel_and_try_again(browser: Browser, server: str, server_id: int, noisy: Path, photo: Path) -> None:
    browser.open(server)
    browser.wait("document.querySelector('.chip')")
    os.kill(server_id, signal.SIGSTOP)
    try:
        browser.choose(noisy, photo)
        browser.wait("document.querySelectorAll('#strip li[data-state=sending]').length === 2")
        browser.click("#busy-cancel")
        browser.wait("document.querySelectorAll('#strip li[data-state=cancelled]').length === 1")
        assert browser.text("#failure-title") == "Cancelled"
    finally:
        os.kill(server_id, signal.SIGCONT)
    browser.wait(DONE, 1)
    browser.click("#retry")
    browser.wait(DONE, 2)
    assert browser.text("#announcements").startswith("noisy.png is restored.")


def test_all_photos_are_saved_and_a_download_can_be_cancelled(
    browser: Browser, server: str, server_id: int, noisy: Path, photo: Path
) -> None:
    restored(browser, server, noisy, photo)
    browser.wait("!document.querySelector('#download-all').hidden")
    browser.type("#strength", 10 * KEYS["left"])  # so that the server has to make the file
    os.kill(server_id, signal.SIGSTOP)
    try:
        browser.click("#download")
        browser.wait("!document.querySelector('#download-cancel').hidden")
        assert browser.run("return document.querySelector('#download').disabled")
        browser.click("#download-cancel")
        browser.wait("document.querySelector('#download-state').textContent === 'Cancelled.'")
        assert browser.run("return document.activeElement.id") == "download"
    finally:
        os.kill(server_id, signal.SIGCONT)
    assert browser.box("#download-cancel")["height"] == 0
    browser.click("#download-all")
    browser.wait("document.querySelector('#download-state').textContent === '2 photos saved.'")
    browser.downloaded(2)
    assert sorted(path.name for path in browser.downloads.iterdir()) == ["noisy-restored.png", "photo-restored.png"]


def test_a_format_that_the_browser_cannot_show(browser: Browser, server: str, noisy: Path, tmp_path: Path) -> None:
    scan = tmp_path / "scan.tif"
    Image.open(noisy).save(scan)
    restored(browser, server, scan)
    assert "cannot show the file" in browser.text("#note")
    assert browser.run("return [before.naturalWidth, after.naturalWidth]") == [80, 80]
    browser.click("#download")
    with Image.open(browser.downloaded()) as image:
        assert (image.format, image.size) == ("TIFF", (80, 60))


def test_the_same_settings_for_all(browser: Browser, server: str, noisy: Path, photo: Path) -> None:
    restored(browser, server, noisy, photo)
    browser.click(".chip[data-task=noise]")
    browser.click("#same")
    browser.click("#strip li:nth-child(2) .choose")
    assert browser.run("return document.querySelector('.chip[data-task=noise]').ariaPressed") == "true"
    browser.wait(DONE, 2)


def test_the_effort(browser: Browser, server: str, noisy: Path, model: Path, opir: Words, tmp_path: Path) -> None:
    restored(browser, server, noisy)
    pressed = "return [...document.querySelectorAll('#efforts [aria-pressed=true]')].map((e) => e.textContent)"
    assert browser.run(pressed) == ["Best"]
    browser.click(".chip[data-effort=fast]")
    assert browser.run(pressed) == ["Fast"]
    browser.wait("document.querySelector('#report').textContent.includes('fast')")
    browser.click("#download")
    expected = tmp_path / "expected.png"
    subprocess.run(
        opir("restore", noisy, "-o", expected, "--effort", "fast", "--model", model, "--threads", 1), check=True
    )
    np.testing.assert_array_equal(pixels_of(browser.downloaded()), pixels_of(expected))


def test_a_server_that_asks_for_a_token(browser: Browser, model: Path, opir: Words, noisy: Path) -> None:
    token = "a-token-of-some-length"
    command = opir("serve", "--model", model, "--port", 0, "--threads", 1)
    process, url = started(command, r"(http://\S+)", stderr=subprocess.DEVNULL, env={**os.environ, "OPIR_TOKEN": token})
    try:
        browser.open(url)
        for typed in ("a-wrong-token-to-try", token):
            browser.wait(
                "document.querySelector('#token-dialog').open && document.querySelector('#token').value === ''"
            )
            browser.type("#token", typed + KEYS["enter"])
        browser.wait("document.querySelector('.chip')")
        assert all("401" in problem for problem in browser.problems())
        browser.choose(noisy)
        browser.wait(DONE, 1)
        browser.wait("document.querySelector('#found small')")
    finally:
        stop(process)


def test_colours_follow_the_system_until_somebody_chooses(browser: Browser, server: str) -> None:
    def background() -> object:
        return browser.run("return getComputedStyle(document.documentElement).backgroundColor")

    seen = []
    for scheme in ("light", "dark"):
        browser.devtools("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        browser.open(server)
        seen.append(background())
    light, dark = seen
    assert light != dark
    browser.click("#theme")
    assert background() == light
    browser.open(server)
    assert background() == light


@pytest.mark.parametrize("width", [360, 768, 1600])
def test_nothing_sticks_out(browser: Browser, server: str, noisy: Path, width: int) -> None:
    browser.resize(width, 800)
    browser.open(server)
    assert browser.run("return document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    restored(browser, server, noisy)
    browser.click("#uncertainty")
    assert browser.run("return document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    browser.click("#download")
    assert browser.downloaded().suffix == ".png"


def test_everything_that_can_be_used_has_a_name(browser: Browser, server: str, noisy: Path) -> None:
    restored(browser, server, noisy)
    browser.devtools("Accessibility.enable")
    nodes = browser.devtools("Accessibility.getFullAXTree")["nodes"]
    roles = {"button", "slider", "checkbox", "combobox", "spinbutton", "image", "dialog", "progressbar", "link"}
    names = [
        (node["role"]["value"], node.get("name", {}).get("value", ""))
        for node in nodes
        if not node["ignored"] and node["role"]["value"].lower() in roles
    ]
    assert len(names) > 15
    assert [role for role, name in names if not name.strip()] == []
    assert ("slider", "Divider between original and restored") in names


def test_the_keyboard_reaches_everything(browser: Browser, server: str, noisy: Path) -> None:
    restored(browser, server, noisy)
    browser.run("document.querySelector('.brand').focus()")
    reached = []
    for _ in range(40):
        browser.press(KEYS["tab"])
        reached.append(str(browser.run("return document.activeElement.id || document.activeElement.className")))
    expected = ["add", "theme", "stage", "divider", "zoom-in", "uncertainty", "choose", "strength", "chip", "download"]
    assert [name for name in expected if name not in reached] == []
    positions = [reached.index(name) for name in expected]
    assert positions == sorted(positions)


def test_nothing_is_asked_of_other_hosts(browser: Browser, server: str, noisy: Path) -> None:
    restored(browser, server, noisy)
    asked = browser.run("return performance.getEntriesByType('resource').map((entry) => entry.name)")
    assert len(asked) > 15
    assert [name for name in asked if not re.match(rf"{re.escape(server)}/|blob:{re.escape(server)}/", name)] == []

"""A headless Chromium, driven through chromedriver over the WebDriver protocol (W3C), which is JSON over HTTP."""

from __future__ import annotations

import base64
import json
import re
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # the key of element references in the standard
KEYS = {"left": "\ue012", "right": "\ue014", "home": "\ue011", "end": "\ue010", "tab": "\ue004", "enter": "\ue007"}
PATIENCE = 60.0

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
CHROMEDRIVER = shutil.which("chromedriver")


class Browser:
    """One tab of a headless browser."""

    def __init__(self, driver: str, profile: Path, downloads: Path) -> None:
        downloads.mkdir()
        self.downloads, self._driver, self._session = downloads, driver, ""
        arguments = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            f"--user-data-dir={profile}",
            "--window-size=1280,900",
        ]
        preferences = {
            "download.default_directory": str(downloads),
            "download.prompt_for_download": False,
            "profile.default_content_setting_values.automatic_downloads": 1,  # people are asked at the second one
        }
        wanted = {
            "goog:chromeOptions": {"binary": CHROMIUM, "args": arguments, "prefs": preferences},
            "goog:loggingPrefs": {"browser": "ALL"},
        }
        answer = self._call("POST", "/session", {"capabilities": {"alwaysMatch": wanted}})
        self._session = f"/session/{answer['sessionId']}"

    def close(self) -> None:
        self._call("DELETE", self._session)

    def open(self, url: str) -> None:
        self._call("POST", f"{self._session}/url", {"url": url})

    def run(self, script: str, *arguments: object) -> object:
        """Run the body of a function and return what it returns; promises are awaited."""
        return self._call("POST", f"{self._session}/execute/sync", {"script": script, "args": arguments})

    def wait(self, condition: str, *arguments: object) -> object:
        """Wait until an expression is true in the page and return it."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            if found := self.run(f"return {condition}", *arguments):
                return found
            time.sleep(0.05)
        page = self.run("return document.body.innerText")
        raise AssertionError(f"still not true: {condition}\n{self.problems()}\n{page}")

    def find(self, selector: str) -> str:
        answer = self._call("POST", f"{self._session}/element", {"using": "css selector", "value": selector})
        return answer[ELEMENT]

    def click(self, selector: str) -> None:
        self._call("POST", f"{self._session}/element/{self.find(selector)}/click", {})

    def type(self, selector: str, text: str) -> None:
        """Send text, keys of ``KEYS``, or to a file input the paths of files, one per line."""
        self._call("POST", f"{self._session}/element/{self.find(selector)}/value", {"text": text})

    def press(self, key: str) -> None:
        """Press a key wherever the focus is."""
        actions = [{"type": kind, "value": key} for kind in ("keyDown", "keyUp")]
        self._call("POST", f"{self._session}/actions", {"actions": [{"type": "key", "id": "keys", "actions": actions}]})

    def choose(self, *files: Path) -> None:
        self.type("#files", "\n".join(map(str, files)))

    def text(self, selector: str) -> str:
        return str(self.run("return document.querySelector(arguments[0]).textContent", selector))

    def drag(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        """Press the mouse at a point of the window, move, release."""
        self._point("mouse", (start, end))

    def touch(self, *fingers: tuple[tuple[float, float], tuple[float, float]]) -> None:
        """Put fingers on the window, move each from its first point to its second, lift them."""
        self._point("touch", *fingers)

    def _point(self, kind: str, *paths: tuple[tuple[float, float], tuple[float, float]]) -> None:
        press, release = ({"type": name, "button": 0} for name in ("pointerDown", "pointerUp"))

        def move(path: tuple[tuple[float, float], tuple[float, float]], share: float) -> dict[str, object]:
            x, y = (round(start + share * (end - start)) for start, end in zip(*path, strict=True))
            return {"type": "pointerMove", "duration": 50, "x": x, "y": y}

        pointers = [
            {
                "type": "pointer",
                "id": f"{kind}{number}",
                "parameters": {"pointerType": kind},
                "actions": [move(path, 0), press, *(move(path, step / 4) for step in range(1, 5)), release],
            }
            for number, path in enumerate(paths)
        ]
        self._call("POST", f"{self._session}/actions", {"actions": pointers})

    def box(self, selector: str) -> dict[str, float]:
        """Return x, y, width and height of an element in the window."""
        return self.run("return document.querySelector(arguments[0]).getBoundingClientRect().toJSON()", selector)  # type: ignore[return-value]

    def middle(self, selector: str) -> tuple[float, float]:
        box = self.box(selector)
        return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

    def devtools(self, command: str, **parameters: object) -> object:
        body = {"cmd": command, "params": parameters}
        return self._call("POST", f"{self._session}/goog/cdp/execute", body)

    def resize(self, width: int, height: int) -> None:
        """Give the page this size in CSS pixels."""
        self.devtools(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False
        )

    def screenshot(self) -> bytes:
        return base64.b64decode(str(self._call("GET", f"{self._session}/screenshot")))

    def problems(self) -> list[str]:
        """Return what the console complained about since the last call, blocked resources included."""
        entries = self._call("POST", f"{self._session}/se/log", {"type": "browser"})
        return [entry["message"] for entry in entries if entry["level"] in ("SEVERE", "WARNING")]

    def downloaded(self, count: int = 1) -> Path:
        """Wait until so many downloads are complete, and return the first by name."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            files = sorted(self.downloads.iterdir())
            if len(files) >= count and not any(
                path.suffix == ".crdownload" or path.name.startswith(".") for path in files
            ):
                return files[0]
            time.sleep(0.05)
        raise AssertionError(f"fewer than {count} downloads; the page says {self.text('#download-state')!r}")

    def _call(self, method: str, path: str, body: object = None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self._driver + path, data, {"content-type": "application/json"}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=2 * PATIENCE) as response:
                return json.load(response)["value"]
        except urllib.error.HTTPError as error:
            with error:
                raise AssertionError(error.read().decode()[:1000]) from None


def started(command: Sequence[str | Path], ready: str, **options: object) -> tuple[subprocess.Popen[str], str]:
    """Start a process and return it with what the group of ``ready`` finds in its output."""
    process = subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, text=True, **options)  # type: ignore[call-overload]
    for line in process.stdout:
        if found := re.search(ready, line):
            return process, found[1]
    raise AssertionError(f"{command[0]} ended with {process.wait()}")


def stop(process: subprocess.Popen[str]) -> None:
    process.terminate()
    process.wait(timeout=30)
    process.stdout.close()

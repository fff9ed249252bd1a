"""Things in a folder that are no ordinary files, and ordinary ones with names that are hard to print or to type."""

from __future__ import annotations

import os
from pathlib import Path

from hostile.seeds import saved

ODD_NAMES = (
    "two\nlines.png",
    "tab\there.png",
    "\x1b[2Jescape.png",
    "right\u202eto-left.png",
    "e\u0301 decomposed.png",
    "\u00e9 composed.png",
    "\U0001f600.png",
    "zero\u200bwidth.png",
    "-o.png",
    "--json.png",
    " leading and trailing .png",
    "quote'\"`$(id)`.png",
    "%s %d {0}.png",
    "back\\slash.png",
    "CON.png",
    "semi;colon&and|pipe.png",
    "[rich]markup[/rich].png",
    "dots...png",
    "UPPER.PNG",
    "x" * 250 + ".png",
)


def make_odd_names(folder: Path) -> list[Path]:
    """Write a sound picture under every odd name that the file system takes, and one in bytes that are no UTF-8."""
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    for name in (*ODD_NAMES, os.fsdecode(b"latin-\xe9.png"), os.fsdecode(b"\xff\xfe.png")):
        try:
            (folder / name).write_bytes(saved("RGB", "PNG"))
        except (OSError, UnicodeEncodeError):  # a file system with rules of its own
            continue
        made.append(folder / name)
    return made


def make_deep_path(folder: Path) -> Path:
    """Write a sound picture at a path of more than 3,000 characters below a folder."""
    here = folder
    for index in range(15):
        here = here / f"{index:02d}-{'d' * 200}"
    here.mkdir(parents=True)
    (here / "deep.png").write_bytes(saved("RGB", "PNG"))
    return here / "deep.png"


def make_odd_files(folder: Path) -> list[Path]:
    """Make what looks like a picture by its name and is no file, or leads nowhere; return all of it."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{name}.png" for name in ("pipe", "loop", "nowhere", "device", "endless", "itself", "folder")]
    pipe, loop, nowhere, device, endless, itself, inside = paths
    os.mkfifo(pipe)
    loop.symlink_to(loop)
    nowhere.symlink_to(folder / "missing.png")
    device.symlink_to("/dev/null")
    endless.symlink_to("/dev/zero")
    itself.symlink_to(folder, target_is_directory=True)
    inside.mkdir()
    (inside / "hidden behind a suffix.png").write_bytes(saved("RGB", "PNG"))
    return [pipe, loop, nowhere, device, endless]

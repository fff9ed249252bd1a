"""Draw the picture of the README: the degraded example photographs above, what comes back below.

    python benchmarks/before_after.py --examples examples --told dark=low_light -o examples/before_after.jpg

Restored blind, but for those that are told.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final

from PIL import Image

import opir
from opir.tasks import TASKS

NAMES: Final = ("rain", "haze", "noise", "dark")
SIDE: Final = 360
"""Of the square that is cut out of the middle [px]."""
GAP: Final = 8
"""White between the pictures [px]."""


def main() -> None:
    """Restore and draw."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--examples", type=Path, required=True, help="folder with rain.jpg, haze.jpg and so on")
    parser.add_argument("--model", default="base")
    parser.add_argument("--told", action="append", default=[], metavar="NAME=TASK", help="restore this one told")
    parser.add_argument("-o", "--output", type=Path, required=True)
    options = parser.parse_args()
    named = dict(text.split("=") for text in options.told)
    if unknown := set(named) - set(NAMES) | set(named.values()) - set(TASKS):
        parser.error(f"--told takes one of {', '.join(NAMES)} and one of {', '.join(TASKS)}; got {sorted(unknown)}")
    told = {name: TASKS[TASKS.index(task)] for name, task in named.items()}
    restorer = opir.Restorer(options.model)
    sheet = Image.new("RGB", (len(NAMES) * (SIDE + GAP) - GAP, 2 * SIDE + GAP), "white")
    for column, name in enumerate(NAMES):
        path = options.examples / f"{name}.jpg"
        result = restorer.restore(path, task=told.get(name))
        print(name, {task: round(weight, 2) for task, weight in result.found.items()})
        for row, picture in enumerate((Image.open(path).convert("RGB"), result.to_pil())):
            left, top = (picture.width - SIDE) // 2, (picture.height - SIDE) // 2
            square = picture.crop((left, top, left + SIDE, top + SIDE))
            sheet.paste(square, (column * (SIDE + GAP), row * (SIDE + GAP)))
    sheet.save(options.output, quality=92)


if __name__ == "__main__":
    main()

"""PSNR of weights in training beside each other, stage by stage, on the rows of benchmarks/development_sets.py.

What a run is worth, before anything is exported: a network alone, told the tasks of the row or blind, on the middle of
every picture, with the blur of the rows that have one undone first, as pictures are in use. The second trunk, smooth
haze, tones and tiles are not part of it, so that figures lie beside those of benchmarks/development_scores.py, not on
them. PSNR on RGB in dB, mean over pictures, results clipped and rounded to 8 bits.

    python benchmarks/compare_weights.py --data DEV --weights OLD.safetensors --weights RUN/model.safetensors
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from development_sets import FILES, DevelopmentSet, development_sets, middle
from opir.evaluation.scoring import score
from opir.model import RestorationNetwork, load_network
from opir.tasks import TASKS
from opir.training.undo_blur import UndoBlur, load_undo_blur

WHOLE_ROWS = ("SOTS",)
"""Rows whose pictures are judged as a whole: haze is thinner in their middle."""


def main() -> None:
    """Restore, score and print a table; stages of a row are separated by a slash."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of the development data")
    parser.add_argument("--weights", type=Path, action="append", required=True, help="weights or folder; repeatable")
    parser.add_argument("--kernels", default="base", help="model with the network that finds kernels")
    parser.add_argument("--limit", type=int, default=None, help="pictures per row, spread over all of them")
    parser.add_argument("--side", type=int, default=256, help="side of the middle that is restored [px]")
    parser.add_argument("--row", action="append", default=[], help="only rows whose name holds this; repeatable")
    parser.add_argument("--blind", action="store_true", help="estimate the tasks instead of telling them")
    parser.add_argument("--threads", type=int, default=1, help="processor threads")
    parser.add_argument("--json", type=Path, default=None, help="where to write the scores")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)

    networks = [load_network(path).eval() for path in options.weights]
    undo_blur = load_undo_blur(options.kernels)
    print(f"{'row':34}" + "".join(f"{str(path)[-20:]:>22}" for path in options.weights))
    rows = {}
    for one in development_sets(options.data):
        if not one.tasks or (options.row and not any(text in one.name for text in options.row)):
            continue
        rows[one.name] = scores(networks, one, undo_blur, limit=options.limit, side=options.side, blind=options.blind)
        cells = (" / ".join(f"{psnr:.2f}" for psnr in stages) for stages in rows[one.name])
        print(f"{one.name[:33]:34}" + "".join(f"{cell:>22}" for cell in cells), flush=True)
    if options.json:
        settings = {"limit": options.limit, "side": options.side, "blind": options.blind}
        report = {"weights": [str(path) for path in options.weights], **settings, "rows": rows}
        options.json.write_text(json.dumps(report, indent=1) + "\n")


def scores(
    networks: Sequence[RestorationNetwork],
    one: DevelopmentSet,
    undo_blur: UndoBlur,
    *,
    limit: int | None,
    side: int,
    blind: bool,
) -> list[list[float]]:
    """Mean PSNR of every network after each stage."""
    told = None if blind else torch.tensor([[float(task in one.tasks) for task in TASKS]])
    cases = list(one.cases(None))
    if limit is not None and limit < len(cases):
        cases = [cases[k * len(cases) // limit] for k in range(limit)]
    found: list[list[list[float]]] = [[] for _ in networks]
    for case in cases:
        pictures = (case.degraded, case.clean)
        if not any(text in one.name for text in WHOLE_ROWS):
            pictures = (middle(case.degraded, side), middle(case.clean, side))
        degraded, clean = torch.from_numpy(pictures[0])[None], pictures[1]
        if "blur" in one.tasks:
            degraded = undo_blur(degraded)
        for k, network in enumerate(networks):
            with torch.inference_mode():
                stages = network(degraded, told).stages
            found[k].append([score(stage[0].numpy().clip(0, 1), clean, FILES) for stage in stages])
    return [np.mean(of_network, axis=0).tolist() for of_network in found]


if __name__ == "__main__":
    main()

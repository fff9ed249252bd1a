"""What does ``--effort`` save, and what does it cost? And from which expected error on does stage 2 pay?

With ``--data``: every row of benchmarks/development_sets.py is restored with ``fast``, ``balanced`` and ``best`` in
turn; PSNR on RGB, mean over pictures, and processor time against that of ``best``.

With ``--choose TRAIN``: crops of training pictures, degraded by the package's own operators at several severities and
untouched. Stage 2 is taken for blocks whose mean expected error after stage 1 reaches a limit; the table says, by
limit, how much PSNR that loses against stage 2 everywhere and for what share of the blocks it is computed. Those of
:mod:`opir.runtime.effort` are the largest limits that lose less than 0.05 dB.

    python benchmarks/effort.py --data DEV --limit 4
    python benchmarks/effort.py --choose TRAIN/clean/photos_hq
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

import machine
from development_sets import DevelopmentSet, development_sets
from opir import Restorer
from opir.evaluation.scoring import score
from opir.imaging import read_photo, to_network
from opir.physics.catalogue import OPERATORS
from opir.physics.compose import compose
from opir.runtime.effort import BLOCK_PX, EFFORTS

Image = NDArray[np.float32]
SEVERITIES = (0.1, 0.4, 0.8)
CROP_PX = 256
LIMITS = (0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0)


@dataclass(frozen=True, kw_only=True)
class Blocks:
    """One restored crop, block by block."""

    kind: str
    expected: NDArray[np.float64]
    """Mean expected error after stage 1 [grey levels]."""
    first: NDArray[np.float64]
    """Mean squared error after stage 1."""
    second: NDArray[np.float64]
    """Mean squared error after stage 2."""


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="folder of the development data")
    parser.add_argument("--choose", type=Path, help="folder of clean training pictures")
    parser.add_argument("--model", default="base")
    parser.add_argument("--threads", type=int, default=None)
    parser.add_argument("--limit", type=int, default=4, help="pictures per row, or clean pictures to choose with")
    parser.add_argument("--row", action="append", default=[], help="only rows whose name holds this; repeatable")
    parser.add_argument("--json", type=Path, default=None)
    options = parser.parse_args()
    if (options.data is None) == (options.choose is None):
        parser.error("give either --data or --choose")
    restorer = Restorer(options.model, threads=options.threads)
    known = {"model": restorer.spec.name, "weights": restorer.spec.fingerprint, "limit": options.limit}
    if options.choose is not None:
        machine.write(
            "effort-limits", __doc__ or "", choose(restorer, options.choose, options.limit), options.json, **known
        )
        return
    print(f"{'row':40}{'n':>4}" + "".join(f"{name + ' dB':>13}{'CPU':>6}" for name in EFFORTS) + f"{'refined':>9}")
    chosen = (one for one in development_sets(options.data) if _is_wanted(one.name, options.row))
    entries = [compare(restorer, one, options.limit) for one in chosen]
    loss = {name: float(np.mean([e["psnr"]["best"] - e["psnr"][name] for e in entries])) for name in EFFORTS}
    cpu = {name: sum(e["cpu_seconds"][name] for e in entries) for name in EFFORTS}
    for name in EFFORTS:
        print(f"{name:10} loses {loss[name]:6.3f} dB (mean over rows), takes {cpu[name] / cpu['best']:.0%} of the time")
    machine.write("effort", __doc__ or "", entries, options.json, mean_loss_db=loss, **known)


def _is_wanted(name: str, texts: list[str]) -> bool:
    return not texts or any(text in name for text in texts)


def compare(restorer: Restorer, one: DevelopmentSet, limit: int) -> dict[str, object]:
    """Restore the pictures of a row with every effort."""
    scores: dict[str, list[float]] = {name: [] for name in EFFORTS}
    seconds = dict.fromkeys(EFFORTS, 0.0)
    same: list[float] = []
    for case in one.cases(limit):
        results = {}
        for name in EFFORTS:
            start = time.process_time()
            results[name] = restorer.restore_array(case.degraded, effort=name).image
            seconds[name] += time.process_time() - start
            scores[name].append(score(results[name], case.clean, one.measure))
        same.append(float((results["balanced"] == results["fast"]).all(axis=0).mean()))
    mean = {name: float(np.mean(values)) for name, values in scores.items()}
    columns = "".join(f"{mean[name]:13.3f}{seconds[name] / seconds['best']:6.0%}" for name in EFFORTS)
    print(f"{one.title:40}{len(same):4d}{columns}{1 - np.mean(same):9.0%}", flush=True)
    return {
        "row": one.name,
        "origin": one.origin,
        "n_pictures": len(same),
        "psnr": mean,
        "cpu_seconds": seconds,
        "share_refined": 1 - float(np.mean(same)),
    }


def choose(restorer: Restorer, folder: Path, n_pictures: int) -> list[dict[str, object]]:
    """Return loss and share by limit, and print them."""
    blocks = [one for path in sorted(folder.iterdir())[:n_pictures] for one in _crops(restorer, path)]
    best = np.array([_psnr(one.second) for one in blocks])
    kinds = np.array([one.kind for one in blocks])
    entries: list[dict[str, object]] = []
    rows = []
    for limit in LIMITS:
        mixed = [np.where(one.expected >= limit, one.second, one.first) for one in blocks]
        loss = best - np.array([_psnr(one) for one in mixed])
        share = float(np.mean([np.mean(one.expected >= limit) for one in blocks]))
        by_kind = {str(kind): float(loss[kinds == kind].mean()) for kind in np.unique(kinds)}
        worst = max(by_kind, key=lambda kind: by_kind[kind])
        entries.append({"limit": limit, "mean_loss_db": float(loss.mean()), "share": share, "loss_db_by_kind": by_kind})
        rows.append((limit, f"{loss.mean():.3f}", f"{share:.0%}", f"{by_kind[worst]:.3f} ({worst})"))
    machine.show(("limit", "loss dB", "blocks refined", "largest mean loss of a kind"), rows)
    return entries


def _crops(restorer: Restorer, path: Path) -> list[Blocks]:
    clean = to_network(read_photo(path))
    top, left = (max(0, side - CROP_PX) // 2 for side in clean.shape[1:])
    clean = np.ascontiguousarray(clean[:, top : top + CROP_PX, left : left + CROP_PX])
    generator = torch.Generator().manual_seed(0)
    found = [_blocks(restorer, "untouched", clean, clean)]
    for kind in OPERATORS:
        for severity in SEVERITIES:
            with torch.inference_mode():
                image = compose(torch.from_numpy(clean)[None], [kind], generator, severity=severity).image[0].numpy()
            found.append(_blocks(restorer, kind, np.rint(255 * image).astype(np.float32) / np.float32(255), clean))
    return found


def _blocks(restorer: Restorer, kind: str, degraded: Image, clean: Image) -> Blocks:
    first, second = (restorer.restore_array(degraded, effort=effort) for effort in ("fast", "best"))
    errors = [((np.rint(255 * each.image) / 255 - clean) ** 2).mean(axis=0) for each in (first, second)]
    return Blocks(
        kind=kind,
        expected=_block_means(first.uncertainty),
        first=_block_means(errors[0]),
        second=_block_means(errors[1]),
    )


def _block_means(plane: Image) -> NDArray[np.float64]:
    height, width = (side // BLOCK_PX for side in plane.shape)
    cut = plane[: height * BLOCK_PX, : width * BLOCK_PX].astype(np.float64)
    means: NDArray[np.float64] = cut.reshape(height, BLOCK_PX, width, BLOCK_PX).mean(axis=(1, 3))
    return means


def _psnr(squared: NDArray[np.float64]) -> float:
    """PSNR of a mean squared error, at most 60 dB: beyond that a difference is none to anybody."""
    return min(60.0, -10 * float(np.log10(max(squared.mean(), 1e-12))))


if __name__ == "__main__":
    main()

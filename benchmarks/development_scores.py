"""PSNR of a model on the development pictures, beside the PSNR of the degraded inputs: blind, then told the task.

What the rows are: benchmarks/development_sets.py. PSNR on RGB, mean over pictures, 100 dB where two pictures are equal;
results rounded to 8 bits, except for the rows of the protocol ``aio``. Untouched pictures are scored against
themselves. Errors, true and predicted, are mean absolute ones in grey levels.

    python benchmarks/development_scores.py --data DEV --model base --told --baselines --json results.json
"""

from __future__ import annotations

import argparse
import json
import platform
import subprocess
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import onnxruntime

from development_sets import DevelopmentSet, development_sets
from opir import Restorer
from opir.baselines.catalogue import BASELINES
from opir.evaluation.contestants import BaselineContestant, ModelContestant
from opir.evaluation.plan import Case, Float32
from opir.evaluation.protocols import Measure
from opir.evaluation.scoring import score, score_input

LEAST_CHANGE_DB = 0.01
"""A picture counts as better, or worse, from this difference on."""


@dataclass(kw_only=True)
class Row:
    """Mean scores of one set."""

    name: str
    origin: str
    measure: str
    n_pictures: int
    psnr_input: float
    psnr_restored: float
    psnr_restored_lowest: float
    psnr_restored_median: float
    n_below_35_db: int
    n_below_40_db: int
    psnr_told: float | None
    share_improved: float | None
    mean_absolute_error: float
    predicted_absolute_error: float
    psnr_baselines: dict[str, float]


def main() -> None:
    """Score a model and print a table; the last line of output is JSON where no file is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of the development data")
    parser.add_argument("--model", default="base", help="bundled model or model folder")
    parser.add_argument("--engine", choices=["auto", "onnxruntime", "torch"], default="auto")
    parser.add_argument("--threads", type=int, default=None, help="processor threads, all by default")
    parser.add_argument("--limit", type=int, default=None, help="pictures per row")
    parser.add_argument("--row", action="append", default=[], help="only rows whose name holds this; repeatable")
    parser.add_argument("--told", action="store_true", help="also restore with the task given")
    parser.add_argument("--baselines", action="store_true", help="also the classical methods for each row's tasks")
    parser.add_argument("--json", type=Path, default=None, help="where to write the scores")
    options = parser.parse_args()
    restorer = Restorer(options.model, engine=options.engine, threads=options.threads)
    print(f"{'set':40}" + "".join(f"{name:>9}" for name in HEADINGS))
    rows = []
    for one in development_sets(options.data):
        if not options.row or any(text in one.name for text in options.row):
            rows.append(score_set(restorer, one, options.limit, told=options.told, baselines=options.baselines))
            print(line(one, rows[-1]), flush=True)
    report = {
        "model": restorer.spec.name,
        "version": restorer.spec.version,
        "weights_sha256": restorer.spec.fingerprint,
        "engine": f"{restorer.engine.name}, {restorer.engine.device}, {restorer.engine.precision}",
        "commit": commit(),
        "python": platform.python_version(),
        "onnxruntime": onnxruntime.__version__,
        "machine": platform.machine(),
        "limit": options.limit,
        "protocol": __doc__,
        "rows": [asdict(row) for row in rows],
    }
    if options.json:
        options.json.write_text(json.dumps(report, indent=1) + "\n")
    else:
        print(json.dumps(report))


HEADINGS = ("n", "input", "blind", "told", "lowest", "median", "<35 dB", "<40 dB", "better", "|e|", "expected")


def line(one: DevelopmentSet, row: Row) -> str:
    """One line of the table."""
    told = "-" if row.psnr_told is None else f"{row.psnr_told:.2f}"
    better = "-" if row.share_improved is None else f"{row.share_improved:.0%}"
    scores = f"{row.psnr_input:9.2f}{row.psnr_restored:9.2f}{told:>9}"
    spread = (
        f"{row.psnr_restored_lowest:9.2f}{row.psnr_restored_median:9.2f}{row.n_below_35_db:9d}{row.n_below_40_db:9d}"
    )
    errors = f"{better:>9}{row.mean_absolute_error:9.2f}{row.predicted_absolute_error:9.2f}"
    classical = "".join(f"\n{'':40}{'':9}{'':9}{psnr:9.2f}  {name}" for name, psnr in row.psnr_baselines.items())
    return f"{one.title:40}{row.n_pictures:9d}{scores}{spread}{errors}{classical}"


def score_set(restorer: Restorer, one: DevelopmentSet, limit: int | None, *, told: bool, baselines: bool) -> Row:
    """Restore every picture of a set."""
    can_be_told = told and bool(one.tasks) and set(one.tasks) <= set(restorer.spec.trained_tasks)
    blind_model, told_model = ModelContestant(restorer), ModelContestant(restorer, told="given")
    methods = {
        name: BaselineContestant(baseline)
        for name, baseline in BASELINES.items()
        if baselines and set(baseline.tasks) & set(one.tasks)
    }
    inputs, blind, named, errors, predicted = [], [], [], [], []
    classical: dict[str, list[float]] = {name: [] for name in methods}
    for case in one.cases(limit):
        result = blind_model.restore(case)
        inputs.append(score_input(case.degraded, case.clean, one.measure))
        blind.append(score(result.image, case.clean, one.measure))
        errors.append(255 * float(np.abs(as_delivered(result.image, one.measure) - case.clean).mean()))
        predicted.append(_mean(result.expected_error))
        if can_be_told:
            named.append(_restored_psnr(told_model, case, one.measure))
        for name, method in methods.items():
            classical[name].append(_restored_psnr(method, case, one.measure))
    return Row(
        name=one.name,
        origin=one.origin,
        measure=one.measure.meaning,
        n_pictures=len(blind),
        psnr_input=float(np.mean(inputs)),
        psnr_restored=float(np.mean(blind)),
        psnr_restored_lowest=float(np.min(blind)),
        psnr_restored_median=float(np.median(blind)),
        n_below_35_db=int(np.less(blind, 35).sum()),
        n_below_40_db=int(np.less(blind, 40).sum()),
        psnr_told=float(np.mean(named)) if named else None,
        share_improved=float(np.mean(np.greater(blind, np.add(inputs, LEAST_CHANGE_DB)))) if one.tasks else None,
        mean_absolute_error=float(np.mean(errors)),
        predicted_absolute_error=float(np.mean(predicted)),
        psnr_baselines={name: float(np.mean(values)) for name, values in classical.items()},
    )


def as_delivered(image: Float32, measure: Measure) -> Float32:
    """The result as it is scored: rounded to 8 bits, or not."""
    return (np.rint(image * 255) / 255).astype(np.float32) if measure.rounding == "uint8" else image


def commit() -> str:
    """Short hash of the checked-out commit."""
    found = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    return found.stdout.strip() or "unknown"


def _restored_psnr(contestant: ModelContestant | BaselineContestant, case: Case, measure: Measure) -> float:
    return score(contestant.restore(case).image, case.clean, measure)


def _mean(error: Float32 | None) -> float:
    return float("nan") if error is None else float(error.mean(dtype=np.float64))


if __name__ == "__main__":
    main()

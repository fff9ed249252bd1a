"""What classical methods reach on the development pictures, and how long they take: no model takes part.

What the rows are: benchmarks/development_sets.py. Every row is given to the methods that are reached for in its case,
with the parameters of ``opir eval --list-baselines``. PSNR as in benchmarks/development_scores.py, mean over pictures;
the time is the median over pictures, per megapixel, after one picture to warm up.

    python benchmarks/classical_baselines.py --data DEV --json results.json
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
from dataclasses import asdict, dataclass
from pathlib import Path

from development_scores import LEAST_CHANGE_DB, commit
from development_sets import DevelopmentSet, development_sets
from opir.baselines.catalogue import BASELINES
from opir.evaluation.contestants import BaselineContestant
from opir.evaluation.scoring import score, score_input


@dataclass(kw_only=True)
class Row:
    """One method on one set."""

    name: str
    origin: str
    measure: str
    n_pictures: int
    psnr_input: float
    baseline: str
    software: str
    psnr: float
    n_worse: int
    seconds_per_megapixel: float


def main() -> None:
    """Score the methods and print a table; the last line of output is JSON where no file is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of the development data")
    parser.add_argument("--limit", type=int, default=None, help="pictures per row")
    parser.add_argument("--row", action="append", default=[], help="only rows whose name holds this; repeatable")
    parser.add_argument("--json", type=Path, default=None, help="where to write the scores")
    options = parser.parse_args()
    print(f"{'set':40}{'n':>5}{'input':>9}  {'baseline':26}{'PSNR':>9}{'worse':>7}{'s/MP':>9}")
    rows: list[Row] = []
    for one in development_sets(options.data):
        if not options.row or any(text in one.name for text in options.row):
            for row in score_set(one, options.limit):
                rows.append(row)
                start = f"{one.title:40}{row.n_pictures:5d}{row.psnr_input:9.2f}  {row.baseline:26}{row.psnr:9.2f}"
                print(f"{start}{row.n_worse:7d}{row.seconds_per_megapixel:9.3f}", flush=True)
    report = {
        "commit": commit(),
        "python": platform.python_version(),
        "machine": platform.machine(),
        "processors": os.cpu_count(),
        "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS"),
        "limit": options.limit,
        "protocol": __doc__,
        "parameters": {name: baseline.parameters for name, baseline in BASELINES.items()},
        "rows": [asdict(row) for row in rows],
    }
    if options.json:
        options.json.write_text(json.dumps(report, indent=1) + "\n")
    else:
        print(json.dumps(report))


def score_set(one: DevelopmentSet, limit: int | None) -> list[Row]:
    """Every method for the tasks of the set, on all of its pictures."""
    chosen = [baseline for baseline in BASELINES.values() if set(baseline.tasks) & set(one.tasks)]
    if not chosen:
        return []
    cases = list(one.cases(limit))
    inputs = [score_input(case.degraded, case.clean, one.measure) for case in cases]
    rows = []
    for baseline in chosen:
        contestant = BaselineContestant(baseline)
        contestant.restore(cases[0])
        results = [contestant.restore(case) for case in cases]
        values = [score(result.image, case.clean, one.measure) for case, result in zip(cases, results, strict=True)]
        times = [(result.seconds or 0.0) / (result.image[0].size / 1e6) for result in results]
        rows.append(
            Row(
                name=one.name,
                origin=one.origin,
                measure=one.measure.meaning,
                n_pictures=len(cases),
                psnr_input=statistics.mean(inputs),
                baseline=baseline.name,
                software=baseline.software,
                psnr=statistics.mean(values),
                n_worse=sum(value < before - LEAST_CHANGE_DB for value, before in zip(values, inputs, strict=True)),
                seconds_per_megapixel=statistics.median(times),
            )
        )
    return rows


if __name__ == "__main__":
    main()

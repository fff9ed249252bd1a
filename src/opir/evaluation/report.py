"""What an evaluation says: the lines of a table, and one JSON document with everything needed to repeat it."""

from __future__ import annotations

import platform
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from typing import Final

from PIL import features

from opir import __version__
from opir.data.problems import relative_name
from opir.evaluation.benchmark import CaseScore, ResultScore, ResultSummary, RowSummary
from opir.evaluation.contestants import Identity
from opir.evaluation.plan import Plan
from opir.evaluation.protocols import Measure, Protocol
from opir.evaluation.synthetic import SEED
from opir.evaluation.uncertainty import COVERAGE_LEVELS, UncertaintyScore

FORMAT: Final = 1
"""Version of the JSON document's layout."""


@dataclass(frozen=True, kw_only=True)
class EvaluationReport:
    """A finished evaluation."""

    plan: Plan
    """What was scored."""
    identities: tuple[Identity, ...]
    """Who was scored, in the order of the results."""
    scores: tuple[CaseScore, ...]
    """Every picture."""
    summaries: tuple[RowSummary, ...]
    """Means; see :func:`opir.evaluation.benchmark.summarise`."""
    command: str
    """The command line that leads here."""


def software_versions() -> dict[str, str]:
    """Everything whose version can move a score: a JPEG decoder alone has moved one by 2.6 dB."""
    names = {"pillow": "pillow", "numpy": "numpy", "onnxruntime": "onnxruntime", "tifffile": "tifffile"}
    turbo = features.version("libjpeg_turbo") if features.check("libjpeg_turbo") else None
    return {
        "opir": __version__,
        "python": platform.python_version(),
        **{name: version(package) for name, package in names.items()},
        "libjpeg": f"turbo {turbo}" if turbo else features.version("jpg") or "unknown",
        "webp": features.version("webp") or "none",
        "platform": platform.platform(),
    }


def column_names(identities: Sequence[Identity]) -> tuple[str, ...]:
    """A heading per contestant, no two alike: those of equal name get their source in brackets, or a number."""
    names = [identity.name for identity in identities]
    headings = [
        f"{identity.name} ({identity.source})" if names.count(identity.name) > 1 else identity.name
        for identity in identities
    ]
    return tuple(
        f"{heading} #{headings[: index + 1].count(heading)}" if headings.count(heading) > 1 else heading
        for index, heading in enumerate(headings)
    )


def table(report: EvaluationReport) -> Iterator[tuple[str, ...]]:
    """Headings and one line per row and measure: pictures, measure, input, then every contestant with its change."""
    names = column_names(report.identities)
    yield ("ROW", "PICTURES", "MEASURE", "INPUT", *(cell for name in names for cell in (name.upper(), "CHANGE")))
    for summary in report.summaries:
        for index, measure in enumerate(report.plan.protocol.measures):
            cells = [summary.row, str(summary.n_pictures)] if index == 0 else ["", ""]
            cells += [measure.name, format_value(summary.input[index], measure)]
            for result in summary.results:
                cells.append(format_value(result.values[index], measure))
                cells.append(format_value(result.values[index] - summary.input[index], measure, sign=True))
            yield tuple(cells)


def uncertainty_table(report: EvaluationReport) -> Iterator[tuple[str, ...]]:
    """Headings and one line per row and contestant that predicts its error; nothing if none does."""
    names = column_names(report.identities)
    if not any(result.uncertainty for summary in report.summaries for result in summary.results):
        return
    coverage = tuple(f"IN {level:.0%}" for level in COVERAGE_LEVELS)
    yield ("ROW", "MODEL", "ERROR", "EXPECTED", "PEARSON", "SPEARMAN", "AUSE", "AURG", *coverage, "PICTURES R")
    for summary in report.summaries:
        for name, result in zip(names, summary.results, strict=True):
            score = result.uncertainty
            if score is not None:
                yield (
                    summary.row,
                    name,
                    f"{score.error:.2f}",
                    f"{score.expected_error:.2f}",
                    _optional(score.pearson),
                    _optional(score.spearman),
                    f"{score.ause:.3f}",
                    f"{score.aurg:.3f}",
                    *(f"{share:.1%}" for share in score.coverage),
                    _optional(result.between_pictures),
                )


def format_value(value: float, measure: Measure, *, sign: bool = False) -> str:
    """A number of a table: dB and grey levels with two decimals, SSIM with four."""
    digits = 4 if measure.metric == "ssim" else 2
    return f"{value:+.{digits}f}" if sign else f"{value:.{digits}f}"


def json_report(report: EvaluationReport) -> dict[str, object]:
    """Everything, as one JSON object; correlations that do not exist are null."""
    plan, protocol, root = report.plan, report.plan.protocol, report.plan.image_set.root
    names = column_names(report.identities)
    return {
        "format": FORMAT,
        "command": report.command,
        "software": software_versions(),
        "protocol": {**asdict(protocol), "description": list(protocol.description)},
        "seed": SEED if protocol.noise in ("stream_truncated", "per_picture_float") else None,
        "data": {
            "root": str(root),
            "data_set": plan.image_set.reader,
            "title": plan.image_set.title,
            "source": plan.image_set.source,
            "split": plan.image_set.split,
            "count": len(plan.image_set),
            "limit": plan.limit,
            "synthetic": [asdict(damage) for damage in plan.synthetic],
        },
        "contestants": [
            {"column": name, **asdict(identity)} for name, identity in zip(names, report.identities, strict=True)
        ],
        "coverage_levels": list(COVERAGE_LEVELS),
        "rows": [_json_row(summary, names, protocol) for summary in report.summaries],
        "pictures": [
            {
                "name": one.label.name,
                "row": one.label.row,
                "file": relative_name(one.label.path, root),
                "width": one.width,
                "height": one.height,
                "input": _by_measure(one.input, protocol),
                "results": {
                    name: _json_result(result, protocol) for name, result in zip(names, one.results, strict=True)
                },
            }
            for one in report.scores
        ],
    }


def _json_row(summary: RowSummary, names: Sequence[str], protocol: Protocol) -> dict[str, object]:
    return {
        "row": summary.row,
        "pictures": summary.n_pictures,
        "input": _by_measure(summary.input, protocol),
        "results": {name: _json_summary(result, protocol) for name, result in zip(names, summary.results, strict=True)},
    }


def _json_summary(result: ResultSummary, protocol: Protocol) -> dict[str, object]:
    uncertainty: dict[str, object] | None = None
    if result.uncertainty is not None:
        uncertainty = {
            **_json_uncertainty(result.uncertainty),
            "between_pictures": result.between_pictures,
            "sparsification": list(result.uncertainty.sparsification),
            "oracle": list(result.uncertainty.oracle),
        }
    return {**_by_measure(result.values, protocol), "pictures_worse": result.n_worse, "uncertainty": uncertainty}


def _json_result(result: ResultScore, protocol: Protocol) -> dict[str, object]:
    uncertainty = None if result.uncertainty is None else _json_uncertainty(result.uncertainty)
    return {**_by_measure(result.values, protocol), "seconds": result.seconds, "uncertainty": uncertainty}


def _json_uncertainty(score: UncertaintyScore) -> dict[str, object]:
    return {
        "error": score.error,
        "expected_error": score.expected_error,
        "pearson": score.pearson,
        "spearman": score.spearman,
        "ause": score.ause,
        "aurg": score.aurg,
        "coverage": list(score.coverage),
        "coverage_error": score.coverage_error,
    }


def _by_measure(values: Sequence[float], protocol: Protocol) -> dict[str, float]:
    return {measure.name: value for measure, value in zip(protocol.measures, values, strict=True)}


def _optional(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"

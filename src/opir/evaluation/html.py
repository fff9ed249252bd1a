"""One page of HTML about an evaluation, complete in itself: pictures are inline, there are no scripts."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from typing import Final

import numpy as np

from opir.evaluation.gallery import CaseFigures, Figure
from opir.evaluation.protocols import Protocol
from opir.evaluation.report import (
    EvaluationReport,
    column_names,
    format_value,
    software_versions,
    table,
    uncertainty_table,
)
from opir.evaluation.uncertainty import UncertaintyScore

_STYLE: Final = """
:root { color-scheme: light dark; font: 15px/1.45 system-ui, sans-serif; }
body { margin: 2rem auto; max-width: 90rem; padding: 0 1rem; }
table { border-collapse: collapse; margin: 1rem 0; display: block; overflow-x: auto; }
td, th { padding: .2rem .8rem .2rem 0; text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
td:first-child, th:first-child, td.text, th.text { text-align: left; }
th { border-bottom: 1px solid #8888; }
section { border-top: 1px solid #8886; margin-top: 1.5rem; }
.views { display: flex; flex-wrap: wrap; gap: .8rem; }
figure { margin: 0; width: 240px; }
figure img { display: block; width: 100%; margin-bottom: .3rem; }
figure img.detail { image-rendering: pixelated; }
figcaption, .small { font-size: .85rem; opacity: .85; }
svg { background: #fff; color: #222; }
"""

_CURVE_WIDTH, _CURVE_HEIGHT, _MARGIN = 360, 220, 34
_MODEL_COLOUR, _ORACLE_COLOUR = "#1f5fbf", "#999"


def html_page(report: EvaluationReport, cases: Sequence[CaseFigures]) -> str:
    """The page: protocol, table, uncertainty, the given cases side by side, versions."""
    image_set, protocol = report.plan.image_set, report.plan.protocol
    title = f"{protocol.name} on {image_set.title} ({image_set.split})"
    parts = [
        f"<h1>{escape(title)}</h1>",
        *(f'<p class="small">{escape(line)}</p>' for line in protocol.description),
        _html_table(list(table(report)), n_text=3),
        *_uncertainty(report),
        *_cases(cases, protocol, report),
        "<section><h2>How it was made</h2>",
        f"<p><code>{escape(report.command)}</code></p>",
        _html_table(
            [("CONTESTANT", "SOURCE", "WEIGHTS SHA256", "SOFTWARE", "PARAMETERS"), *_contestants(report)], n_text=5
        ),
        _html_table([("SOFTWARE", "VERSION"), *software_versions().items()], n_text=2),
        "</section>",
    ]
    body = "\n".join(parts)
    head = (
        f'<meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style>'
    )
    return f'<!DOCTYPE html>\n<html lang="en"><head>{head}</head>\n<body>\n{body}\n</body></html>\n'


def _html_table(rows: Sequence[Sequence[str]], *, n_text: int) -> str:
    def line(cells: Sequence[str], tag: str) -> str:
        kinds = [' class="text"' if index < n_text else "" for index in range(len(cells))]
        return "".join(f"<{tag}{kind}>{escape(cell)}</{tag}>" for kind, cell in zip(kinds, cells, strict=True))

    body = "".join(f"<tr>{line(row, 'td')}</tr>" for row in rows[1:])
    return f"<table><thead><tr>{line(rows[0], 'th')}</tr></thead><tbody>{body}</tbody></table>"


def _contestants(report: EvaluationReport) -> Iterator[tuple[str, ...]]:
    for name, identity in zip(column_names(report.identities), report.identities, strict=True):
        yield name, identity.source, identity.weights_sha256 or "-", identity.engine or "-", identity.parameters or "-"


def _uncertainty(report: EvaluationReport) -> Iterator[str]:
    rows = list(uncertainty_table(report))
    if not rows:
        return
    yield "<section><h2>Uncertainty</h2>"
    yield (
        "<p>Error and expected error in grey levels of 255; correlation over pixels; AUSE: area between the "
        "sparsification curve and the oracle's, 0 is perfect; AURG: gain over leaving out pixels at random; IN p: "
        "share of values within their interval of probability p; PICTURES R: correlation over pictures.</p>"
    )
    yield _html_table(rows, n_text=2)
    yield '<div class="views">'
    for name, result in zip(column_names(report.identities), report.summaries[-1].results, strict=True):
        if result.uncertainty is not None:
            yield sparsification_svg(result.uncertainty, title=f"{name}, {report.summaries[-1].row}")
    yield "</div></section>"


def sparsification_svg(score: UncertaintyScore, *, title: str) -> str:
    """The sparsification curve and the oracle's, from 0 to the highest value of either."""
    top = max(1.0, *score.sparsification, *score.oracle)
    right, bottom = _CURVE_WIDTH - _MARGIN / 3, _CURVE_HEIGHT - _MARGIN

    def points(curve: Sequence[float]) -> str:
        x = _MARGIN + (right - _MARGIN) * np.arange(len(curve)) / len(curve)
        y = bottom - (bottom - _MARGIN) * np.array(curve) / top
        return " ".join(f"{one:.1f},{other:.1f}" for one, other in zip(x, y, strict=True))

    lines = "".join(
        f'<polyline fill="none" stroke="{colour}" stroke-width="2" points="{points(curve)}"/>'
        for colour, curve in ((_ORACLE_COLOUR, score.oracle), (_MODEL_COLOUR, score.sparsification))
    )
    axes = f"M{_MARGIN},{_MARGIN / 2} V{bottom} H{right}"
    texts = (
        f'<text x="{_CURVE_WIDTH / 2}" y="16" text-anchor="middle">{escape(title)}</text>'
        f'<text x="{right}" y="{_CURVE_HEIGHT - 8}" text-anchor="end">share of pixels left out</text>'
        f'<text x="{_MARGIN - 4}" y="{bottom}" text-anchor="end">0</text>'
        f'<text x="{_MARGIN - 4}" y="{_MARGIN + 4}" text-anchor="end">{top:.1f}</text>'
        f'<text x="{right}" y="{_MARGIN + 14}" text-anchor="end" fill="{_MODEL_COLOUR}">remaining error</text>'
        f'<text x="{right}" y="{_MARGIN + 30}" text-anchor="end" fill="{_ORACLE_COLOUR}">oracle</text>'
    )
    return (
        f'<svg width="{_CURVE_WIDTH}" height="{_CURVE_HEIGHT}" font-size="12" role="img">'
        f'<path d="{axes}" fill="none" stroke="currentColor"/>{lines}{texts}</svg>'
    )


def _cases(cases: Sequence[CaseFigures], protocol: Protocol, report: EvaluationReport) -> Iterator[str]:
    if cases:
        first = protocol.measures[0].name
        yield f"<section><h2>The {len(cases)} worst of {len(report.scores)} pictures by {escape(first)}</h2></section>"
    names = column_names(report.identities)
    for number, case in enumerate(cases, start=1):
        score = case.score
        yield f"<section><h3>{number}. {escape(score.label.name)}, {escape(score.label.row)}</h3>"
        yield (
            f'<p class="small">{score.width} x {score.height} px. Whole picture, the square where the result is worst, '
            f"and the absolute error up to {case.error_maximum:g} grey levels.</p>"
        )
        rows = [("", *(measure.name for measure in protocol.measures)), _scores("input", score.input, protocol)]
        rows += [_scores(name, result.values, protocol) for name, result in zip(names, score.results, strict=True)]
        yield _html_table(rows, n_text=1)
        yield f'<div class="views">{"".join(_figures(case.figures))}</div></section>'


def _scores(name: str, values: Sequence[float], protocol: Protocol) -> tuple[str, ...]:
    return (name, *(format_value(value, measure) for value, measure in zip(values, protocol.measures, strict=True)))


def _figures(figures: Iterable[Figure]) -> Iterator[str]:
    for figure in figures:
        caption = escape(figure.caption)
        error = "" if figure.error is None else f'<img alt="error of {caption}" src="{_inline(figure.error)}">'
        yield (
            f'<figure><figcaption>{caption}</figcaption><img alt="{caption}" src="{_inline(figure.whole)}">'
            f'<img class="detail" alt="part of {caption}" src="{_inline(figure.detail)}">{error}</figure>'
        )


def _inline(png: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(png).decode('ascii')}"

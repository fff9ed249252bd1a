"""Scoring: every case, every contestant, every measure of the protocol; then means per row."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from opir.errors import NumericalError, ShapeError
from opir.evaluation.contestants import Contestant, Restored
from opir.evaluation.plan import Case, Label
from opir.evaluation.protocols import Protocol
from opir.evaluation.scoring import score, score_input
from opir.evaluation.uncertainty import (
    UncertaintyScore,
    correlation_between_pictures,
    mean_score,
    score_uncertainty,
)

ALL_ROWS: Final = "all"
"""Row over all pictures, where there are several rows."""

LEAST_CHANGE: Final = 1e-4
"""Differences of a measure up to this one are rounding: a result that equals its input is not worse."""


@dataclass(frozen=True, kw_only=True)
class ResultScore:
    """One contestant on one picture."""

    values: tuple[float, ...]
    """One number per measure of the protocol."""
    uncertainty: UncertaintyScore | None
    """None where nothing predicts the error."""
    seconds: float | None
    """Wall time [s]; None where it was restored elsewhere."""


@dataclass(frozen=True, kw_only=True)
class CaseScore:
    """One picture."""

    label: Label
    """Which it is."""
    width: int
    """Scored columns [px]."""
    height: int
    """Scored rows [px]."""
    input: tuple[float, ...]
    """The degraded picture's own score, one number per measure."""
    results: tuple[ResultScore, ...]
    """One per contestant."""


@dataclass(frozen=True, kw_only=True)
class ResultSummary:
    """One contestant on one row."""

    values: tuple[float, ...]
    """Mean over pictures, one number per measure."""
    n_worse: int
    """Pictures whose first measure became worse than the input's."""
    uncertainty: UncertaintyScore | None
    """Mean over pictures; None where a picture has none."""
    between_pictures: float | None
    """See :func:`opir.evaluation.uncertainty.correlation_between_pictures`."""


@dataclass(frozen=True, kw_only=True)
class RowSummary:
    """One row of the table."""

    row: str
    """Its name."""
    n_pictures: int
    """Pictures in the mean."""
    input: tuple[float, ...]
    """Mean of the inputs, one number per measure."""
    results: tuple[ResultSummary, ...]
    """One per contestant."""


Observer = Callable[[Case, tuple[Restored, ...], CaseScore], object]
"""Told about every case once it is scored, pictures included."""


def evaluate(
    cases: Iterable[Case],
    contestants: Sequence[Contestant],
    protocol: Protocol,
    *,
    on_scored: Observer = lambda _case, _results, _score: None,
) -> tuple[CaseScore, ...]:
    """Score every contestant on every case; one case is in memory at a time.

    Raises:
        OpirError: if a picture cannot be read, restored or scored; the message names it.
    """
    scores: list[CaseScore] = []
    for case in cases:
        restored = tuple(contestant.restore(case) for contestant in contestants)
        try:
            case_score = _score_case(case, restored, protocol)
        except ShapeError as error:
            raise ShapeError(f"{case.label.path} ({case.label.row}): {error}") from error
        _check_finite(case_score, contestants)
        scores.append(case_score)
        on_scored(case, restored, case_score)
    return tuple(scores)


def summarise(scores: Sequence[CaseScore], protocol: Protocol) -> tuple[RowSummary, ...]:
    """Means per row in order of appearance, and over all pictures if there are several rows."""
    rows: dict[str, list[CaseScore]] = {}
    for case_score in scores:
        rows.setdefault(case_score.label.row, []).append(case_score)
    summaries = [_summary(row, members, protocol) for row, members in rows.items()]
    if len(rows) > 1:
        summaries.append(_summary(ALL_ROWS, scores, protocol))
    return tuple(summaries)


def quality(score: CaseScore, protocol: Protocol) -> float:
    """The first measure of the first contestant, or of the input if there is none; higher is better."""
    value = score.results[0].values[0] if score.results else score.input[0]
    return -value if protocol.measures[0].is_better_when_lower else value


def _score_case(case: Case, restored: tuple[Restored, ...], protocol: Protocol) -> CaseScore:
    return CaseScore(
        label=case.label,
        width=case.clean.shape[2],
        height=case.clean.shape[1],
        input=tuple(score_input(case.degraded, case.clean, measure) for measure in protocol.measures),
        results=tuple(
            ResultScore(
                values=tuple(score(result.image, case.clean, measure) for measure in protocol.measures),
                uncertainty=None
                if result.expected_error is None
                else score_uncertainty(result.expected_error, np.clip(result.image, 0.0, 1.0), case.clean),
                seconds=result.seconds,
            )
            for result in restored
        ),
    )


def _check_finite(case_score: CaseScore, contestants: Sequence[Contestant]) -> None:
    for contestant, result in zip(contestants, case_score.results, strict=True):
        if not np.isfinite(result.values).all():
            raise NumericalError(
                f"{case_score.label.path} ({case_score.label.row}): the result of {contestant.identity.name} holds "
                "values that are not finite"
            )


def _summary(row: str, scores: Sequence[CaseScore], protocol: Protocol) -> RowSummary:
    n_contestants = len(scores[0].results)
    return RowSummary(
        row=row,
        n_pictures=len(scores),
        input=_means([one.input for one in scores]),
        results=tuple(_result_summary(scores, index, protocol) for index in range(n_contestants)),
    )


def _result_summary(scores: Sequence[CaseScore], index: int, protocol: Protocol) -> ResultSummary:
    results = [one.results[index] for one in scores]
    known = [result.uncertainty for result in results if result.uncertainty is not None]
    sign = -1.0 if protocol.measures[0].is_better_when_lower else 1.0
    complete = len(known) == len(results)
    return ResultSummary(
        values=_means([result.values for result in results]),
        n_worse=sum(
            sign * result.values[0] < sign * one.input[0] - LEAST_CHANGE
            for one, result in zip(scores, results, strict=True)
        ),
        uncertainty=mean_score(known) if complete else None,
        between_pictures=correlation_between_pictures(known) if complete else None,
    )


def _means(rows: Sequence[tuple[float, ...]]) -> tuple[float, ...]:
    return tuple(np.mean(rows, axis=0).tolist())

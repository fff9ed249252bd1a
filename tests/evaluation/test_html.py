"""The page and its pictures."""

from __future__ import annotations

import base64
import io
import re
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image

from fake_engine import FakeEngine
from opir.data import ImageSet
from opir.evaluation.benchmark import evaluate, summarise
from opir.evaluation.contestants import ModelContestant
from opir.evaluation.gallery import DETAIL_PX, THUMBNAIL_PX, Gallery, worst_corner
from opir.evaluation.html import html_page
from opir.evaluation.plan import plan_cases
from opir.evaluation.protocols import PROTOCOLS
from opir.evaluation.report import EvaluationReport
from opir.runtime.restore import Restorer

VOID = {"meta", "img", "path", "polyline"}


@dataclass
class Page(HTMLParser):
    """Text and pictures of a page whose tags are all closed."""

    open_tags: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    tags: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open_tags.append(tag)

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open_tags.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)


def picture(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))


@pytest.fixture
def finished(random_pairs: ImageSet) -> tuple[EvaluationReport, Gallery]:
    plan = plan_cases(random_pairs, PROTOCOLS["ours"])
    contestant = ModelContestant(Restorer.from_engine(FakeEngine()))
    gallery = Gallery(plan.protocol, ("fake",), n_worst=2)
    scores = evaluate(plan.cases(), [contestant], plan.protocol, on_scored=gallery.add)
    report = EvaluationReport(
        plan=plan,
        identities=(contestant.identity,),
        scores=scores,
        summaries=summarise(scores, plan.protocol),
        command="opir eval --data '<here> & there'",
    )
    return report, gallery


def test_the_worst_cases_are_kept_worst_first(finished: tuple[EvaluationReport, Gallery]):
    report, gallery = finished
    ranked = sorted(report.scores, key=lambda score: score.results[0].values[0])
    assert [case.score for case in gallery.cases] == ranked[:2]


def test_the_views_of_a_case(finished: tuple[EvaluationReport, Gallery], random_pairs: ImageSet):
    _, gallery = finished
    case = gallery.cases[0]
    assert [figure.caption for figure in case.figures] == ["input", "fake", "fake: expected error", "reference"]
    assert [figure.error is not None for figure in case.figures] == [True, True, False, False]
    pair = next(pair for pair in random_pairs.pairs if pair.name == case.score.label.name)
    for figure, path in ((case.figures[0], pair.degraded), (case.figures[-1], pair.clean)):
        np.testing.assert_array_equal(picture(figure.whole), picture(path.read_bytes()))
        np.testing.assert_array_equal(picture(figure.detail), picture(path.read_bytes()))


def test_large_pictures_are_reduced_and_their_worst_part_is_not(write_set):
    clean = np.full((300, 400, 3), 100)
    degraded = clean.copy()
    degraded[160:280, 240:360] = 130
    plan = plan_cases(write_set({"input/a.png": degraded, "target/a.png": clean}), PROTOCOLS["ours"])
    gallery = Gallery(plan.protocol, ())
    evaluate(plan.cases(), [], plan.protocol, on_scored=gallery.add)
    figure = gallery.cases[0].figures[0]
    assert picture(figure.whole).shape == (THUMBNAIL_PX * 3 // 4, THUMBNAIL_PX, 3)
    np.testing.assert_array_equal(picture(figure.detail), np.full((DETAIL_PX, DETAIL_PX, 3), 130))
    assert gallery.cases[0].error_maximum == 50  # 30, rounded up


def test_the_worst_corner():
    error = np.zeros((40, 50))
    error[16:24, 32:40] = 1
    assert worst_corner(error, 8) == (16, 32)
    assert worst_corner(error, 60) == (0, 0)
    error[30, 49] = 200
    top, left = worst_corner(error, 16)
    assert top <= 30 < top + 16
    assert left == 34  # no multiple of 8, but the last place where the square fits


def test_the_page_is_complete_and_safe(finished: tuple[EvaluationReport, Gallery]):
    report, gallery = finished
    page = Page()
    page.feed(html_page(report, gallery.cases))
    assert page.open_tags == []
    text = " ".join(page.texts)
    assert "opir eval --data '<here> & there'" in text
    for part in ("ours on Two folders", "psnr_y_uint8", "AUSE", "libjpeg", report.identities[0].weights_sha256 or "?"):
        assert part in text
    assert f"{report.summaries[0].results[0].values[0]:.2f}" in text
    order = re.findall(r"(\d)\. ([abc]), as given", text)
    assert order == [(str(n), case.score.label.name) for n, case in enumerate(gallery.cases, start=1)]
    tags = [tag for tag, _ in page.tags]
    assert "script" not in tags
    assert "svg" in tags
    sources = [str(attributes[key]) for _, attributes in page.tags for key in ("src", "href") if key in attributes]
    assert len(sources) == 2 * (3 + 3 + 2 + 2)
    for source in sources:
        assert picture(base64.b64decode(source.removeprefix("data:image/png;base64,"))).size


def test_names_of_files_cannot_break_the_page(finished: tuple[EvaluationReport, Gallery]):
    report, gallery = finished
    case = gallery.cases[0]
    label = replace(case.score.label, name="<script>x</script>")
    page = Page()
    page.feed(html_page(report, [replace(case, score=replace(case.score, label=label))]))
    assert "script" not in [tag for tag, _ in page.tags]
    assert "<script>x</script>" in " ".join(page.texts)


def test_without_contestants_and_pictures(random_pairs: ImageSet):
    plan = plan_cases(random_pairs, PROTOCOLS["aio"])
    scores = evaluate(plan.cases(), [], plan.protocol)
    report = EvaluationReport(
        plan=plan, identities=(), scores=scores, summaries=summarise(scores, plan.protocol), command=""
    )
    page = Page()
    page.feed(html_page(report, ()))
    assert f"{report.summaries[0].input[0]:.2f}" in page.texts
    assert "Uncertainty" not in page.texts

from __future__ import annotations

import json
from importlib.metadata import version

import pytest
from PIL import features

from fake_engine import FakeEngine
from opir.data import ImageSet
from opir.evaluation.benchmark import evaluate, summarise
from opir.evaluation.contestants import Identity, ModelContestant
from opir.evaluation.plan import plan_cases
from opir.evaluation.protocols import PROTOCOLS
from opir.evaluation.report import (
    EvaluationReport,
    column_names,
    json_report,
    software_versions,
    table,
    uncertainty_table,
)
from opir.runtime.restore import Restorer


@pytest.fixture
def report(random_pairs: ImageSet) -> EvaluationReport:
    plan = plan_cases(random_pairs, PROTOCOLS["aio"])
    contestant = ModelContestant(Restorer.from_engine(FakeEngine()))
    scores = evaluate(plan.cases(), [contestant], plan.protocol)
    return EvaluationReport(
        plan=plan,
        identities=(contestant.identity,),
        scores=scores,
        summaries=summarise(scores, plan.protocol),
        command="opir eval ...",
    )


def test_the_table_shows_input_result_and_change(report: EvaluationReport):
    headings, psnr, ssim = table(report)
    assert headings == ("ROW", "PICTURES", "MEASURE", "INPUT", "FAKE", "CHANGE")
    (row,) = report.summaries
    assert psnr[:4] == ("as given", "3", "psnr", f"{row.input[0]:.2f}")
    assert psnr[4:] == (f"{row.results[0].values[0]:.2f}", f"{row.results[0].values[0] - row.input[0]:+.2f}")
    assert ssim[:4] == ("", "", "ssim", f"{row.input[1]:.4f}")


def test_the_table_of_the_uncertainty(report: EvaluationReport):
    headings, row = uncertainty_table(report)
    cells = dict(zip(headings, row, strict=True))
    uncertainty = report.summaries[0].results[0].uncertainty
    assert uncertainty is not None
    assert cells["EXPECTED"] == f"{uncertainty.expected_error:.2f}"
    assert cells["IN 90%"] == f"{uncertainty.coverage[3]:.1%}"
    assert cells["AUSE"] == f"{uncertainty.ause:.3f}"


def test_json_holds_what_is_needed_to_repeat_it(report: EvaluationReport):
    document = json.loads(json.dumps(json_report(report), allow_nan=False))
    assert document["command"] == "opir eval ..."
    assert document["protocol"]["crop_multiple"] == 16
    assert document["protocol"]["measures"][1]["window"] == "uniform7"
    assert document["seed"] == 0
    assert document["contestants"][0]["weights_sha256"] == FakeEngine().spec.fingerprint
    assert document["data"] | {"root": ""} == {
        "root": "",
        "data_set": "folder_pairs",
        "title": "Two folders of pictures that belong together",
        "source": "",
        "split": "all",
        "count": 3,
        "limit": None,
        "synthetic": [],
    }
    first = document["pictures"][0]
    assert (first["name"], first["file"], first["width"], first["height"]) == ("a", "input/a.png", 16, 16)
    mean = sum(picture["results"]["fake"]["psnr"] for picture in document["pictures"]) / 3
    assert document["rows"][0]["results"]["fake"]["psnr"] == pytest.approx(mean)
    assert document["rows"][0]["input"]["psnr"] == report.summaries[0].input[0]
    assert len(first["results"]["fake"]["uncertainty"]["coverage"]) == len(document["coverage_levels"])
    assert document["rows"][0]["results"]["fake"]["uncertainty"]["sparsification"][0] == 1


def test_versions_name_the_jpeg_decoder():
    versions = software_versions()
    assert versions["numpy"] == version("numpy")
    assert (features.version("libjpeg_turbo") or features.version("jpg")) in versions["libjpeg"]
    assert {"opir", "python", "pillow", "onnxruntime"} <= set(versions)


def test_columns_of_equal_name_are_told_apart():
    one, two, three = (Identity(name=name, kind="folder", source=f"/x/{k}") for k, name in enumerate("aba"))
    assert column_names([one, two, three]) == ("a (/x/0)", "b", "a (/x/2)")
    assert column_names([one, one, two]) == ("a (/x/0) #1", "a (/x/0) #2", "b")

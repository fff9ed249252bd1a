from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from opir.data import ImageSet
from opir.errors import DatasetError, DatasetNotFoundError, NumericalError, ShapeError, UnreadableImageError
from opir.evaluation.benchmark import evaluate
from opir.evaluation.plan import Plan, plan_cases
from opir.evaluation.protocols import PROTOCOLS
from opir.evaluation.result_folder import ResultFolder
from opir.evaluation.save_inputs import save_input
from opir.evaluation.synthetic import Synthetic

Save = Callable[..., Path]


@pytest.fixture
def plan(random_pairs: ImageSet) -> Plan:
    return plan_cases(random_pairs, PROTOCOLS["ours"])


@pytest.fixture
def results(tmp_path: Path, random_pairs: ImageSet) -> Path:
    """The references themselves, as somebody's perfect results."""
    folder = tmp_path / "peer"
    folder.mkdir()
    for pair in random_pairs.pairs:
        (folder / pair.clean.name).write_bytes(pair.clean.read_bytes())
    return folder


def psnr_of(folder: Path, plan: Plan) -> list[float]:
    scores = evaluate(plan.cases(), [ResultFolder(folder, plan)], plan.protocol)
    return [round(score.results[0].values[0], 2) for score in scores]


def test_results_are_scored_instead_of_restored(results: Path, plan: Plan):
    assert psnr_of(results, plan) == [100, 100, 100]
    assert ResultFolder(results, plan).identity.name == "peer"
    result = ResultFolder(results, plan).restore(next(plan.cases()))
    assert (result.expected_error, result.seconds) == (None, None)


def test_names_matter_neither_in_case_nor_suffix(results: Path, plan: Plan):
    (results / "a.png").unlink()
    with Image.open(results / "b.png") as other:
        other.save(results / "A.TIF")
    assert psnr_of(results, plan)[0] < 20
    assert psnr_of(results, plan)[1:] == [100, 100]


def test_every_missing_result_is_named_at_once(results: Path, plan: Plan):
    (results / "a.png").unlink()
    (results / "c.png").rename(results / "see.png")
    with pytest.raises(DatasetError, match=r"each of 3 pictures; 2 are missing.*\n  a\n  c\n"):
        ResultFolder(results, plan)
    with pytest.raises(DatasetNotFoundError, match="does not exist"):
        ResultFolder(results / "deeper", plan)


def test_two_files_for_one_picture_are_refused(results: Path, plan: Plan):
    (results / "a.webp").write_bytes(b"")
    with pytest.raises(DatasetError, match=r"one result per picture.*a\.png and .*a\.webp"):
        ResultFolder(results, plan)


def test_another_size_is_refused_by_name(results: Path, plan: Plan):
    Image.new("RGB", (18, 20)).save(results / "b.png")
    with pytest.raises(DatasetError, match=r"b\.png must be 19x20 px.*got 18x20"):
        psnr_of(results, plan)


def test_damaged_pictures_are_named(results: Path, plan: Plan):
    (results / "b.png").write_bytes((results / "b.png").read_bytes()[:60])
    with pytest.raises(UnreadableImageError, match=r"b\.png"):
        psnr_of(results, plan)


def test_results_may_have_the_size_before_or_after_the_crop(results: Path, random_pairs: ImageSet, tmp_path: Path):
    plan = plan_cases(random_pairs, PROTOCOLS["aio"])
    assert psnr_of(results, plan) == [100, 100, 100]
    with Image.open(results / "a.png") as whole:
        whole.crop((1, 2, 17, 18)).save(results / "a.png")
    assert psnr_of(results, plan) == [100, 100, 100]


def test_arrays_are_not_rounded(results: Path, plan: Plan):
    with Image.open(results / "a.png") as picture:
        np.save(results / "a.npy", np.asarray(picture) / 255 + 0.25 / 255)
    (results / "a.png").unlink()
    assert psnr_of(results, plan)[0] == pytest.approx(20 * np.log10(255 / 0.25), abs=0.01)


@pytest.mark.parametrize(
    ("array", "error", "message"),
    [
        (np.full((20, 19, 3), np.nan), NumericalError, "NaN or infinity"),
        (np.full((20, 19, 3), 255.0), NumericalError, "divide by 255"),
        (np.zeros((20, 19, 3), np.uint8), DatasetError, "floating-point RGB"),
        (np.zeros((3, 20, 19)), DatasetError, "floating-point RGB"),
    ],
)
def test_bad_arrays_are_named(results: Path, plan: Plan, array: np.ndarray, error: type[Exception], message: str):
    (results / "b.png").unlink()
    np.save(results / "b.npy", array)
    with pytest.raises(error, match=rf"b\.npy .*{message}"):
        psnr_of(results, plan)


def test_an_array_that_is_none_is_named(results: Path, plan: Plan):
    (results / "b.png").unlink()
    (results / "b.npy").write_bytes(b"no array")
    with pytest.raises(UnreadableImageError, match=r"b\.npy"):
        psnr_of(results, plan)


@pytest.mark.parametrize(("name", "levels"), [("aio", (15, 25)), ("ours", (15, 25)), ("float-noise", (25,))])
def test_saved_inputs_come_back_as_results(write_set, tmp_path: Path, name: str, levels: tuple[float, ...]):
    image_set = write_set({f"{name}.png": np.full((20, 20, 3), 240) for name in "ab"})
    synthetic = [Synthetic(kind="noise", level=level) for level in levels]
    plan = plan_cases(image_set, PROTOCOLS[name], synthetic=synthetic)
    for case in plan.cases():
        save_input(case, tmp_path / "inputs", plan)
    assert (tmp_path / "inputs" / f"noise_25/a.{'npy' if name == 'float-noise' else 'png'}").is_file()
    folder = ResultFolder(tmp_path / "inputs", plan)
    for case in plan.cases():
        np.testing.assert_array_equal(folder.restore(case).image, case.degraded)


def test_levels_of_noise_need_a_folder_each(write_set, tmp_path: Path):
    image_set = write_set({"a.png": np.full((20, 20, 3), 240)})
    both = [Synthetic(kind="noise", level=level) for level in (15, 25)]
    (tmp_path / "peer").mkdir()
    Image.new("RGB", (20, 20)).save(tmp_path / "peer" / "a.png")
    with pytest.raises(DatasetError, match=r"\n  noise_15/a\n  noise_25/a\n"):
        ResultFolder(tmp_path / "peer", plan_cases(image_set, PROTOCOLS["aio"], synthetic=both))
    one = plan_cases(image_set, PROTOCOLS["aio"], synthetic=both[:1])
    assert ResultFolder(tmp_path / "peer", one).restore(next(one.cases())).image.shape == (3, 16, 16)


def test_equal_names_in_different_folders_are_kept_apart(write_set, tmp_path: Path):
    names = [f"CDD-11_test/{kind}/{n}.png" for kind in ("haze", "low", "clear") for n in (1, 2)]
    image_set = write_set({name: np.full((16, 16, 3), 9 * len(name)) for name in names})
    plan = plan_cases(image_set, PROTOCOLS["cdd11"])
    folder = tmp_path / "peer"
    for kind in ("haze", "low"):
        (folder / kind).mkdir(parents=True)
        for n in (1, 2):
            Image.new("RGB", (16, 16), (n, n, len(kind))).save(folder / kind / f"{n}.png")
    found = {case.label.name: ResultFolder(folder, plan).restore(case).image[2, 0, 0] * 255 for case in plan.cases()}
    assert found == pytest.approx({"haze/1": 4, "haze/2": 4, "low/1": 3, "low/2": 3})
    for path in (folder / "haze").iterdir():
        path.rename(folder / path.name)
    with pytest.raises(DatasetError, match="2 are missing"):
        ResultFolder(folder, plan)


def test_a_picture_too_small_for_a_window_is_named(write_set, tmp_path: Path):
    image_set = write_set({f"{kind}/a.png": np.full((9, 9, 3), 7) for kind in ("input", "target")})
    plan = plan_cases(image_set, PROTOCOLS["basicsr"])
    with pytest.raises(ShapeError, match=r"input/a\.png .*at least 11 x 11"):
        evaluate(plan.cases(), [], plan.protocol)

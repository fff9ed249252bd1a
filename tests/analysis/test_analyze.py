"""The analysis as a whole: the findings of a restoration, strengths beside them, the change without restoring all."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fake_engine import FakeEngine, fake_spec
from opir.analysis.analyze import analyze
from opir.analysis.change import model_change
from opir.analysis.fit_statistics import fit_statistics
from opir.errors import NumericalError, UnreadableImageError
from opir.imaging import read_photo
from opir.runtime.restore import Restorer
from opir.tasks import TASKS
from tiny_model import write_tiny_model

Scene = Callable[..., np.ndarray]


def codes(image: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(np.rint(image.clip(0, 1) * 255).astype(np.uint8).transpose(1, 2, 0))


@pytest.fixture
def restorer() -> Restorer:
    return Restorer.from_engine(FakeEngine(replace(fake_spec(), trained_tasks=TASKS)))


def test_findings_are_those_of_a_restoration(restorer: Restorer, scene: Scene) -> None:
    picture = codes(scene())
    analysis = analyze(picture, restorer)
    assert analysis.found == restorer.restore(picture).found
    tasks = [each.task for each in analysis.strengths]
    assert set(tasks) >= {"noise", "haze", "blur", "low_light", "jpeg"}
    assert tasks == [task for task in analysis.found if task in tasks]


def test_strengths_are_of_the_picture_and_follow_it(restorer: Restorer, scene: Scene) -> None:
    image, random = scene(), np.random.default_rng(0)
    worse = {
        "noise": image + random.normal(0, 0.1, image.shape),
        "haze": 0.4 * image + 0.55,
        "low_light": 0.2 * image,
    }
    clean = {each.task: each.value for each in analyze(codes(image), restorer).strengths}
    for task, changed in worse.items():
        value = {each.task: each.value for each in analyze(codes(changed), restorer).strengths}[task]
        assert value > clean[task] + 1


class SureEngine(FakeEngine):
    """Believes in everything but what would be undone beside told rain or snow: compression and haze."""

    def estimate(self, mean: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return np.array([[0.0 if task in ("jpeg", "haze") else 0.9 for task in TASKS]], np.float32), mean[:, :2]


def test_rain_and_snow_are_told_to_the_model_where_they_are_likely(scene: Scene) -> None:
    restorer = Restorer.from_engine(SureEngine(replace(fake_spec(), trained_tasks=TASKS)))
    analysis = analyze(codes(scene()), restorer)
    told = {each.task: each for each in analysis.strengths if each.measure == "model_change"}
    assert set(told) == {"rain", "snow"}
    for task, strength in told.items():
        image = read_photo(codes(scene()))
        alone = restorer.restore(image, task=task).photo.pixels.astype(float)
        assert strength.value == pytest.approx(np.abs(alone - image.pixels).mean(), abs=0.3)


@pytest.mark.parametrize("size", [(21, 30), (384, 300)])
def test_the_change_of_a_small_picture_is_that_of_a_restoration(scene: Scene, size: tuple[int, int]) -> None:
    restorer = Restorer.from_engine(FakeEngine(fake_spec(trained=("noise",))))  # no tones after haze
    picture = codes(scene(height=size[0], width=size[1]))
    restored = restorer.restore_array(picture.transpose(2, 0, 1).astype(np.float32) / 255)
    expected = 255 * np.abs(restored.image - picture.transpose(2, 0, 1) / 255).mean()
    assert analyze(picture, restorer).change == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize("size", [(900, 1100), (40, 1500), (1500, 40)])
def test_the_change_of_a_large_picture_is_estimated_at_a_bounded_cost(
    restorer: Restorer, scene: Scene, size: tuple[int, int]
) -> None:
    image = scene(height=size[0], width=size[1])
    restored = restorer.restore_array(image).image
    restorer.engine.areas.clear()
    change = model_change(restorer.engine, image, restorer.summarise(image))
    assert change == pytest.approx(255 * np.abs(restored - image).mean(), rel=0.35)
    assert sum(restorer.engine.areas) <= 2 * 4 * 192**2


def test_values_that_are_not_finite_are_an_error(scene: Scene) -> None:
    with pytest.raises(NumericalError):
        analyze(codes(scene()), Restorer.from_engine(FakeEngine(spoiled_stage=1)))


def test_the_quality_comes_from_the_file(restorer: Restorer, scene: Scene, tmp_path: Path, as_jpeg) -> None:
    data = as_jpeg(scene(), 35)
    (tmp_path / "a.jpg").write_bytes(data)
    for source in (data, tmp_path / "a.jpg", str(tmp_path / "a.jpg")):
        assert analyze(source, restorer).jpeg_quality == 35
    assert analyze(read_photo(data), restorer).jpeg_quality == 35
    stream = io.BytesIO()
    Image.open(io.BytesIO(data)).save(stream, "PNG")
    assert analyze(stream.getvalue(), restorer).jpeg_quality is None


def test_without_statistics_it_is_said(tmp_path: Path, scene: Scene) -> None:
    picture, folder = codes(scene(height=64, width=80)), write_tiny_model(tmp_path / "tiny")
    restorer = Restorer(folder, threads=1)
    analysis = analyze(picture, restorer)
    assert analysis.familiarity is None
    assert "features.json" in analysis.notes[0]
    crops = [scene(seed, 48, 48) for seed in range(40)]
    features = np.stack([restorer.summarise(crop).mean for crop in crops])
    fit_statistics(features, restorer.spec).save(folder)
    analysis = analyze(picture, restorer)
    assert analysis.familiarity is not None
    assert analysis.notes == ()
    entries = json.loads(json.dumps(analysis.entries()))
    assert set(entries["familiarity"]) == {"distance", "share_nearer", "is_outside"}
    checkerboard = np.kron(np.indices((30, 30)).sum(axis=0) % 2, np.ones((1, 1)))[..., None].repeat(3, 2)
    assert analyze((checkerboard * 255).astype(np.uint8), restorer).familiarity.is_outside


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (5, 3), (33, 31)])
def test_the_smallest_pictures(restorer: Restorer, size: tuple[int, int]) -> None:
    analysis = analyze(np.full((*size, 3), 128, np.uint8), restorer)
    values = {each.task: each.value for each in analysis.strengths}
    assert values["haze"] == pytest.approx(128, abs=0.01)
    assert values["blur"] is None
    json.dumps(analysis.entries(), allow_nan=False)


def test_what_cannot_be_read_is_an_error_of_the_package(restorer: Restorer) -> None:
    with pytest.raises(UnreadableImageError):
        analyze(b"nothing", restorer)

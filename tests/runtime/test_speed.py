"""Measurements say what was measured, and a failing child is an error with its own words."""

from __future__ import annotations

import numpy as np
import pytest

from opir.errors import ConfigurationError, OpirError
from opir.runtime.speed import Case, measure, measure_here, synthetic_photo
from tiny_model import write_tiny_model


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(write_tiny_model(tmp_path_factory.mktemp("models") / "tiny"))


def test_in_a_process_of_its_own(model: str) -> None:
    speed = measure(Case(model=model, megapixels=0.01, tile=32, threads=1, repeats=1))
    assert (speed.engine, speed.device, speed.precision) == ("onnxruntime", "cpu", "float32")
    assert (speed.width, speed.height, speed.tile) == (123, 82, 32)
    assert speed.n_tiles == 3 * 4
    assert speed.seconds > 0
    assert speed.megapixels_per_second == pytest.approx(123 * 82 / 1e6 / speed.seconds)


def test_effort_is_passed_on(model: str) -> None:
    assert measure_here(Case(model=model, megapixels=0.001, effort="fast", threads=1)).share_refined == 0.0


def test_a_child_that_fails_says_why() -> None:
    with pytest.raises(OpirError, match="expected a bundled model or a model folder, got 'bass'"):
        measure(Case(model="bass"))


@pytest.mark.parametrize("wrong", [{"megapixels": 0.0}, {"megapixels": float("nan")}, {"repeats": 0}])
def test_impossible_measurements(wrong: dict[str, float]) -> None:
    with pytest.raises(ConfigurationError, match="must be"):
        Case(**wrong)


def test_the_picture_is_the_same_every_time_and_half_of_it_noisy() -> None:
    pixels = synthetic_photo(0.05).pixels.astype(float)
    np.testing.assert_array_equal(pixels, synthetic_photo(0.05).pixels)
    roughness = np.abs(np.diff(pixels, axis=0)).mean(axis=(0, 2))
    half = pixels.shape[1] // 2
    assert roughness[half:].mean() > 5 * roughness[:half].mean()

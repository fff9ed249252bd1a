"""Arrays in, arrays out: nothing is rounded, tasks may be told."""

from __future__ import annotations

import numpy as np
import pytest

from fake_engine import FakeEngine, fake_spec
from opir.errors import ConfigurationError, ImageTooLargeError, NumericalError, ShapeError
from opir.runtime.passes import restore_array
from opir.runtime.restore import Restorer


def image(height: int = 37, width: int = 50) -> np.ndarray:
    return np.random.default_rng(3).uniform(0, 1, (3, height, width)).astype(np.float32)


def test_it_is_the_restoration_of_the_picture_before_rounding() -> None:
    codes = np.random.default_rng(0).integers(0, 256, (37, 50, 3), np.uint8)
    restorer = Restorer.from_engine(FakeEngine(fake_spec(uncertainty_scale=3.0)))
    array = (codes.transpose(2, 0, 1) / 255).astype(np.float32)
    result, picture = restorer.restore_array(array), restorer.restore(codes)
    np.testing.assert_allclose(255 * result.image.transpose(1, 2, 0), picture.image, atol=0.51)
    assert (np.abs(255 * result.image % 1 - 0.5) < 0.4).any()
    np.testing.assert_allclose(result.uncertainty, picture.uncertainty, rtol=1e-4)
    assert result.uncertainty.dtype == np.float32
    assert dict(result.found) == pytest.approx(dict(picture.found), abs=1e-5)


def test_values_beyond_the_range_reach_the_network() -> None:
    wide = 1.6 * image() - 0.3
    result = Restorer.from_engine(FakeEngine()).restore_array(wide.astype(np.float32))
    expected = restore_array(FakeEngine(), wide.astype(np.float32), tile=0)
    np.testing.assert_allclose(result.image, expected.restored, atol=1e-6)


def test_a_told_task_takes_the_place_of_the_estimate() -> None:
    restorer = Restorer.from_engine(FakeEngine())
    weights = np.array([task in ("noise", "haze") for task in restorer.spec.tasks], np.float32)
    told = restorer.restore_array(image(), task=["haze", "noise"])
    expected = restore_array(FakeEngine(), image(), tile=0, task_weights=weights)
    np.testing.assert_allclose(told.image, expected.restored, atol=1e-6)
    blind = restorer.restore_array(image())
    assert np.abs(told.image - blind.image).max() > 1e-3
    assert dict(told.found) == dict(blind.found)


def test_memory_failure_is_survived_or_told() -> None:
    whole = Restorer.from_engine(FakeEngine(), tile=0).restore_array(image(256, 320))
    tiled = Restorer.from_engine(FakeEngine(largest_area=112 * 112), tile=0).restore_array(image(256, 320))
    np.testing.assert_allclose(whole.image, tiled.image, atol=1e-5)
    with pytest.raises(ImageTooLargeError, match="50 x 37 pixels"):
        Restorer.from_engine(FakeEngine(largest_area=0)).restore_array(image())


@pytest.mark.parametrize(
    ("array", "error", "message"),
    [
        (np.zeros((37, 50, 3), np.float32), ShapeError, r"float32 \(3, H, W\)"),
        (np.zeros((3, 37, 50)), ShapeError, "got float64"),
        (np.zeros((3, 0, 50), np.float32), ShapeError, "not empty"),
        (np.full((3, 37, 50), np.nan, np.float32), NumericalError, "holds NaN"),
    ],
)
def test_bad_arrays(array: np.ndarray, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        Restorer.from_engine(FakeEngine()).restore_array(array)


def test_bad_tasks_and_results() -> None:
    with pytest.raises(ConfigurationError, match="snow"):
        Restorer.from_engine(FakeEngine()).restore_array(image(), task="snow")
    with pytest.raises(NumericalError, match="stage 1 gave values"):
        Restorer.from_engine(FakeEngine(spoiled_stage=0)).restore_array(image())

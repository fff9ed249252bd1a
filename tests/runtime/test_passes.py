"""The algorithm on arrays: tiles change nothing, bad values are found, progress is told."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fake_engine import FakeEngine, fake_spec
from opir.errors import NumericalError, ShapeError
from opir.runtime.passes import restore_array


def picture(height: int, width: int, *, seed: int = 0) -> np.ndarray:
    generator = np.random.default_rng(seed)
    return generator.uniform(0.2, 0.7, (3, height, width)).astype(np.float32)


@settings(deadline=None)
@example(height=1, width=1, tile=8)
@example(height=1, width=97, tile=24)
@example(height=71, width=85, tile=8)
@given(height=st.integers(1, 90), width=st.integers(1, 90), tile=st.integers(1, 100))
def test_tiles_give_the_values_of_the_whole(height: int, width: int, tile: int) -> None:
    image = picture(height, width)
    whole = restore_array(FakeEngine(), image, tile=0)
    tiled = restore_array(FakeEngine(), image, tile=tile)
    assert whole.restored.shape == (3, height, width)
    assert whole.expected_error.shape == (height, width)
    np.testing.assert_allclose(tiled.restored, whole.restored, atol=1e-6)
    np.testing.assert_allclose(tiled.expected_error, whole.expected_error, atol=1e-6)
    np.testing.assert_allclose(tiled.found, whole.found, atol=1e-6)


def test_a_halo_below_the_receptive_field_would_show() -> None:
    image = picture(80, 80)
    whole = restore_array(FakeEngine(), image, tile=0)
    tiled = restore_array(FakeEngine(fake_spec(stage_halo=8)), image, tile=24)
    assert np.abs(tiled.restored - whole.restored).max() > 1e-4


def test_follows_the_definition() -> None:
    """The whole-picture algorithm without haze, written out: pad, encode, mean, estimate, two stages, crop, clip."""
    image, engine = picture(13, 20), FakeEngine(fake_spec(trained=("noise",)))
    padded = np.pad(image, ((0, 0), (0, 3), (0, 4)), mode="reflect")[None]
    weights, context = engine.estimate(engine.encode(padded).mean(axis=(2, 3)))
    first, scale = engine.stage(padded, padded, np.zeros_like(padded[:, :1]), weights, context, 0)
    second, scale = engine.stage(first, padded, scale, weights, context, 1)
    result = restore_array(engine, image, tile=0)
    np.testing.assert_allclose(result.restored, second[0, :, :13, :20].clip(0, 1), atol=1e-6)
    np.testing.assert_allclose(result.expected_error, scale[0, 0, :13, :20], atol=1e-6)
    np.testing.assert_allclose(result.found, weights[0], atol=1e-6)


def test_result_is_clipped() -> None:
    bright = np.full((3, 16, 16), 0.999, np.float32)
    assert restore_array(FakeEngine(), bright, tile=0).restored.max() == 1.0


def test_named_tasks_replace_the_estimate_but_not_the_findings() -> None:
    image = picture(24, 24)
    free = restore_array(FakeEngine(), image, tile=0)
    forced = restore_array(FakeEngine(), image, tile=0, task_weights=np.zeros(7, np.float32))
    np.testing.assert_array_equal(forced.restored, image)
    np.testing.assert_array_equal(forced.found, free.found)
    assert np.abs(free.restored - image).max() > 0.01


def test_progress_ends_at_the_whole_picture() -> None:
    steps: list[tuple[int, int]] = []
    restore_array(FakeEngine(), picture(40, 60), tile=16, progress=lambda *step: steps.append(step))
    done = [step[0] for step in steps]
    assert done == sorted(done)
    assert steps[-1] == (40 * 64, 40 * 64)
    assert len(steps) == 2 * 3 * 4


def test_progress_can_stop_the_work() -> None:
    def stop(done: int, total: int) -> None:
        raise InterruptedError

    engine = FakeEngine()
    with pytest.raises(InterruptedError):
        restore_array(engine, picture(40, 40), tile=8, progress=stop)
    assert len(engine.areas) == 1


@pytest.mark.parametrize("stage", [0, 1])
def test_nan_is_found_and_the_tile_named(stage: int) -> None:
    engine = FakeEngine(spoiled_stage=stage)
    with pytest.raises(NumericalError, match=rf"stage {stage + 1} .* tile 1 \(rows 0 to 16, columns 0 to 16\)"):
        restore_array(engine, picture(32, 32), tile=16)


def test_nan_in_the_features_is_found() -> None:
    class Broken(FakeEngine):
        def encode(self, image: np.ndarray) -> np.ndarray:
            return np.full_like(super().encode(image), np.nan)

    with pytest.raises(NumericalError, match="the encoder"):
        restore_array(Broken(), picture(32, 32), tile=0)


def test_single_stage() -> None:
    engine = FakeEngine(replace(fake_spec(), n_stages=1))
    restore_array(engine, picture(16, 16), tile=0)
    assert len(engine.areas) == 1


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((3, 8, 8)),
        np.zeros((1, 8, 8), np.float32),
        np.zeros((3, 0, 8), np.float32),
        np.zeros((8, 8), np.float32),
    ],
)
def test_wrong_arrays_are_refused(image: np.ndarray) -> None:
    with pytest.raises(ShapeError, match=r"float32 \(3, H, W\)"):
        restore_array(FakeEngine(), image, tile=0)

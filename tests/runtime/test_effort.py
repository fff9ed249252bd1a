"""The second stage where it is worth it: what is skipped, what is not, and that no seam tells which."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fake_engine import FakeEngine, fake_spec
from opir.runtime.effort import BLOCK_PX, UNSURE_AT, UNSURE_FROM, gate_of
from opir.runtime.engine import Float32
from opir.runtime.passes import ArrayResult, restore_array
from opir.runtime.restore import Restorer
from opir.runtime.settings import RestoreSettings
from opir.runtime.tiling import Window


class HalfSure(FakeEngine):
    """Expects a large error where the picture is bright, none where it is dark; stages add a constant each."""

    def stage(
        self,
        current: Float32,
        observed: Float32,
        scale: Float32,
        task_weights: Float32,
        context: Float32,
        stage_index: int,
        *,
        expert: bool = False,
    ) -> tuple[Float32, Float32]:
        self.areas.append(current.shape[2] * current.shape[3])
        error = np.where(observed.mean(axis=1, keepdims=True) > 0.5, 4 * UNSURE_AT, UNSURE_FROM / 4) / 255
        return current + np.float32(0.1), error.astype(np.float32)


def half_sure() -> HalfSure:
    return HalfSure(fake_spec(trained=("noise",)))


def half_bright(height: int, width: int) -> np.ndarray:
    image = np.full((3, height, width), 0.2, np.float32)
    image[:, :, width // 2 :] = 0.7
    return image


def run(image: np.ndarray, effort: str, *, tile: int = 0, engine: FakeEngine | None = None) -> ArrayResult:
    return restore_array(engine or half_sure(), image, tile=tile, effort=effort)


def test_fast_is_the_first_stage() -> None:
    image, engine = half_bright(64, 64), half_sure()
    np.testing.assert_allclose(run(image, "fast", engine=engine).restored, image + 0.1, atol=1e-6)
    assert len(engine.areas) == 1


def test_balanced_refines_what_is_unsure_and_nothing_else() -> None:
    image, engine = half_bright(256, 1024), half_sure()
    change = run(image, "balanced", engine=engine).restored - image
    np.testing.assert_allclose(change[:, :, : 512 - 2 * BLOCK_PX], 0.1, atol=1e-6)
    np.testing.assert_allclose(change[:, :, 512 + 2 * BLOCK_PX :], 0.2, atol=1e-6)
    assert engine.areas[1] < 0.7 * engine.areas[0]


def test_no_seam_where_refinement_begins() -> None:
    image = half_bright(256, 1024)
    change = run(image, "balanced", tile=96).restored - image
    # From 0.1 to 0.2 within one block: linear interpolation has no larger step than this.
    assert np.abs(np.diff(change, axis=2)).max() < 1.01 * 0.1 / BLOCK_PX
    assert np.abs(np.diff(change, axis=1)).max() < 1e-6


@settings(deadline=None, max_examples=40)
@given(height=st.integers(1, 200), width=st.integers(1, 200), tile=st.integers(8, 200), seed=st.integers(0, 3))
def test_tiles_give_the_values_of_the_whole(height: int, width: int, tile: int, seed: int) -> None:
    image = np.random.default_rng(seed).uniform(0.2, 0.7, (3, height, width)).astype(np.float32)
    engine = FakeEngine(
        fake_spec(uncertainty_scale=0.03, trained=("noise",))
    )  # so that some blocks are unsure and some are not
    whole, tiled = (run(image, "balanced", tile=side, engine=engine) for side in (0, tile))
    np.testing.assert_allclose(tiled.restored, whole.restored, atol=1e-5)
    np.testing.assert_allclose(tiled.expected_error, whole.expected_error, atol=1e-5)


def test_unsure_everywhere_equals_best() -> None:
    image = np.random.default_rng(0).uniform(0.2, 0.7, (3, 150, 170)).astype(np.float32)
    balanced, best = (run(image, effort, tile=64, engine=FakeEngine()) for effort in ("balanced", "best"))
    np.testing.assert_array_equal(balanced.restored, best.restored)


@pytest.mark.parametrize(("effort", "share"), [("fast", 0.0), ("best", 1.0)])
def test_the_report_says_how_much(effort: str, share: float) -> None:
    codes = np.zeros((40, 50, 3), np.uint8)
    restorer = Restorer.from_engine(FakeEngine())
    report = restorer.restore(codes, settings=RestoreSettings(effort=effort)).report
    assert (report.effort, report.share_refined) == (effort, share)


def test_windows_cover_all_that_is_wanted_for_less() -> None:
    scale = np.zeros((512, 512), np.float32)
    scale[:10, :10] = scale[-10:, -10:] = 1.0  # two opposite corners
    core = Window(top=0, left=0, bottom=512, right=512)
    gate = gate_of(scale, 255.0, core, rows_from=0, height=512)
    windows = gate.windows(16, 512, 512)
    covered = np.zeros((512, 512), bool)
    for window in windows:
        assert not covered[window.slices].any()
        covered[window.slices] = True
    assert covered[gate.share > 0].all()
    assert 0 < covered.mean() < 0.25

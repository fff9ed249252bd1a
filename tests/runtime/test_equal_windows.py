"""Windows of one shape: inside the picture, around their core, ending where the picture does; and the same values."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fake_engine import FakeEngine
from opir.runtime.engine import Float32
from opir.runtime.equal_windows import DeviceEngine, equal_window, largest_sides
from opir.runtime.passes import restore_array
from opir.runtime.tiling import plan_cores

STRIDE = 8


@settings(deadline=None, max_examples=60)
@given(height=st.integers(1, 60), width=st.integers(1, 60), tile=st.integers(1, 20), halo=st.integers(0, 6))
def test_windows_hold_their_core_and_halo(height: int, width: int, tile: int, halo: int) -> None:
    height, width, tile, halo = (STRIDE * value for value in (height, width, tile, halo))
    cores = plan_cores(height, width, tile=tile, stride=STRIDE)
    windows = [equal_window(core, largest_sides(cores), halo, height, width) for core in cores]
    assert len({(window.height, window.width) for window in windows}) == 1
    for core, window in zip(cores, windows, strict=True):
        least = core.grown(halo, height, width)
        assert 0 <= window.top <= least.top
        assert least.bottom <= window.bottom <= height
        assert 0 <= window.left <= least.left
        assert least.right <= window.right <= width
        assert window.top % STRIDE == window.left % STRIDE == 0


class EqualEngine(FakeEngine):
    """The fake engine, with a device of its own that remembers the shapes of the stages' windows."""

    wants_equal_windows = True

    def free_bytes(self) -> int:
        return 1 << 30

    def stage(self, current: Float32, *rest: object, expert: bool = False) -> tuple[Float32, Float32]:
        self.shapes = {*getattr(self, "shapes", set()), current.shape}
        return super().stage(current, *rest, expert=expert)  # type: ignore[arg-type]


@pytest.mark.parametrize("size", [(203, 181), (64, 300), (300, 40)])
def test_values_are_those_of_other_windows(size: tuple[int, int]) -> None:
    image = np.random.default_rng(0).random((3, *size), np.float32)
    engine = EqualEngine()
    assert isinstance(engine, DeviceEngine)
    equal, plain = restore_array(engine, image, tile=64), restore_array(FakeEngine(), image, tile=64)
    assert plain.n_tiles > 1
    assert len(engine.shapes) == 1
    np.testing.assert_allclose(equal.restored, plain.restored, atol=1e-6)
    np.testing.assert_allclose(equal.expected_error, plain.expected_error, atol=1e-6)
    assert np.abs(equal.restored - image).max() > 0.001

"""The self-test passes a sound engine and catches the two failures that users meet."""

from __future__ import annotations

import pytest

from fake_engine import FakeEngine, fake_spec
from opir.errors import NumericalError
from opir.runtime.self_test import self_test


def test_sound_engine_passes() -> None:
    assert self_test(FakeEngine()) > 0


def test_nan_is_caught() -> None:
    with pytest.raises(NumericalError, match="not finite"):
        self_test(FakeEngine(spoiled_stage=1))


def test_tiles_that_differ_are_caught() -> None:
    with pytest.raises(NumericalError, match="tiles differ from the whole picture"):
        self_test(FakeEngine(fake_spec(stage_halo=0)))

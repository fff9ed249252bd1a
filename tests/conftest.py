"""Settings shared by all tests."""

from __future__ import annotations

import os
from collections.abc import Iterator

os.environ.setdefault("OMP_NUM_THREADS", "2")

import pytest
import torch


@pytest.fixture(autouse=True)
def _threads_as_before() -> Iterator[None]:
    """``--threads`` holds for the whole process, and sums differ in their last bits between one thread and two."""
    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)

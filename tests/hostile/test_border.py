"""Hostile files at the border: read or refused with an error of the package, in bounded time and memory, unchanged."""

from __future__ import annotations

import numpy as np
import pytest

from hostile.run_corpus import Summary, run_corpus
from hostile.seeds import SEEDS
from opir.errors import ImageError
from opir.imaging import read_photo

LARGEST_MB = 700
"""Resident memory of a process that opens pictures of up to 4.5 megapixels, all libraries included."""
LONGEST_SECONDS = 20.0
"""Processor time for one file: the limit of the server's decoding process is 30 s."""


def check(summary: Summary) -> None:
    assert summary.failures == []
    assert summary.peak_mb < LARGEST_MB
    assert summary.slowest[0][0] < LONGEST_SECONDS


def test_a_sample_of_the_corpus() -> None:
    summary = run_corpus(every=40, parts="s")
    check(summary)
    assert summary.n_cases > 250
    sound = {format for format, kind, outcome in summary.outcomes if (kind, outcome) == ("sound", "decoded")}
    assert sound >= {"png", "jpeg", "webp", "tiff", "bmp", "ppm"}
    cut = {outcome for _, kind, outcome in summary.outcomes if kind == "cut"}
    assert "refused" in cut


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("step", [17, pytest.param(1, marks=pytest.mark.slow)])
def test_a_part_of_a_picture_is_never_taken_for_the_whole(step: int) -> None:
    """A file that was cut off is refused, unless all of its pixels are in what is left."""
    n_refused = 0
    for seed in SEEDS:
        data = seed.build()
        for length in range(len(data) * 9 // 10, len(data), max(1, step * len(data) // 1000)):
            try:
                cut = read_photo(data[:length])
            except ImageError:
                n_refused += 1
                continue
            whole = read_photo(data)
            assert np.array_equal(cut.pixels, whole.pixels), f"{seed.name} cut to {length} of {len(data)} bytes"
            assert (cut.alpha is None) == (whole.alpha is None)
    assert n_refused > 2 * len(SEEDS)


@pytest.mark.slow
def test_the_whole_corpus() -> None:
    summary = run_corpus()
    check(summary)
    assert summary.n_cases > 8000
    assert {format for format, _, _ in summary.outcomes} >= {seed.name.partition("-")[0] for seed in SEEDS}

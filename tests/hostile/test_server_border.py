"""Hostile files at the server's decoding process: answered or refused, and the next picture is read all the same."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hostile.corpus import Case, all_bombs, sample
from hostile.seeds import saved
from opir.errors import ImageError

pytest.importorskip("fastapi")
from opir.server.decode_pool import DecodePool

MAX_PIXELS = 4_500_000


class Deaths:
    """Counts processes that a picture brought down."""

    def __init__(self) -> None:
        self.n = 0

    def __call__(self) -> None:
        self.n += 1


@pytest.fixture
def deaths() -> Deaths:
    return Deaths()


@pytest.fixture
def pool(deaths: Deaths) -> Iterator[DecodePool]:
    pool = DecodePool(max_pixels=MAX_PIXELS, max_body_bytes=30_000_000, on_death=deaths)
    yield pool
    pool.close()


def feed(pool: DecodePool, cases: Iterator[Case]) -> int:
    """Probe and decode every case; return how many were decoded."""
    n_decoded, messages = 0, []
    for case in cases:
        for ask in (pool.probe, pool.decode):
            try:
                ask(case.data)
            except ImageError as error:
                messages.append(str(error))
            else:
                n_decoded += ask == pool.decode
    assert [message for message in messages if not message.isprintable()] == []
    return n_decoded


@pytest.mark.parametrize("every", [400, pytest.param(7, marks=pytest.mark.slow)])
def test_spoilt_pictures_bring_nothing_down(pool: DecodePool, deaths: Deaths, every: int) -> None:
    assert feed(pool, sample(every)) > 20
    assert deaths.n == 0


@pytest.mark.slow
def test_bombs_end_their_own_process_at_most(pool: DecodePool, deaths: Deaths) -> None:
    feed(pool, all_bombs())
    assert deaths.n <= 3
    assert pool.decode(saved("RGB", "PNG")).width == 52

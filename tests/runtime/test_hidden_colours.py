"""What lies below full transparency neither shows through nor is touched."""

from __future__ import annotations

import numpy as np
import pytest

from fake_engine import FakeEngine
from opir.imaging import Photo
from opir.runtime.hidden_colours import fill_hidden
from opir.runtime.restore import Restorer


def photo(hidden_level: int, *, gray: bool = False) -> Photo:
    """A gray-blue disc on nothing; ``hidden_level`` is what lies below the nothing."""
    rows, columns = np.mgrid[:45, :60]
    alpha = np.where((rows - 22) ** 2 + (columns - 30) ** 2 < 300, 255, 0).astype(np.uint8)
    pixels = np.random.default_rng(1).integers(100, 160, (45, 60, 1 if gray else 3), np.uint8)
    pixels[alpha == 0] = hidden_level
    return Photo(pixels=pixels, alpha=alpha)


@pytest.mark.parametrize("gray", [False, True])
def test_hidden_colours_do_not_bleed_and_are_kept(gray: bool) -> None:
    restorer = Restorer.from_engine(FakeEngine())
    black, white = photo(0, gray=gray), photo(255, gray=gray)
    one, other = restorer.restore(black), restorer.restore(white)
    visible = black.alpha == 255
    np.testing.assert_array_equal(one.photo.pixels[visible], other.photo.pixels[visible])
    assert (one.photo.pixels[visible] != black.pixels[visible]).any()
    np.testing.assert_array_equal(one.photo.pixels[~visible], black.pixels[~visible])
    np.testing.assert_array_equal(other.photo.pixels[~visible], white.pixels[~visible])
    np.testing.assert_array_equal(one.photo.alpha, black.alpha)
    assert dict(one.found) == dict(other.found)
    assert dict(restorer.analyze(black)) == dict(restorer.analyze(white))


def test_nothing_visible() -> None:
    pixels = np.full((9, 11, 3), 77, np.uint8)
    restored = Restorer.from_engine(FakeEngine()).restore(Photo(pixels=pixels, alpha=np.zeros((9, 11), np.uint8)))
    np.testing.assert_array_equal(restored.photo.pixels, pixels)


@pytest.mark.parametrize("size", [(1, 2), (7, 1), (33, 50), (64, 64)])
def test_filling_continues_what_is_visible(size: tuple[int, int]) -> None:
    generator = np.random.default_rng(2)
    image = generator.random((3, *size), np.float32) * 0.2 + 0.4
    hidden = generator.random(size) < 0.7
    hidden[0, 0] = False
    spoilt = np.where(hidden, np.float32(9), image)
    filled = fill_hidden(spoilt, hidden)
    np.testing.assert_array_equal(filled[:, ~hidden], image[:, ~hidden])
    assert filled.min() >= 0.4
    assert filled.max() <= 0.6 + 1e-6


def test_filling_is_local() -> None:
    """Left half dark, right half light, a hole in each: each hole takes its own side's colour."""
    image = np.full((3, 64, 64), 0.1, np.float32)
    image[..., 32:] = 0.9
    hidden = np.zeros((64, 64), bool)
    hidden[24:40, 8:24] = hidden[24:40, 40:56] = True
    filled = fill_hidden(np.where(hidden, np.float32(0.5), image), hidden)
    np.testing.assert_allclose(filled, image, atol=1e-6)

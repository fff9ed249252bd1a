from __future__ import annotations

import numpy as np
from skimage.color import rgb2lab

from opir.imaging.colormap import COLOURS, colours_of


def test_lightness_rises_without_a_break():
    lightness = rgb2lab(COLOURS[None] / 255.0)[0, :, 0]  # CIELAB, not the space the table was built in
    steps = np.diff(lightness)
    assert steps.min() > 0
    assert steps.max() < 0.8
    assert lightness[0] < 5
    assert lightness[-1] > 90


def test_all_colours_differ():
    assert len({tuple(colour) for colour in COLOURS.tolist()}) == 256


def test_ends_and_middle():
    values = np.array([[0.0, 5.0, 10.0, 1e9]])
    assert colours_of(values, 10.0)[0].tolist() == [COLOURS[index].tolist() for index in (0, 128, 255, 255)]

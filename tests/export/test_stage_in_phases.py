from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from opir.export.stage_in_phases import strided_entry


@pytest.mark.parametrize("factor", [1, 2, 4])
def test_a_strided_convolution_replaces_the_unshuffle(factor):
    torch.manual_seed(0)
    entry = nn.Conv2d(7 * factor**2, 6, 3, padding=1)
    image = torch.randn(2, 7, 8 * factor, 5 * factor)
    expected = entry(F.pixel_unshuffle(image, factor))
    torch.testing.assert_close(strided_entry(entry, factor)(image), expected, rtol=1e-4, atol=1e-5)

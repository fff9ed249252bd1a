"""Values of single images meet the batch that they belong to."""

from __future__ import annotations

import torch

from opir.physics.per_image import keep_where, normal_like, per_image


def test_values_get_the_dimensions_and_precision_of_the_image() -> None:
    image = torch.zeros(2, 3, 4, 5, dtype=torch.float64)
    assert per_image(torch.ones(2), image).shape == (2, 1, 1, 1)
    assert per_image(torch.ones(2, 3), image).shape == (2, 3, 1, 1)
    assert per_image(torch.ones(2), image).dtype == torch.float64


def test_fields_follow_seed_and_stream_only() -> None:
    image = torch.zeros(3, 3, 8, 8)
    field = normal_like(torch.tensor([4, 5, 4]), image)
    assert torch.equal(field[0], field[2])
    assert not torch.equal(field[0], field[1])
    assert not torch.equal(normal_like(torch.tensor([4, 5, 4]), image, stream=1), field)
    torch.testing.assert_close(normal_like(torch.tensor([4, 5, 4]), image.double()).float(), field)


def test_keep_where_chooses_by_image() -> None:
    zeros, ones = torch.zeros(2, 3, 2, 2), torch.ones(2, 3, 2, 2)
    kept = keep_where(torch.tensor([True, False]), zeros, ones)
    assert kept.mean(dim=(1, 2, 3)).tolist() == [0, 1]

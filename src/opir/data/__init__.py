"""Data sets: readers of the published ones and of one's own, their verification, and training material."""

from __future__ import annotations

from opir.data.pairs import CleanImage, ImageSet, Pair, read_pair
from opir.data.readers import REGISTRY, detect, get_reader, open_dataset

__all__ = ["REGISTRY", "CleanImage", "ImageSet", "Pair", "detect", "get_reader", "open_dataset", "read_pair"]

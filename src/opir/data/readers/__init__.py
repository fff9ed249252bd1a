"""Readers of the published data sets and of the usual layouts of one's own pictures."""

from __future__ import annotations

from opir.data.readers.reader import Reader
from opir.data.readers.registry import REGISTRY, Detection, detect, get_reader, open_dataset

__all__ = ["REGISTRY", "Detection", "Reader", "detect", "get_reader", "open_dataset"]

"""OPIR: all-in-one image restoration with a predicted, task-aware inverse degradation operator."""

from __future__ import annotations

__version__ = "0.1.0"

"""Trains the tiny network in a process of its own: python train_small.py RUN CHANGES (JSON)."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from conftest_data import small_banks
from conftest_training import small_recipe
from opir.training.loop import train

if __name__ == "__main__":
    changes = json.loads(sys.argv[2])
    train(small_recipe(**changes), small_banks(), Path(sys.argv[1]), n_workers=0, report_every=1, device="cpu")

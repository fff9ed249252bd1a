from __future__ import annotations

import subprocess
import sys

import opir.imaging


def test_public_names_are_sorted_and_exist():
    names = opir.imaging.__all__
    assert names == sorted(names, key=lambda name: (not name.isupper(), not name[0].isupper(), name))
    assert all(hasattr(opir.imaging, name) for name in names)


def test_import_needs_neither_torch_nor_tifffile():
    code = "import sys, opir.imaging; print([name for name in ('torch', 'tifffile') if name in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"

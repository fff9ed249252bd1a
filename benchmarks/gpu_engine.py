"""How many pictures of 1920 x 1080 does the torch engine restore per second, from memory to memory?

Random bytes in, bytes out, through ``opir.runtime.torch_frames``: upload, network, rounding, download. Weights are
random: they do not change the time. Goals on an H200: 100 frames/s for ``base``, 400 for ``tiny``.

    python benchmarks/gpu_engine.py --json results.json
    python benchmarks/gpu_engine.py --device cpu --height 270 --width 480 --frames 3    # a figure for a processor
"""

from __future__ import annotations

import argparse
import json
import platform
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch

import machine
from opir.model import RestorationNetwork, preset
from opir.ops import choose_implementation
from opir.runtime.torch_frames import Frame, restore_frames
from opir.runtime.torch_graphs import PLAIN_RUNS, GraphCache
from opir.runtime.torch_network import DeviceNetwork, Precision

N_WARM_UP = PLAIN_RUNS + 3
"""Frames before the clock starts: the last of them already replay the graph."""

ON_CUDA: tuple[tuple[Precision, bool, bool], ...] = (
    ("float32", False, False),
    ("float16", False, False),
    ("float16", True, False),
    ("bfloat16", True, False),
    ("float16", True, True),
)
"""Precision, CUDA graphs, torch.compile."""


def main() -> None:
    """Measure, print a table and one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--presets", nargs="+", default=["base", "tiny"])
    parser.add_argument("--device", choices=["cuda", "cpu"], default="cuda")
    parser.add_argument("--height", type=int, default=1080)
    parser.add_argument("--width", type=int, default=1920)
    parser.add_argument("--frames", type=int, default=200)
    parser.add_argument("--json", type=Path, default=None)
    options = parser.parse_args()
    if options.device == "cuda" and not torch.cuda.is_available():
        print("no CUDA device: not measured (--device cpu gives a figure for the processor)")
        return
    device = torch.device(options.device)
    on_cuda = device.type == "cuda"
    rows: list[dict[str, object]] = []
    for name in options.presets:
        for precision, graphs, compiled in ON_CUDA if on_cuda else (("float32", False, False),):
            torch.manual_seed(0)
            network = DeviceNetwork(
                RestorationNetwork(preset(name)),
                device,
                precision=precision,
                compiled=compiled,
                graphs=GraphCache() if graphs else None,
            )
            if not graphs:
                network.graphs = None
            rate = _frames_per_second(network, options.height, options.width, options.frames)
            row = {"preset": name, "precision": precision, "graphs": graphs, "compiled": compiled}
            rows.append({**row, "frames_per_second": round(rate, 2)})
            print("  ".join(f"{key} {value}" for key, value in rows[-1].items()), flush=True)
            del network
            if on_cuda:
                torch.cuda.empty_cache()
    report = {
        "question": "frames per second of the torch engine, bytes in memory to bytes in memory",
        **machine.describe(),
        "height": options.height,
        "width": options.width,
        "frames": options.frames,
        "device": torch.cuda.get_device_name() if on_cuda else (platform.processor() or platform.machine()),
        "threads": torch.get_num_threads(),
        "operator": ": ".join(choose_implementation(device, torch.float32)),
        "cuda": torch.version.cuda,
        "rows": rows,
    }
    text = json.dumps(report, indent=1)
    if options.json:
        options.json.write_text(text + "\n")
    print(text)


def _frames_per_second(network: DeviceNetwork, height: int, width: int, n_frames: int) -> float:
    generator = np.random.default_rng(0)
    few = [generator.integers(0, 256, (height, width, 3), np.uint8) for _ in range(4)]

    def stream(n: int) -> Iterator[Frame]:
        return (few[number % len(few)] for number in range(n))

    n_warm_up = N_WARM_UP if network.device.type == "cuda" else 1
    for _ in restore_frames(network, stream(n_warm_up)):
        pass
    start = time.perf_counter()
    n_done = sum(1 for _ in restore_frames(network, stream(n_frames)))
    return n_done / (time.perf_counter() - start)


if __name__ == "__main__":
    main()

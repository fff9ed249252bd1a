"""Other networks and classical methods beside OPIR: cost, latency and memory at the same sizes on the same machine.

A network is any ``torch.nn.Module`` in a file outside of this repository, built from its class and JSON arguments, with
random weights: time and memory do not depend on them. It gets (1, 3, H, W) in [0, 1] and may return anything.
Multiply-adds are counted in its convolutions, linear layers and matrix products by torch's own counter. Each contestant
and size runs in a process of its own, so that the peak of memory is its own: above the process before the first run.
OPIR runs as the default engine does, from array to array; classical methods are those of :mod:`opir.baselines`. The
file's own imports are looked for beside it and one folder above; for a deeper package put its checkout on PYTHONPATH.

    python benchmarks/peer.py --module ~/PromptIR/net/model.py --class PromptIR --args '{"decoder": true}'
    python benchmarks/peer.py --baseline nlm-opencv --size 0.25
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np

import machine
from opir.imaging import to_network
from opir.runtime.speed import synthetic_photo

SIZES = (0.0656, 0.25, 1.0)
STRIDE = 64
"""Pictures are cut to a multiple of it: most networks cannot take other sizes."""


def main() -> None:
    """Measure every contestant at every size and print one table."""
    options = _parser().parse_args()
    if options.child is not None:
        print(json.dumps(_measure(json.loads(options.child))))
        return
    contestants: list[dict[str, object]] = [
        {"what": "opir", "name": name, "repeats": options.repeats} for name in options.model
    ]
    if options.module is not None:
        network = {
            "module": str(options.module.expanduser().resolve()),
            "name": options.class_name,
            "args": options.args,
        }
        contestants.append({"what": "network", "repeats": options.repeats} | network)
    contestants += [{"what": "baseline", "name": name, "repeats": options.repeats} for name in options.baseline]
    entries, rows = [], []
    for contestant in contestants:
        for size in options.size or SIZES:
            entry = _in_child(contestant | {"megapixels": size, "threads": options.threads})
            entries.append(entry)
            rows.append(_row(entry))
            print(f"{contestant['name']}, {size} megapixels done", flush=True)
    machine.show(("what", "name", "size", "parameters", "GMACs", "s", "CPU s", "peak MB"), rows)
    machine.write("peers", __doc__ or "", entries, options.json)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--module", type=Path, help="Python file that defines the network")
    parser.add_argument("--class", dest="class_name", default="Network", help="class or function in it")
    parser.add_argument("--args", default="{}", help="its keyword arguments, as JSON")
    parser.add_argument("--model", action="append", default=None, help="OPIR model; repeatable, base by default")
    parser.add_argument("--baseline", action="append", default=[], help="of opir eval --list-baselines; repeatable")
    parser.add_argument("--size", type=float, action="append", help="megapixels; repeatable")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, default=None)
    parser.add_argument("--json", type=Path, default=None)
    parser.add_argument("--child", help=argparse.SUPPRESS)
    parser.set_defaults(model=["base"])
    return parser


def _in_child(contestant: dict[str, object]) -> dict[str, object]:
    command = [sys.executable, __file__, "--child", json.dumps(contestant)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        return contestant | {"failed": last}
    return contestant | dict(json.loads(done.stdout.splitlines()[-1]))


def _row(entry: dict[str, object]) -> tuple[object, ...]:
    start = (entry["what"], entry["name"])
    if "failed" in entry:
        return (*start, f"{entry['megapixels']} Mpx", "-", "-", "failed:", str(entry["failed"])[:60], "")
    numbers = (f"{entry['seconds']:.3f}", f"{entry['cpu_seconds']:.3f}", f"{entry['peak_megabytes']:.0f}")
    return (*start, entry["size"], entry["parameters"] or "-", entry["giga_macs"] or "-", *numbers)


def _measure(contestant: dict[str, object]) -> dict[str, object]:
    """In the child: time one contestant."""
    image = to_network(synthetic_photo(float(str(contestant["megapixels"]))))
    height, width = (max(STRIDE, side // STRIDE * STRIDE) for side in image.shape[1:])
    image = np.ascontiguousarray(image[:, :height, :width])
    make = {"opir": _opir, "network": _network, "baseline": _baseline}[str(contestant["what"])]
    run, parameters, giga_macs = make(contestant, image)
    before = _peak_megabytes()
    wall, processor = [], []
    for number in range(int(str(contestant["repeats"])) + 1):
        start, start_processor = time.perf_counter(), time.process_time()
        result = run()
        if number:
            wall.append(time.perf_counter() - start)
            processor.append(time.process_time() - start_processor)
    return {
        "size": f"{width} x {height}",
        "parameters": parameters,
        "giga_macs": giga_macs(result),
        "seconds": median(wall),
        "cpu_seconds": median(processor),
        "peak_megabytes": _peak_megabytes() - before,
    }


Prepared = tuple[Callable[[], object], int | None, Callable[[object], float | None]]
"""Restores the picture, the number of parameters, and the multiply-adds [10^9] behind a result."""


def _opir(contestant: dict[str, object], image: np.ndarray) -> Prepared:
    from opir import Restorer
    from opir.runtime.array_restoration import ArrayRestoration

    threads = contestant["threads"]
    restorer = Restorer(str(contestant["name"]), threads=None if threads is None else int(str(threads)))
    spec = restorer.spec

    def giga_macs(result: object) -> float:
        by_expert = isinstance(result, ArrayRestoration) and result.expert  # the trunks may differ in cost
        of_expert = spec.expert_giga_macs_256 if by_expert else None
        of_256 = spec.giga_macs_256 if of_expert is None else of_expert
        return round(of_256 * image.shape[1] * image.shape[2] / 256**2, 1)

    return lambda: restorer.restore_array(image), spec.n_parameters, giga_macs


def _network(contestant: dict[str, object], image: np.ndarray) -> Prepared:
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    path = Path(str(contestant["module"]))
    sys.path[:0] = [str(path.parent), str(path.parent.parent)]  # its own imports, in this child process only
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise SystemExit(f"expected a Python file, got {path}")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    network = getattr(module, str(contestant["name"]))(**json.loads(str(contestant["args"]))).eval()
    if contestant["threads"] is not None:
        torch.set_num_threads(int(str(contestant["threads"])))
    picture = torch.from_numpy(image)[None]
    small = picture[..., :STRIDE, :STRIDE]
    with torch.inference_mode(), FlopCounterMode(display=False) as counter:
        network(small)
    macs = counter.get_total_flops() / 2e9 * picture[0, 0].numel() / STRIDE**2

    def run() -> object:
        with torch.inference_mode():
            return network(picture)

    return run, sum(parameter.numel() for parameter in network.parameters()), lambda _: round(macs, 1)


def _baseline(contestant: dict[str, object], image: np.ndarray) -> Prepared:
    from opir.baselines.catalogue import BASELINES

    method = BASELINES[str(contestant["name"])]
    method.check_installed()
    return lambda: method.restore(image), None, lambda _: None


def _peak_megabytes() -> float:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1e6 if sys.platform == "darwin" else 1e3)


if __name__ == "__main__":
    main()

"""Which form of the stage, which settings and which tile does ONNX Runtime run fastest on this processor?

* forms: the stage as the model is written (pixel shuffle of all operator channels, then shifted reads) and the one that
  is exported (:mod:`opir.export.stage_in_phases`); with ``--forms``, since exporting takes a minute;
* settings of the session: waiting threads that spin, memory arena, allocation patterns, threads;
* kernels that are made for every tile against kernels that are constants (:mod:`opir.export.fixed_stage`), and what
  loading such a graph takes, in pixels of one stage that the difference pays for; where the model has both;
* side of a tile, by the time per pixel of its core, with constant kernels where there are any.

All contestants take turns in one process; processor time is the one to look at on a busy machine. Int8 and half
precision are not among them: ONNX Runtime has no float16 convolution for x86, and int8 needs calibration.

    python benchmarks/cpu_engine.py --forms
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np
import onnxruntime

import machine
from opir.runtime.machine import usable_threads
from opir.runtime.spec import FIXED_STAGE_FILE, ModelSpec
from opir.runtime.weights import find_model

SIDE = 512
TILES = (256, 512, 768, 1024, 1408)
LOADS = 9
RESULTS = ("restored", "new_scale")
Feed = dict[str, np.ndarray]
_KEPT: list[list[np.ndarray]] = []


def main() -> None:
    """Measure and print three tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="base")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--forms", action="store_true", help="also export and compare the forms; needs torch")
    parser.add_argument("--json", type=Path, default=None)
    options = parser.parse_args()
    folder = find_model(options.model)
    spec, path, threads = ModelSpec.load(folder), folder / "stage.onnx", usable_threads()
    entries: list[dict[str, object]] = []
    settings = {
        "as shipped": _session(path, threads),
        "spinning": _session(path, threads, spinning=True),
        "no arena": _session(path, threads, arena=False),
        "allocation patterns": _session(path, threads, patterns=True),
        "1 thread": _session(path, 1),
    }
    _compare(
        "setting", {name: _runner(session, _feed(spec, SIDE)) for name, session in settings.items()}, options, entries
    )
    if options.forms:
        with tempfile.TemporaryDirectory() as temporary:
            forms = {name: _session(file, threads) for name, file in _export_forms(folder, Path(temporary)).items()}
            feed = _feed(spec, SIDE)
            _compare("form", {name: _runner(session, feed) for name, session in forms.items()}, options, entries)
    session, of_pixels = settings["as shipped"], list(_feed(spec, spec.stride))
    if FIXED_STAGE_FILE in spec.sha256:
        session, of_pixels = _fixed_session(folder, spec, threads)
        feed = _feed(spec, SIDE)
        kernels = {
            "made for every tile": _runner(settings["as shipped"], feed),
            "constants": _runner(session, {name: feed[name] for name in of_pixels}),
        }
        _compare("kernels", kernels, options, entries)
        _show_loading(folder, spec, threads, entries)
    feeds = {side: _feed(spec, side + 2 * spec.stage_halo) for side in TILES}
    tiles = {str(side): _runner(session, {name: feed[name] for name in of_pixels}) for side, feed in feeds.items()}
    _compare("tile", tiles, argparse.Namespace(rounds=2), entries, pixels={str(side): side**2 for side in TILES})
    machine.write("engine", __doc__ or "", entries, options.json, model=spec.name, weights=spec.fingerprint)


def _compare(
    what: str,
    contestants: dict[str, Callable[[], object]],
    options: argparse.Namespace,
    entries: list[dict[str, object]],
    pixels: dict[str, int] | None = None,
) -> None:
    times = machine.in_turns(contestants, options.rounds)
    rows = []
    for name, time in times.items():
        n_pixels = SIDE**2 if pixels is None else pixels[name]
        wall, cpu = 1e9 * time.median_wall / n_pixels, 1e9 * time.median_processor / n_pixels
        entries.append({"what": what, "name": name, "ns_per_pixel": wall, "cpu_ns_per_pixel": cpu})
        rows.append((name, f"{wall:.0f}", f"{cpu:.0f}"))
    machine.show((what, "ns/pixel and stage", "CPU ns"), rows)


def _session(
    path: Path, threads: int, *, spinning: bool = False, arena: bool = True, patterns: bool = False
) -> onnxruntime.InferenceSession:
    options = _options(threads, spinning=spinning)
    options.enable_cpu_mem_arena, options.enable_mem_pattern = arena, patterns
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def _options(threads: int, *, spinning: bool = False) -> onnxruntime.SessionOptions:
    """As the engine sets them, but for what a contestant changes."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.enable_mem_pattern = False
    options.add_session_config_entry("session.intra_op.allow_spinning", str(int(spinning)))
    return options


def _fixed_session(folder: Path, spec: ModelSpec, threads: int) -> tuple[onnxruntime.InferenceSession, list[str]]:
    """The stage with constant kernels, as the engine loads it, and the names of its inputs."""
    stage = _session(folder / "stage.onnx", threads)
    names = [output.name for output in stage.get_outputs()][len(RESULTS) :]
    kernels = stage.run(names, _feed(spec, spec.stride))
    options = _options(threads)
    options.add_external_initializers(names, [onnxruntime.OrtValue.ortvalue_from_numpy(value) for value in kernels])
    path = str(folder / FIXED_STAGE_FILE)
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    _KEPT.append(kernels)  # their memory may be in use
    return session, [node.name for node in session.get_inputs()]


def _show_loading(folder: Path, spec: ModelSpec, threads: int, entries: list[dict[str, object]]) -> None:
    """Print how long it takes to load the stage with constant kernels, and from how many pixels on that pays."""
    whole, times = [], []
    for _ in range(LOADS):
        start = perf_counter()
        _session(folder / "stage.onnx", threads)
        middle = perf_counter()
        _fixed_session(folder, spec, threads)
        whole.append(middle - start)
        times.append(perf_counter() - middle - whole[-1])
    by_name = {str(entry["name"]): float(str(entry["ns_per_pixel"])) for entry in entries if entry["what"] == "kernels"}
    gain = 1e-9 * (by_name["made for every tile"] - by_name["constants"])
    pays = median(times) / gain if gain > 0 else float("inf")
    entries.append({"what": "loading", "name": FIXED_STAGE_FILE, "seconds": median(times), "pays_from_pixels": pays})
    machine.show(("loading", "s", "pays from pixels"), [(FIXED_STAGE_FILE, f"{median(times):.3f}", f"{pays:,.0f}")])


def _feed(spec: ModelSpec, side: int) -> Feed:
    generator = np.random.default_rng(0)
    image = generator.random((1, 3, side, side), np.float32)
    return {
        "current": image,
        "observed": image,
        "scale": np.full((1, 1, side, side), 0.02, np.float32),
        "task_weights": generator.random((1, len(spec.tasks)), np.float32),
        "context": generator.random((1, spec.n_context), np.float32),
        "stage_weights": np.eye(spec.n_stages, dtype=np.float32)[0],
    }


def _runner(session: onnxruntime.InferenceSession, feed: Feed) -> Callable[[], object]:
    return partial(session.run, list(RESULTS), feed)


def _export_forms(folder: Path, temporary: Path) -> dict[str, Path]:
    """Export the stage in both forms; the model's own file may be of an earlier version."""
    from opir.export.onnx import export_stage
    from opir.export.stage_in_phases import fits_phases
    from opir.model import load_network

    network = load_network(folder).eval().requires_grad_(False)
    paths = {"as written": temporary / "written.onnx"}
    export_stage(network, paths["as written"], in_phases=False)
    if fits_phases(network.config):
        paths["in phases"] = temporary / "phases.onnx"
        export_stage(network, paths["in phases"], in_phases=True)
    return paths


if __name__ == "__main__":
    main()

"""Is OpenVINO clearly ahead of ONNX Runtime for one stage of a model on this processor?

The shipped ``stage.onnx`` at 512 x 512 px, in turns: ONNX Runtime as the engine sets it up, OpenVINO in float32 with
the shape left open and with the shape fixed (which the tiles of a picture do not have), and, where the processor has
the instructions, in bfloat16, which OpenVINO takes unless told otherwise. Largest and mean difference to ONNX Runtime
in grey levels. Processor time is the figure to look at on a busy machine, with one thread: threads that wait spin.

OpenVINO is no dependency: ``pip install openvino`` first.

    python benchmarks/openvino_stage.py
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import openvino

import machine
from cpu_engine import SIDE, Feed, _session
from opir import Restorer
from opir.imaging import to_network
from opir.runtime.spec import ModelSpec
from opir.runtime.speed import synthetic_photo
from opir.runtime.weights import find_model

GREY_LEVELS = 255


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="base")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--json", type=Path, default=None)
    options = parser.parse_args()
    folder = find_model(options.model)
    spec, path = ModelSpec.load(folder), folder / "stage.onnx"
    feed = _first_stage(Restorer(str(folder), threads=1), spec)
    start = time.process_time()
    session = _session(path, options.threads)
    loading = {"ONNX Runtime": time.process_time() - start}
    runs: dict[str, Callable[[], object]] = {"ONNX Runtime": partial(session.run, ["restored"], feed)}
    results = {"ONNX Runtime": session.run(["restored"], feed)[0]}
    for name, precision, fixed in (
        ("OpenVINO, any shape", "f32", False),
        ("OpenVINO, one shape", "f32", True),
        ("OpenVINO, any shape, bfloat16", "bf16", False),
        ("OpenVINO, one shape, bfloat16", "bf16", True),
    ):
        start = time.process_time()
        run = _openvino(path, feed, options.threads, precision, fixed=fixed)
        loading[name] = time.process_time() - start
        runs[name], results[name] = run, run()
    times = machine.in_turns(runs, options.rounds)
    entries = []
    for name, measured in times.items():
        difference = GREY_LEVELS * np.abs(results[name] - results["ONNX Runtime"])
        entries.append(
            {
                "engine": name,
                "load_cpu_seconds": loading[name],
                "ns_per_pixel": 1e9 * measured.median_wall / SIDE**2,
                "cpu_ns_per_pixel": 1e9 * measured.median_processor / SIDE**2,
                "mean_difference": float(difference.mean()),
                "largest_difference": float(difference.max()),
            }
        )
    columns = ("load_cpu_seconds", "ns_per_pixel", "cpu_ns_per_pixel", "mean_difference", "largest_difference")
    rows = [(e["engine"], *(f"{e[column]:.3g}" for column in columns)) for e in entries]
    machine.show(("engine", "load CPU s", "ns/pixel", "CPU ns", "mean difference", "largest"), rows)
    more = {"model": spec.name, "weights": spec.fingerprint, "openvino": openvino.__version__}
    machine.write("openvino", __doc__ or "", entries, options.json, session_threads=options.threads, **more)


def _first_stage(restorer: Restorer, spec: ModelSpec) -> Feed:
    """What the first stage is given for a half smooth, half noisy picture, so that differences mean something."""
    image = np.ascontiguousarray(to_network(synthetic_photo(1.0))[None, :, :SIDE, 400 : 400 + SIDE])
    found, context = restorer.engine.estimate(restorer.engine.encode(image).mean(axis=(2, 3)))
    return {
        "current": image,
        "observed": image,
        "scale": np.zeros((1, 1, SIDE, SIDE), np.float32),
        "task_weights": found,
        "context": context,
        "stage_weights": np.eye(spec.n_stages, dtype=np.float32)[0],
    }


def _openvino(path: Path, feed: Feed, threads: int, precision: str, *, fixed: bool) -> Callable[[], np.ndarray]:
    core = openvino.Core()
    model = core.read_model(path)
    if fixed:
        model.reshape({name: list(array.shape) for name, array in feed.items()})
    settings = {"INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": 1, "INFERENCE_PRECISION_HINT": precision}
    request = core.compile_model(model, "CPU", settings).create_infer_request()
    return lambda: request.infer(feed)["restored"]


if __name__ == "__main__":
    main()

"""Are weights of 16 or 8 bits smaller or faster at a loss below 0.05 dB?

The stage of a model folder in three forms, the rest of the model as it is:

* as shipped;
* float16 storage: weights are stored in 16 bits and cast when the graph is loaded; arithmetic stays float32, for which
  ONNX Runtime has the only convolutions on x86 (nothing changes where ``opir export --half`` has done so already);
* int8: convolutions with constant weights quantised by ONNX Runtime's own tool (QDQ, weights per channel, activations
  per tensor), calibrated on pictures of other seeds through both stages.

Size of the graph, processor time at 512 x 512 px in turns, and the PSNR of whole restorations of several kinds of
degradation: of clean pictures of ``--pictures`` if given, else of synthetic ones.

    python benchmarks/weight_precision.py
    python benchmarks/weight_precision.py --pictures TRAIN/clean/photos_hq
"""

from __future__ import annotations

import argparse
import hashlib
import json
import logging
import shutil
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import helper, numpy_helper
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

import machine
from cpu_engine import SIDE, Feed, _feed, _session
from development_sets import FILES
from opir import Restorer
from opir.evaluation.scoring import score
from opir.imaging import read_photo, to_network
from opir.physics.compose import compose
from opir.runtime.spec import SPEC_FILE, ModelSpec
from opir.runtime.weights import find_model

KINDS = ("haze", "rain", "snow", "motion_blur", "low_light", "sensor_noise", "gaussian_noise", "jpeg")
CROP_PX = 192
SEVERITY = 0.4
LARGE = 256
"""Numbers from which on a weight is worth storing in 16 bits."""
Image = np.ndarray


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="base")
    parser.add_argument("--pictures", type=Path, default=None, help="folder of clean pictures")
    parser.add_argument("--limit", type=int, default=2, help="clean pictures that are restored, as many calibrate")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--json", type=Path, default=None)
    options = parser.parse_args()
    source = find_model(options.model)
    spec = ModelSpec.load(source)
    calibrating, scored = _clean(options.pictures, options.limit)
    logging.getLogger().setLevel(logging.ERROR)  # advice of the quantiser
    with tempfile.TemporaryDirectory() as temporary:
        folders = {name: Path(temporary) / name for name in ("as shipped", "float16 storage", "int8")}
        for folder in folders.values():
            shutil.copytree(source, folder)
        _store_in_half(folders["float16 storage"] / "stage.onnx")
        _quantise(folders["int8"] / "stage.onnx", _recorded(source, calibrating))
        for folder in folders.values():
            _seal(folder)
        feed = _feed(spec, SIDE)
        runs = {
            name: partial(_session(folder / "stage.onnx", options.threads).run, None, feed)
            for name, folder in folders.items()
        }
        times = machine.in_turns(runs, options.rounds)
        entries: list[dict[str, object]] = []
        expected: dict[str, float] = {}
        for name, folder in folders.items():
            found = _scores(Restorer(str(folder), threads=options.threads), scored)
            expected = expected or found
            losses = {kind: expected[kind] - found[kind] for kind in found}
            entries.append(
                {
                    "form": name,
                    "stage_bytes": (folder / "stage.onnx").stat().st_size,
                    "cpu_ns_per_pixel": 1e9 * times[name].median_processor / SIDE**2,
                    "mean_loss_db": float(np.mean(list(losses.values()))),
                    "largest_loss_db": max(losses.values()),
                    "psnr": found,
                }
            )
    machine.show(
        ("form", "kB", "CPU ns/pixel", "mean loss dB", "largest loss dB of a kind"), [_row(e) for e in entries]
    )
    more = {
        "model": spec.name,
        "weights": spec.fingerprint,
        "pictures": str(options.pictures or "synthetic").split("/")[-1],
    }
    machine.write("weight-precision", __doc__ or "", entries, options.json, **more)


def _row(entry: dict[str, object]) -> tuple[object, ...]:
    losses = (f"{entry['mean_loss_db']:.4f}", f"{entry['largest_loss_db']:.4f}")
    return entry["form"], int(str(entry["stage_bytes"])) // 1000, f"{entry['cpu_ns_per_pixel']:.0f}", *losses


def _clean(folder: Path | None, n: int) -> tuple[list[Image], list[Image]]:
    """Pictures to calibrate on, and others to score, (3, H, W)."""
    if folder is None:
        pictures = [_synthetic(seed) for seed in range(2 * n)]
    else:
        pictures = [_centre(to_network(read_photo(path))) for path in sorted(folder.iterdir())[: 2 * n]]
    return pictures[:n], pictures[n:]


def _centre(image: Image) -> Image:
    top, left = (max(0, side - CROP_PX) // 2 for side in image.shape[1:])
    return np.ascontiguousarray(image[:, top : top + CROP_PX, left : left + CROP_PX])


def _synthetic(seed: int) -> Image:
    """Rectangles of even and of striped colour over a ramp, edges one pixel wide."""
    generator = np.random.default_rng(seed)
    rows, columns = np.mgrid[0:CROP_PX, 0:CROP_PX].astype(np.float32)
    image = np.stack([(rows + columns) / (2 * CROP_PX)] * 3) * generator.uniform(0.4, 1.0, (3, 1, 1))
    for _ in range(40):
        top, left = generator.integers(0, CROP_PX - 8, 2)
        height, width = generator.integers(8, CROP_PX // 2, 2)
        part = (slice(None), slice(top, top + height), slice(left, left + width))
        stripes = 0.1 * np.sin((rows * generator.normal() + columns * generator.normal()) * generator.uniform(0.1, 1.5))
        image[part] = (generator.uniform(0, 1, (3, 1, 1)) + generator.integers(0, 2) * stripes)[part]
    padded = np.pad(image, ((0, 0), (1, 0), (1, 0)), mode="edge")
    smooth = (padded[:, 1:, 1:] + padded[:, :-1, 1:] + padded[:, 1:, :-1] + padded[:, :-1, :-1]) / 4
    return np.clip(smooth, 0, 1).astype(np.float32)


def _degraded(clean: Image, kind: str) -> Image:
    generator = torch.Generator().manual_seed(0)
    with torch.inference_mode():
        image = compose(torch.from_numpy(clean)[None], [kind], generator, severity=SEVERITY).image[0].numpy()
    return np.rint(255 * image).astype(np.float32) / np.float32(255)


def _scores(restorer: Restorer, pictures: list[Image]) -> dict[str, float]:
    """Mean PSNR by kind of degradation."""
    return {
        kind: float(np.mean([score(restorer.restore_array(_degraded(c, kind)).image, c, FILES) for c in pictures]))
        for kind in KINDS
    }


def _recorded(folder: Path, pictures: list[Image]) -> list[Feed]:
    """What the stage of the first trunk is given while pictures are restored."""
    restorer, feeds = Restorer(str(folder), threads=1), []
    stage, spec = restorer.engine.stage, restorer.spec

    def recording(*inputs: np.ndarray, expert: bool = False) -> tuple[np.ndarray, np.ndarray]:
        names = ("current", "observed", "scale", "task_weights", "context")
        one_hot = np.eye(spec.n_stages, dtype=np.float32)[int(inputs[5])]
        if not expert:
            feeds.append({**dict(zip(names, inputs[:5], strict=True)), "stage_weights": one_hot})
        return stage(*inputs, expert=expert)

    restorer.engine.stage = recording  # type: ignore[method-assign]
    for clean in pictures:
        for kind in KINDS:
            restorer.restore_array(_degraded(clean, kind))
    return feeds


def _store_in_half(path: Path) -> None:
    model = onnx.load(path)
    graph = model.graph
    casts = []
    for weight in list(graph.initializer):
        values = numpy_helper.to_array(weight)
        if values.dtype != np.float32 or values.size < LARGE:
            continue
        name = f"{weight.name}/half"
        weight.CopyFrom(numpy_helper.from_array(values.astype(np.float16), name))
        casts.append(helper.make_node("Cast", [name], [name.removesuffix("/half")], to=onnx.TensorProto.FLOAT))
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
    onnx.save(model, path)


def _store_in_single(path: Path) -> None:
    """Carry out the casts of constants, which quantisation does not see through."""
    model = onnx.load(path)
    graph = model.graph
    constants = {weight.name: weight for weight in graph.initializer}
    others = []
    for node in graph.node:
        weight = constants.get(node.input[0]) if node.op_type == "Cast" else None
        if weight is None:
            others.append(node)
        else:
            values = numpy_helper.to_array(weight).astype(np.float32)
            weight.CopyFrom(numpy_helper.from_array(values, node.output[0]))
    del graph.node[:]
    graph.node.extend(others)
    onnx.save(model, path)


def _quantise(path: Path, feeds: list[Feed]) -> None:
    class Recorded(CalibrationDataReader):
        def __init__(self) -> None:
            self.feeds: Iterator[Feed] = iter(feeds)

        def get_next(self) -> Feed | None:
            return next(self.feeds, None)

    _store_in_single(path)
    graph = onnx.load(path).graph
    constants = {weight.name for weight in graph.initializer}
    predicted = [node.name for node in graph.node if node.op_type == "Conv" and node.input[1] not in constants]
    quantised = path.with_name("quantised.onnx")
    quantize_static(
        path,
        quantised,
        Recorded(),
        quant_format=QuantFormat.QDQ,
        op_types_to_quantize=["Conv"],
        nodes_to_exclude=predicted,
        per_channel=True,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
    )
    quantised.replace(path)


def _seal(folder: Path) -> None:
    """Write the digest of the changed graph."""
    entries = json.loads((folder / SPEC_FILE).read_text())
    entries["sha256"]["stage.onnx"] = hashlib.sha256((folder / "stage.onnx").read_bytes()).hexdigest()
    (folder / SPEC_FILE).write_text(json.dumps(entries))


if __name__ == "__main__":
    main()

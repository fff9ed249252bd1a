"""The ONNX Runtime engine: float32, on the processor or on CUDA where it is installed."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

import numpy as np

from opir.errors import MissingExtraError, WeightsError
from opir.runtime.engine import Float32, InterruptedRunError
from opir.runtime.fixed_stage import FixedStages
from opir.runtime.machine import usable_threads
from opir.runtime.spec import (
    EXPERT_FIXED_STAGE_FILE,
    EXPERT_STAGE_FILE,
    FIXED_STAGE_FILE,
    KERNEL_FILE,
    ONNX_FILES,
    STAGE_FILE,
    ModelSpec,
)
from opir.runtime.weights import verified_file

if TYPE_CHECKING:
    from types import ModuleType
    from typing import Protocol

    class _Session(Protocol):
        """The part of ``onnxruntime.InferenceSession`` in use (the package carries no types)."""

        def run(
            self, names: list[str], feed: dict[str, Float32], run_options: _RunOptions | None = None
        ) -> list[Float32]: ...
        def get_inputs(self) -> list[_Node]: ...
        def get_outputs(self) -> list[_Node]: ...
        def get_providers(self) -> list[str]: ...

    class _Node(Protocol):
        name: str

    class _RunOptions(Protocol):
        terminate: bool


_DEVICES: Final = {"CUDAExecutionProvider": "cuda", "CPUExecutionProvider": "cpu"}
"""Providers in use, best first, and the device that each one computes on."""

_STAGES: Final = (STAGE_FILE, EXPERT_STAGE_FILE)
_FIXED_STAGES: Final = {STAGE_FILE: FIXED_STAGE_FILE, EXPERT_STAGE_FILE: EXPERT_FIXED_STAGE_FILE}
_INPUTS: Final = {
    "encoder.onnx": ("image",),
    "estimator.onnx": ("mean",),
    **dict.fromkeys(_STAGES, ("current", "observed", "scale", "task_weights", "context", "stage_weights")),
    **dict.fromkeys(_FIXED_STAGES.values(), ("current", "observed", "scale")),
    KERNEL_FILE: ("maps", "statistics"),
}
_OUTPUTS: Final = {
    "encoder.onnx": ("features",),
    "estimator.onnx": ("task_weights", "context"),
    **dict.fromkeys((*_STAGES, *_FIXED_STAGES.values()), ("restored", "new_scale")),
    KERNEL_FILE: ("kernel", "log_regularisers"),
}
_OUT_OF_MEMORY: Final = ("failed to allocate memory", "bad_alloc", "bad allocation", "out of memory")
_NO_TELEMETRY: Final = "ORT_DISABLE_TELEMETRY"
_INTERRUPTED: Final = "terminate flag"
_QUIET: Final = 4
"""ONNX Runtime's log level for what ends the process: its errors are raised, and some (a lack of memory) are mended."""


@dataclass(frozen=True)
class _FixedStage:
    """The stage of one picture, and the kernels, whose memory the session may go on using."""

    graph: str
    session: _Session
    kernels: Mapping[str, Float32]


class OnnxEngine:
    """Runs ``encoder.onnx``, ``estimator.onnx`` and ``stage.onnx`` of a model folder; see :class:`Engine`.

    On a processor large pictures are restored by ``fixed_stage.onnx``, where the folder has it: the same values, up to
    rounding, in less time. Of an expert (:mod:`opir.runtime.expert`) only the digest is verified at first; its graph is
    loaded, and keeps its own working memory, when its first picture comes.
    """

    name = "onnxruntime"
    precision = "float32"

    def __init__(self, folder: Path, *, threads: int | None = None) -> None:
        """Verify and load the graphs; ``threads`` is None for as many as the process may use.

        Raises :class:`WeightsError` for missing, altered or foreign graphs and
        :class:`MissingExtraError` where ONNX Runtime cannot be imported.
        """
        self.spec = ModelSpec.load(folder)
        runtime = load_onnxruntime()
        paths = {name: verified_file(folder, self.spec, name) for name in ONNX_FILES}
        self._threads = threads if threads is not None else usable_threads()
        self._runtime = runtime
        self._errors = _session_errors(runtime)
        self._new_options: Callable[[], _RunOptions] = runtime.RunOptions
        self._thread = threading.local()  # holds the options of the runs of a thread
        self._encoder = self._open(paths["encoder.onnx"])
        self._estimator = self._open(paths["estimator.onnx"], threads=1)
        self._stages = {STAGE_FILE: self._open(paths[STAGE_FILE])}
        self.device = _DEVICES.get(self._stages[STAGE_FILE].get_providers()[0], "cpu")
        self._expert_path: Path | None = None
        if self.spec.expert_tasks:
            self._expert_path = verified_file(folder, self.spec, EXPERT_STAGE_FILE)
        self._fixed_stages: FixedStages[_FixedStage] = FixedStages()
        self._fixed_paths: dict[str, Path] = {}
        if self.device == "cpu":
            for stage, fixed in _FIXED_STAGES.items():
                if fixed in self.spec.sha256:
                    self._fixed_paths[stage] = verified_file(folder, self.spec, fixed)
        self._kernel_path: Path | None = None
        if KERNEL_FILE in self.spec.sha256:
            self._kernel_path = verified_file(folder, self.spec, KERNEL_FILE)
        self._kernel_finder: _Session | None = None

    def encode(self, image: Float32) -> Float32:
        """Compute the features of an image."""
        (features,) = self._run(self._encoder, "encoder.onnx", (image,))
        return features

    def estimate(self, mean: Float32) -> tuple[Float32, Float32]:
        """Compute task weights and context from the mean of the features."""
        task_weights, context = self._run(self._estimator, "estimator.onnx", (mean,))
        return task_weights, context

    def stage(
        self,
        current: Float32,
        observed: Float32,
        scale: Float32,
        task_weights: Float32,
        context: Float32,
        stage_index: int,
        *,
        expert: bool = False,
    ) -> tuple[Float32, Float32]:
        """Apply one restoration stage; the graph is told which one by a one-hot vector."""
        stage_weights = np.zeros(self.spec.n_stages, np.float32)
        stage_weights[stage_index] = 1.0
        of_picture = (task_weights, context, stage_weights)
        graph = STAGE_FILE
        if expert:
            assert self._expert_path is not None
            graph = EXPERT_STAGE_FILE
            if graph not in self._stages:
                self._stages[graph] = self._open(self._expert_path)
        fixed = self._fixed_stage(graph, current.shape[2] * current.shape[3], of_picture)
        if fixed is not None:
            restored, new_scale = self._run(fixed.session, fixed.graph, (current, observed, scale))
        else:
            inputs = (current, observed, scale, *of_picture)
            restored, new_scale = self._run(self._stages[graph], graph, inputs)
        return restored, new_scale

    @property
    def finds_kernels(self) -> bool:
        """Whether the model holds a network that finds the kernel of a blur."""
        return self._kernel_path is not None

    def kernel(self, maps: Float32, statistics: Float32) -> tuple[Float32, Float32]:
        """Find a kernel, see :class:`opir.deconvolution.estimate.KernelFinder`; few pictures need it to be loaded."""
        assert self._kernel_path is not None
        if self._kernel_finder is None:
            self._kernel_finder = self._open(self._kernel_path)
        kernel, log_regularisers = self._run(self._kernel_finder, KERNEL_FILE, (maps, statistics))
        return kernel, log_regularisers

    def _fixed_stage(self, graph: str, n_pixels: int, of_picture: tuple[Float32, ...]) -> _FixedStage | None:
        """What restores the next pixels with the kernels of this picture; None where they are too few."""
        path = self._fixed_paths.get(graph)
        if path is None:
            return None

        def load() -> _FixedStage:
            kernels = self._kernels(graph, of_picture)
            return _FixedStage(path.name, self._open(path, kernels), kernels)

        key = (graph.encode(), *(vector.tobytes() for vector in of_picture))
        return self._fixed_stages.get(key, n_pixels, load)

    def _kernels(self, graph: str, of_picture: tuple[Float32, ...]) -> Mapping[str, Float32]:
        """What a stage computes from its inputs that are the same for all pixels, by name."""
        names = [node.name for node in self._stages[graph].get_outputs()]
        side = self.spec.stride
        picture, plane = np.zeros((1, 3, side, side), np.float32), np.zeros((1, 1, side, side), np.float32)
        results = self._run(self._stages[graph], graph, (picture, picture, plane, *of_picture), names)
        return {name: value for name, value in zip(names, results, strict=True) if name not in _OUTPUTS[graph]}

    @contextmanager
    def interruptible(self) -> Iterator[Callable[[], None]]:
        """Let what is yielded end the runs of this thread; see :class:`opir.runtime.engine.InterruptibleEngine`.

        ONNX Runtime looks at its flag between two operations: some tenths of a second for a tile of a megapixel.
        """
        options = self._new_options()

        def interrupt() -> None:
            options.terminate = True

        self._thread.options = options
        try:
            yield interrupt
        finally:
            self._thread.options = None

    def _open(
        self, path: Path, constants: Mapping[str, Float32] | None = None, *, threads: int | None = None
    ) -> _Session:
        """Load a graph; ``constants`` are the values of those that it does not store itself."""
        runtime = self._runtime
        options = runtime.SessionOptions()
        options.intra_op_num_threads = self._threads if threads is None else threads
        options.inter_op_num_threads = 1
        options.execution_mode = runtime.ExecutionMode.ORT_SEQUENTIAL
        options.log_severity_level = _QUIET
        # Tiles and pictures come in many shapes: remembering an allocation plan for each costs memory, no time.
        options.enable_mem_pattern = False
        # Waiting threads sleep: spinning took a third of the time on a busy machine and makes laptops hot.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        if constants:
            values = [runtime.OrtValue.ortvalue_from_numpy(value) for value in constants.values()]
            options.add_external_initializers(list(constants), values)
        providers = [name for name in _DEVICES if name in runtime.get_available_providers()]
        try:
            session = cast("_Session", runtime.InferenceSession(str(path), options, providers=providers))
        except self._errors as error:
            raise WeightsError(f"ONNX Runtime cannot load {path}: {_first_line(error)}") from error
        _check_names(path, "inputs", _INPUTS[path.name], session.get_inputs())
        outputs = session.get_outputs()
        if path.name in _STAGES:  # what is the same for all pixels may follow
            outputs = outputs[: len(_OUTPUTS[path.name])]
        _check_names(path, "outputs", _OUTPUTS[path.name], outputs)
        return session

    def _run(
        self, session: _Session, graph: str, inputs: tuple[Float32, ...], outputs: list[str] | None = None
    ) -> list[Float32]:
        feed = dict(zip(_INPUTS[graph], inputs, strict=True))
        try:
            return session.run(outputs or list(_OUTPUTS[graph]), feed, getattr(self._thread, "options", None))
        except self._errors as error:
            if _INTERRUPTED in str(error).lower():
                raise InterruptedRunError(_first_line(error)) from error
            if any(phrase in str(error).lower() for phrase in _OUT_OF_MEMORY):
                raise MemoryError(_first_line(error)) from error
            shapes = ", ".join(f"{name} {array.shape}" for name, array in feed.items())
            raise WeightsError(
                f"{graph} of model {self.spec.name!r} failed on {shapes}: {_first_line(error)}"
            ) from error


def load_onnxruntime() -> ModuleType:
    """Import ONNX Runtime, or raise :class:`MissingExtraError` with what to do.

    Its official packages report to their maker unless told otherwise *before* they are loaded (1.32 on Linux and macOS:
    models, shapes, errors and an identifier kept on disk; its ``Privacy.md``). OPIR reports nothing to anybody.
    """
    os.environ[_NO_TELEMETRY] = "1"
    try:
        import onnxruntime  # type: ignore[import-untyped]
    except ImportError as error:
        raise MissingExtraError(
            f"ONNX Runtime cannot be imported ({_first_line(error)}): "
            "pip install onnxruntime, or use the torch engine: pip install 'opir[torch]'"
        ) from error
    onnxruntime.disable_telemetry_events()  # what the variable does not reach: Windows, or loaded before us
    return cast("ModuleType", onnxruntime)


def _session_errors(runtime: ModuleType) -> tuple[type[Exception], ...]:
    """Return the exceptions that a session raises; they share no base class of their own."""
    state = runtime.capi.onnxruntime_pybind11_state
    names = (
        "EPFail",
        "Fail",
        "InvalidArgument",
        "InvalidGraph",
        "InvalidProtobuf",
        "NotImplemented",
        "RuntimeException",
    )
    return tuple(getattr(state, name) for name in names if hasattr(state, name))


def _check_names(path: Path, what: str, expected: tuple[str, ...], nodes: list[_Node]) -> None:
    names = {node.name for node in nodes}
    if names != set(expected):
        raise WeightsError(f"{path} must have the {what} {', '.join(expected)}; got {', '.join(sorted(names))}")


def _first_line(error: BaseException) -> str:
    return str(error).strip().partition("\n")[0]

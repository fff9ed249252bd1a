"""``opir doctor``: what is installed, what works, and what to do about the rest."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import platform
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Annotated, Final, Literal

import typer

from opir import __version__
from opir.cli.console import say, say_columns
from opir.errors import OpirError

State = Literal["ok", "absent", "broken"]

_LIBRARIES: Final = ("numpy", "pillow", "tifffile", "onnxruntime")
_GIB: Final = 1024**3


@dataclass(frozen=True, kw_only=True)
class Check:
    """One line of the diagnosis."""

    name: str
    """What was looked at."""
    state: State
    """``absent`` is an optional part that is not installed."""
    detail: str
    """What was found, or what to do."""
    required: bool = True
    """Whether restoring with the default settings needs it."""


def doctor(as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False) -> None:
    """Test that restoring works here.

    Shows versions, engines, devices and models. Exit code 1 if the default settings cannot work.
    """
    checks = tuple(_checks())
    broken = [check for check in checks if check.required and check.state != "ok"]
    if as_json:
        typer.echo(json.dumps({"ok": not broken, "checks": [asdict(check) for check in checks]}))
    else:
        say_columns([(check.state, check.name, check.detail) for check in checks])
        say(f"opir cannot restore pictures here: see {broken[0].name}" if broken else "opir is ready")
    if broken:
        raise typer.Exit(1)


def _checks() -> Iterator[Check]:
    yield Check(name="opir", state="ok", detail=__version__)
    yield Check(name="python", state="ok", detail=f"{platform.python_version()} on {platform.platform()}")
    for library in _LIBRARIES:
        yield _library(library)
    yield _machine()
    yield _temporary_folder()
    yield from _models()
    yield _onnx_engine()
    torch_engine = _torch_engine()
    yield torch_engine
    if torch_engine.state == "ok":
        yield _operator()


def _library(name: str) -> Check:
    try:
        return Check(name=name, state="ok", detail=importlib.metadata.version(name))
    except importlib.metadata.PackageNotFoundError:
        return Check(name=name, state="broken", detail=f"not installed: pip install {name}")


def _machine() -> Check:
    from opir.runtime.machine import available_memory_bytes, usable_threads

    memory = available_memory_bytes() / _GIB
    return Check(name="machine", state="ok", detail=f"{usable_threads()} threads, {memory:.1f} GiB of memory free")


def _temporary_folder() -> Check:
    try:
        with tempfile.TemporaryFile() as stream:
            stream.write(b"opir")
    except OSError as error:
        detail = f"cannot write temporary files ({error.strerror}): set TMPDIR to a writable folder"
        return Check(name="temporary files", state="broken", detail=detail, required=False)
    return Check(name="temporary files", state="ok", detail=tempfile.gettempdir(), required=False)


def _models() -> Iterator[Check]:
    from opir.runtime.weights import DEFAULT_MODEL, bundled_folder, bundled_models, verify_model

    names = bundled_models()
    if DEFAULT_MODEL not in names:
        detail = f"not found in {bundled_folder()}: install opir again"
        yield Check(name=f"model {DEFAULT_MODEL}", state="broken", detail=detail)
    for name in names:
        required = name == DEFAULT_MODEL
        try:
            spec = verify_model(bundled_folder() / name)
        except OpirError as error:
            yield Check(name=f"model {name}", state="broken", detail=str(error), required=required)
        else:
            detail = f"version {spec.version}, sha256 {spec.fingerprint[:12]}, {', '.join(spec.trained_tasks)}"
            yield Check(name=f"model {name}", state="ok", detail=detail, required=required)


def _onnx_engine() -> Check:
    try:
        return Check(name="engine onnxruntime", state="ok", detail=_try_engine("onnxruntime"))
    except OpirError as error:
        return Check(name="engine onnxruntime", state="broken", detail=str(error))


def _torch_engine() -> Check:
    if importlib.util.find_spec("torch") is None:
        detail = "optional: pip install 'opir[torch]'"
        return Check(name="engine torch", state="absent", detail=detail, required=False)
    version = importlib.metadata.version("torch")
    try:
        detail = f"torch {version}, {_try_engine('torch')}"
        return Check(name="engine torch", state="ok", detail=detail, required=False)
    except OpirError as error:
        return Check(name="engine torch", state="broken", detail=f"torch {version}: {error}", required=False)


def _operator() -> Check:
    """Say which form of the per-pixel convolution the torch engine takes, and why."""
    import torch

    from opir.ops import choose_implementation
    from opir.runtime.torch_device import choose_device

    name, reason = choose_implementation(choose_device()[0], torch.float32)
    return Check(name="torch operator", state="ok", detail=f"{name}: {reason}", required=False)


def _try_engine(name: Literal["onnxruntime", "torch"]) -> str:
    """Load the default model, run the self-test and describe the outcome."""
    from opir.runtime.open_engine import open_engine
    from opir.runtime.self_test import self_test
    from opir.runtime.weights import DEFAULT_MODEL, find_model

    engine = open_engine(find_model(DEFAULT_MODEL), name)
    seconds = self_test(engine)
    return f"{engine.device}, {engine.precision}, self-test passed ({1e3 * seconds:.0f} ms)"

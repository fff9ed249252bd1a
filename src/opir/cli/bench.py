"""``opir bench``: how fast this machine restores, and how much memory that takes."""

from __future__ import annotations

import importlib.util
import platform
from dataclasses import asdict
from itertools import product
from typing import TYPE_CHECKING, Annotated, Final, Literal, TypeAlias

import typer

from opir import __version__
from opir.cli.console import choice, fail, say, say_columns, say_json
from opir.cli.engine_options import ENGINES, EngineOption, ModelOption, ThreadsOption, TileOption, parse_tile
from opir.errors import OpirError
from opir.tasks import TASKS, Task

if TYPE_CHECKING:
    from opir.runtime.engine import EngineName
    from opir.runtime.speed import Speed

Told: TypeAlias = Task | Literal["blind"]

BLIND: Final = "blind"
"""Stands for no task: the model finds out what is wrong."""

_HEADINGS = (
    *("engine", "device", "precision", "effort", "task", "size"),
    *("tile", "load", "time", "processor", "Mpx/s", "memory"),
)


def bench(
    size: Annotated[
        list[float] | None,
        typer.Option(
            min=0.001, max=1000.0, metavar="MPX", help="Megapixels of the picture; repeatable.", show_default="1"
        ),
    ] = None,
    effort: Annotated[
        list[str] | None,
        typer.Option(metavar="fast|balanced|best", help="How much is computed; repeatable.", show_default="best, fast"),
    ] = None,
    task: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="What is told to be wrong with the picture, or blind; repeatable.",
            show_default="one task of each trunk where they differ in cost, else blind",
        ),
    ] = None,
    engine: EngineOption = "auto",
    model: ModelOption = "base",
    tile: TileOption = "auto",
    threads: ThreadsOption = None,
    repeats: Annotated[int, typer.Option(min=1, metavar="N", help="Restorations that are timed.")] = 3,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Measure how fast this machine restores.

    A synthetic picture is restored with every engine that is installed (or the one named), each in a process of its
    own. Times are medians; memory is the peak above the decoded picture and the loaded model. Nothing is sent anywhere.
    The exit code is 1 if an engine failed.
    """
    from opir.runtime.effort import EFFORTS
    from opir.runtime.machine import usable_threads
    from opir.runtime.speed import Case, measure

    tasks: tuple[Told, ...] = tuple(choice(name, (*TASKS, BLIND), option="--task") for name in task or _tasks(model))
    tile_size, named = parse_tile(tile), choice(engine, ENGINES, option="--engine")
    efforts = tuple(choice(name, EFFORTS, option="--effort") for name in effort or ("best", "fast"))
    rows: list[tuple[str, ...]] = []
    entries: list[dict[str, object]] = []
    failed = False
    for megapixels in size or [1.0]:
        for each in _installed() if named == "auto" else (named,):
            for one, told in product(efforts, tasks):
                case = Case(
                    model=model,
                    engine=each,
                    megapixels=megapixels,
                    effort=one,
                    task=None if told == BLIND else told,
                    tile=tile_size,
                    threads=threads,
                    repeats=repeats,
                )
                try:
                    speed = measure(case)
                except OpirError as error:
                    fail(f"{each}: {error}")
                    failed = True
                    continue
                rows.append(_row(speed, one, told))
                entries.append({"effort": one, "task": told, "model": model} | asdict(speed))
    n_threads = threads or usable_threads()
    if as_json:
        machine = {"opir": __version__, "machine": platform.machine(), "system": platform.system()}
        say_json(machine | {"threads": n_threads, "rows": entries})
    elif rows:
        say(f"opir {__version__}, model {model}, {n_threads} threads, {platform.machine()}, {platform.system()}")
        say_columns([_HEADINGS, *rows])
    if failed:
        raise typer.Exit(1)


def _installed() -> tuple[EngineName, ...]:
    with_torch = importlib.util.find_spec("torch") is not None and importlib.util.find_spec("safetensors") is not None
    return ("onnxruntime", "torch") if with_torch else ("onnxruntime",)


def _tasks(model: str) -> tuple[Told, ...]:
    """Tell which tasks to measure: one for each trunk of a model whose trunks differ in cost."""
    from opir.runtime.expert import task_of_each_trunk
    from opir.runtime.spec import ModelSpec
    from opir.runtime.weights import find_model

    try:
        spec = ModelSpec.load(find_model(model))
    except OpirError:
        return (BLIND,)  # measuring tells what is wrong with the model
    return task_of_each_trunk(spec) if spec.expert_giga_macs_256 is not None else (BLIND,)


def _row(speed: Speed, effort: str, task: str) -> tuple[str, ...]:
    memory = "-" if speed.peak_bytes is None else f"{speed.peak_bytes / 1e6:.0f} MB"
    if speed.device_peak_bytes is not None:
        memory += f", {speed.device} {speed.device_peak_bytes / 1e6:.0f} MB"
    return (
        speed.engine,
        speed.device,
        speed.precision,
        effort,
        task,
        f"{speed.width} x {speed.height}",
        str(speed.tile) if speed.tile else "whole",
        f"{speed.load_seconds:.2f} s",
        f"{speed.seconds:.2f} s",
        f"{speed.cpu_seconds:.2f} s",
        f"{speed.megapixels_per_second:.2f}",
        memory,
    )

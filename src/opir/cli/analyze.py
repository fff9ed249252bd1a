"""``opir analyze``: what is wrong with pictures, how strong it is, and whether the model has seen the like."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from opir.cli.console import choice, fail, say, say_columns, say_json
from opir.cli.engine_options import ENGINES, EngineOption, ModelOption, ThreadsOption, TileOption, parse_tile
from opir.errors import ImageError, NumericalError

if TYPE_CHECKING:
    from opir.analysis.analyze import Analysis
    from opir.analysis.feature_statistics import Familiarity
    from opir.analysis.strength import Strength
    from opir.runtime.spec import ModelSpec


def analyze(
    inputs: Annotated[
        list[Path],
        typer.Argument(metavar="INPUT", help="Pictures or folders of them.", show_default=False, readable=False),
    ],
    tile: TileOption = "auto",
    model: ModelOption = "base",
    engine: EngineOption = "auto",
    threads: ThreadsOption = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object per picture and nothing else.")
    ] = False,
) -> None:
    """Say what is wrong with pictures, without restoring them.

    Each degradation that the model was trained on gets a probability of its own, which is the model's belief, and a
    strength, which is measured on the pixels. A picture that is bad in another way may get low numbers throughout;
    the last line says whether the model has seen the like. The exit code is 1 if some pictures could not be read.
    """
    tile_size = parse_tile(tile)
    engine_name = choice(engine, ENGINES, option="--engine")
    from opir.analysis.analyze import analyze as analyze_picture
    from opir.batch.plan import find_pictures
    from opir.runtime.restore import Restorer

    restorer = Restorer(model, engine=engine_name, tile=tile_size, threads=threads)
    paths = [path for given in inputs for path, _ in find_pictures(given)]
    if not paths:
        fail(f"{', '.join(map(str, inputs))}: holds no pictures")
        raise typer.Exit(1)
    n_failed = 0
    for path in paths:
        try:
            analysis = analyze_picture(path, restorer)
        except (ImageError, NumericalError, OSError, MemoryError) as error:
            n_failed += 1
            _tell_failure(path, error, as_json=as_json)
        else:
            _tell(path, analysis, restorer.spec, as_json=as_json)
    if n_failed:
        raise typer.Exit(1)


def _tell(path: Path, analysis: Analysis, spec: ModelSpec, *, as_json: bool) -> None:
    if as_json:
        model = {"name": spec.name, "version": spec.version, "weights_sha256": spec.fingerprint}
        say_json({"input": str(path), "ok": True, **analysis.entries(), "model": model})
        return
    say(str(path))
    strengths = {each.task: _in_words(each) for each in analysis.strengths}
    if analysis.jpeg_quality is not None:
        told = f"saved with quality {analysis.jpeg_quality}"
        strengths["jpeg"] = f"{strengths['jpeg']}, {told}" if "jpeg" in strengths else told
    found = analysis.found
    say_columns([("  " + name, f"{found[name]:4.0%}", strengths.get(name, "")) for name in found.likely(0.0)])
    say(f"  a restoration would change it by {analysis.change:.1f} grey levels on average")
    say("  " + _familiarity_in_words(analysis.familiarity))


def _in_words(strength: Strength) -> str:
    value = strength.value
    if value is None:
        return "not measurable"
    match strength.measure:
        case "noise_sigma":
            return f"sigma {value:.1f} grey levels"
        case "edge_sigma":
            return f"edges blurred by {value:.1f} px"
        case "dark_channel":
            return f"dark channel {value:.0f} grey levels"
        case "exposure":
            return f"{abs(value):.1f} stops {'below' if value > 0 else 'above'} middle grey"
        case "blockiness":
            return f"block borders of {value:.1f} grey levels"
        case "model_change":
            return f"{value:.1f} grey levels to be removed"


def _familiarity_in_words(familiarity: Familiarity | None) -> str:
    if familiarity is None:
        return "whether the model has seen such pictures is not known"
    judgement = "OUTSIDE of what the model has seen" if familiarity.is_outside else "like what the model has seen"
    return f"{judgement}: {familiarity.share_nearer:.0%} of training pictures are nearer to their middle"


def _tell_failure(path: Path, error: Exception, *, as_json: bool) -> None:
    message = str(error) or type(error).__name__
    fail(message if str(path) in message else f"{path}: {message}")
    if as_json:
        say_json({"input": str(path), "ok": False, "error": {"kind": type(error).__name__, "message": message}})

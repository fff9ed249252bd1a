"""``opir eval``: scores of models, classical methods and other programs' results under a named protocol."""

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from opir.cli.console import choice, pixel_progress, say, say_columns
from opir.cli.engine_options import ENGINES, EngineOption, ThreadsOption, parse_tile
from opir.tasks import TASKS

if TYPE_CHECKING:
    from opir.evaluation.benchmark import CaseScore
    from opir.evaluation.contestants import Contestant, Identity, Restored, Told
    from opir.evaluation.gallery import Gallery
    from opir.evaluation.plan import Case, Plan
    from opir.evaluation.report import EvaluationReport


def _list_protocols(wanted: bool) -> None:
    if not wanted:
        return
    from opir.evaluation.protocols import PROTOCOLS

    for protocol in PROTOCOLS.values():
        for number, line in enumerate(protocol.description):
            say(line if number == 0 else f"  {line}")
    raise typer.Exit


def _list_baselines(wanted: bool) -> None:
    if not wanted:
        return
    from opir.baselines.catalogue import BASELINES

    for baseline in BASELINES.values():
        say(f"{baseline.name}: for {', '.join(baseline.tasks)}; {baseline.method}")
        say(f"  {baseline.source}")
        say(f"  {baseline.parameters}")
        say(f"  {baseline.software}")
    raise typer.Exit


def evaluate(
    protocol: Annotated[str, typer.Option(metavar="NAME", help="How to score; see --list.", show_default=False)],
    data: Annotated[
        Path, typer.Option(metavar="DIR", help="A data set: pairs, or clean pictures.", show_default=False)
    ],
    name: Annotated[str | None, typer.Option(help="Which data set it is; without it the layout is detected.")] = None,
    split: Annotated[str | None, typer.Option(help="Which split, if there are several.")] = None,
    noise: Annotated[
        list[float] | None,
        typer.Option(metavar="SIGMA", help="Add Gaussian noise to clean pictures [grey levels]; repeatable."),
    ] = None,
    jpeg: Annotated[
        list[int] | None, typer.Option(metavar="QUALITY", help="Compress clean pictures; repeatable.")
    ] = None,
    model: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME|FOLDER",
            help="Bundled model or model folder; repeatable.",
            show_default="base, if nothing else is named",
        ),
    ] = None,
    task: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME|given",
            help="Score the models once more, told what is wrong: by name, repeatable, or 'given' as labelled.",
        ),
    ] = None,
    baseline: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Classical method; repeatable; see --list-baselines."),
    ] = None,
    results: Annotated[
        list[Path] | None,
        typer.Option(metavar="DIR", help="Results of another program, named like the inputs; repeatable."),
    ] = None,
    inputs_only: Annotated[
        bool, typer.Option("--inputs-only", help="Score the degraded pictures themselves and nothing else.")
    ] = False,
    json_file: Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Write everything as JSON.")] = None,
    html_file: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Write a page with pictures, worst cases first.")
    ] = None,
    save_inputs: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write the degraded pictures, for other programs to restore.")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, metavar="N", help="Only the first N pictures of a row.")] = None,
    tile: Annotated[
        str, typer.Option(metavar="auto|0|N", help="Largest side of a tile [px]; auto is 640, 0 for no tiles.")
    ] = "auto",
    engine: EngineOption = "auto",
    threads: ThreadsOption = None,
    show_list: Annotated[  # noqa: ARG001 - handled by its callback
        bool, typer.Option("--list", callback=_list_protocols, is_eager=True, help="Describe the protocols and exit.")
    ] = False,
    show_baselines: Annotated[  # noqa: ARG001 - handled by its callback
        bool,
        typer.Option(
            "--list-baselines", callback=_list_baselines, is_eager=True, help="Describe the classical methods and exit."
        ),
    ] = False,
) -> None:
    """Score models, classical methods, and results of other programs, on a test set.

    The scores of the inputs themselves stand beside those of the results. A file that is missing, unreadable or
    of the wrong size ends the evaluation with exit code 1 and is named.
    """
    from opir.evaluation.protocols import PROTOCOLS

    chosen = PROTOCOLS[choice(protocol, tuple(PROTOCOLS), option="--protocol")]
    from opir.data import open_dataset
    from opir.evaluation.plan import plan_cases
    from opir.evaluation.synthetic import Synthetic

    synthetic = [Synthetic(kind="noise", level=level) for level in noise or []]
    synthetic += [Synthetic(kind="jpeg", level=level) for level in jpeg or []]
    for file in (json_file, html_file):
        _check_target(file)
    if inputs_only and (model or baseline or results or task):
        raise typer.BadParameter("it leaves out models, baselines and results: name none", param_hint="--inputs-only")
    models = model or ([] if results or save_inputs or baseline or inputs_only else ["base"])
    told = _parse_told(task or [], n_models=len(models))
    methods = _baselines(baseline or [])
    plan = plan_cases(open_dataset(data, name, split), chosen, synthetic=synthetic, limit=limit)
    contestants = _models(plan, models, told, engine=engine, tile=tile, threads=threads)
    contestants += [*methods, *_folders(plan, results or [])]
    report, gallery = _run(plan, contestants, with_pictures=html_file is not None, save_inputs=save_inputs)
    _print(report)
    _write(report, gallery, json_file, html_file)


def _parse_told(words: list[str], *, n_models: int) -> Told | None:
    """What ``--task`` says; the order of the names means nothing."""
    if not words:
        return None
    if n_models == 0:
        raise typer.BadParameter("there is no model to be told a task: name one with --model", param_hint="--task")
    named = [choice(word, (*TASKS, "given"), option="--task") for word in words]
    if "given" not in named:
        return tuple(task for task in TASKS if task in named)
    if len(set(named)) > 1:
        raise typer.BadParameter("'given' takes the tasks from the data: name none beside it", param_hint="--task")
    return "given"


def _models(
    plan: Plan, models: list[str], told: Told | None, *, engine: str, tile: str, threads: int | None
) -> list[Contestant]:
    """Every model, blind and, if wanted, told beside it."""
    from opir.evaluation.contestants import ModelContestant, check_told
    from opir.runtime.restore import Restorer

    engine_name, tile_size = choice(engine, ENGINES, option="--engine"), parse_tile(tile)
    found: list[Contestant] = []
    for model in models:
        restorer = Restorer(model, engine=engine_name, tile=tile_size, threads=threads)
        found.append(ModelContestant(restorer))
        if told is not None:
            check_told(told, plan.labels, restorer.spec)
            found.append(ModelContestant(restorer, told=told))
    return found


def _baselines(names: list[str]) -> list[Contestant]:
    if not names:
        return []
    from opir.baselines.catalogue import BASELINES
    from opir.evaluation.contestants import BaselineContestant

    chosen = dict.fromkeys(choice(name, tuple(BASELINES), option="--baseline") for name in names)
    return [BaselineContestant(BASELINES[name]) for name in chosen]


def _folders(plan: Plan, folders: list[Path]) -> list[Contestant]:
    from opir.evaluation.result_folder import ResultFolder

    return [ResultFolder(folder, plan) for folder in folders]


def _run(
    plan: Plan, contestants: list[Contestant], *, with_pictures: bool, save_inputs: Path | None
) -> tuple[EvaluationReport, Gallery | None]:
    from opir.evaluation.benchmark import evaluate, summarise
    from opir.evaluation.gallery import Gallery
    from opir.evaluation.report import EvaluationReport, column_names
    from opir.evaluation.save_inputs import save_input

    identities = tuple(contestant.identity for contestant in contestants)
    gallery = Gallery(plan.protocol, column_names(identities)) if with_pictures else None
    n_done, n_cases = 0, len(plan.labels)
    with pixel_progress(f"{plan.protocol.name}, {plan.image_set.title}") as show:

        def on_scored(case: Case, restored: tuple[Restored, ...], score: CaseScore) -> None:
            nonlocal n_done
            n_done += 1
            if gallery is not None:
                gallery.add(case, restored, score)
            if save_inputs is not None:
                save_input(case, save_inputs, plan)
            if show is not None:
                show(n_done, n_cases)

        scores = evaluate(plan.cases(), contestants, plan.protocol, on_scored=on_scored)
    report = EvaluationReport(
        plan=plan,
        identities=identities,
        scores=scores,
        summaries=summarise(scores, plan.protocol),
        command=shlex.join(["opir", *sys.argv[1:]]),
    )
    return report, gallery


def _print(report: EvaluationReport) -> None:
    from opir.evaluation.report import table, uncertainty_table

    image_set = report.plan.image_set
    for line in report.plan.protocol.description:
        say(line)
    say(f"data: {image_set.title} ({image_set.split}), {len(image_set)} {image_set.kind}, {image_set.root}")
    for identity in report.identities:
        say(_introduction(identity))
    say("")
    say_columns(list(table(report)))
    uncertainty = list(uncertainty_table(report))
    if uncertainty:
        say("")
        say_columns(uncertainty)


def _introduction(identity: Identity) -> str:
    parts = [f"{identity.kind}: {identity.source}"]
    parts += [f"told {identity.told}"] if identity.told else []
    parts += [f"sha256 {identity.weights_sha256[:12]}"] if identity.weights_sha256 else []
    parts += [text for text in (identity.engine, identity.parameters) if text]
    return ", ".join(parts)


def _check_target(path: Path | None) -> None:
    """Raise :class:`OutputError` before the work where a report could not be written after it."""
    from opir.errors import OutputError

    if path is not None and (path.is_dir() or not path.parent.is_dir()):
        wrong = "is a folder; name a file in it" if path.is_dir() else f"the folder {path.parent} does not exist"
        raise OutputError(f"{path}: {wrong}")


def _write(report: EvaluationReport, gallery: Gallery | None, json_file: Path | None, html_file: Path | None) -> None:
    from opir.evaluation.html import html_page
    from opir.evaluation.report import json_report
    from opir.imaging.atomic import write_atomically

    if json_file is not None:
        text = json.dumps(json_report(report), indent=1, allow_nan=False)
        write_atomically(json_file, f"{text}\n".encode())
    if html_file is not None and gallery is not None:
        write_atomically(html_file, html_page(report, gallery.cases).encode())

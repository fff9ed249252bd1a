"""Export a network as the ONNX graphs of a model folder."""

from __future__ import annotations

import hashlib
import json
import logging
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from opir.deconvolution.kernel import SIDE
from opir.deconvolution.traces import N_STATISTICS
from opir.errors import ConfigurationError, MissingExtraError
from opir.export.stage_in_phases import TRUNK_OUTPUTS, StageTrunk, fits_phases
from opir.model.config import NetworkConfig
from opir.model.cost import measure_cost
from opir.model.kernel_network import N_MAPS, KernelNetwork
from opir.model.kernel_weights import load_kernel_network, save_kernel_network
from opir.model.network import RestorationNetwork
from opir.model.receptive_field import encoder_halo, stage_halo
from opir.model.weights_file import load_network, save_network
from opir.runtime.spec import (
    EXPERT_FIXED_STAGE_FILE,
    EXPERT_STAGE_FILE,
    FIXED_STAGE_FILE,
    FORMAT,
    KERNEL_FILE,
    ONNX_FILES,
    SPEC_FILE,
    STAGE_FILE,
    TORCH_EXPERT_FILE,
    TORCH_FILE,
    TORCH_KERNEL_FILE,
)
from opir.tasks import TASKS, Task

LARGEST_SIDE = 65_536
"""Longest image side that the graphs' dynamic dimensions admit, in pixels."""


@dataclass(frozen=True, kw_only=True)
class Release:
    """What is said about exported weights, beyond what the network itself knows."""

    name: str
    """Name of the model, under which the command line finds it."""

    version: str
    """Version of the weights."""

    trained_tasks: tuple[Task, ...]
    """Degradations that the training data held."""

    uncertainty_scale: float = 1.0
    """Factor that makes the predicted error scale agree with held-out errors."""

    expert_tasks: tuple[Task, ...] = ()
    """Degradations that the expert restores, where there is one (:mod:`opir.runtime.expert`)."""

    expert_uncertainty_scale: float | None = None
    """The factor of the expert's error scale; None: that of the network."""


class _Encoder(nn.Module):
    def __init__(self, network: RestorationNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, image: Tensor) -> Tensor:
        return self.network.encode(image)


class _Estimator(nn.Module):
    def __init__(self, network: RestorationNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, mean: Tensor) -> tuple[Tensor, Tensor]:
        return self.network.estimate(mean)


class _Stage(nn.Module):
    def __init__(self, network: RestorationNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(
        self,
        current: Tensor,
        observed: Tensor,
        scale: Tensor,
        task_weights: Tensor,
        context: Tensor,
        stage_weights: Tensor,
    ) -> tuple[Tensor, Tensor]:
        return self.network.weighted_stage(current, observed, scale, task_weights, context, stage_weights)


def export_model(
    network: RestorationNetwork,
    folder: Path,
    release: Release,
    *,
    kernel_network: KernelNetwork | None = None,
    expert: RestorationNetwork | None = None,
    half: bool = False,
) -> None:
    """Write the ONNX graphs, ``model.safetensors`` and ``model.json``.

    The graphs take any H and W that are multiples of the stride, batch 1. ``stage.onnx`` serves both stages: the
    weights are stored once and the stage is an input. Where tasks change kernels, ``fixed_stage.onnx`` is the part of
    it that differs from pixel to pixel, see :mod:`opir.export.fixed_stage`.

    Args:
        network: what estimates the degradation and restores.
        folder: of the model, created if missing.
        release: what is said about the weights.
        kernel_network: finds the kernel of a blur, a further graph and a further file of weights. Without it blur is
            left to the network.
        expert: behind the same estimator, its trunk of any size; its stage becomes further graphs for pictures with
            nothing but the release's ``expert_tasks``. Its estimator is neither used nor counted.
        half: round the weights of both to float16 first, which halves all files; the graphs compute with the same
            values in float32 (:mod:`opir.export.half_constants`).

    Raises:
        MissingExtraError: if the ONNX exporter is not installed.
        ConfigurationError: if a trained task is unknown, the expert has other stages or was trained behind another
            estimator, or an expert has no tasks, or tasks no expert.
        WeightsError: if a weight does not fit into float16.
    """
    _check_release(release, network, expert)
    folder.mkdir(parents=True, exist_ok=True)
    config = network.config
    dtype = torch.float16 if half else torch.float32
    save_network(network, folder / TORCH_FILE, dtype=dtype)
    network = load_network(folder / TORCH_FILE).eval().requires_grad_(False)  # as rounded
    encoder, estimator, _ = (folder / name for name in ONNX_FILES)
    image, _, dynamic = _examples(config)
    _export(_Encoder(network), (image,), encoder, ("image",), ("features",), (dynamic,))
    mean = torch.rand(1, config.estimator_widths[-1])
    _export(_Estimator(network), (mean,), estimator, ("mean",), ("task_weights", "context"), None)
    graphs: tuple[str, ...] = (*ONNX_FILES, *_export_stages(network, folder, STAGE_FILE, FIXED_STAGE_FILE)[1:])
    weights: tuple[str, ...] = (TORCH_FILE,)
    if expert is not None:
        save_network(expert, folder / TORCH_EXPERT_FILE, dtype=dtype)
        expert = load_network(folder / TORCH_EXPERT_FILE).eval().requires_grad_(False)
        graphs = (*graphs, *_export_stages(expert, folder, EXPERT_STAGE_FILE, EXPERT_FIXED_STAGE_FILE))
        weights = (*weights, TORCH_EXPERT_FILE)
    if kernel_network is not None:
        graphs, weights = (*graphs, KERNEL_FILE), (*weights, TORCH_KERNEL_FILE)
        save_kernel_network(kernel_network, folder / TORCH_KERNEL_FILE, dtype=torch.float16)
        _export_kernel_network(load_kernel_network(folder / TORCH_KERNEL_FILE), folder / KERNEL_FILE)  # as rounded
    for name in graphs:
        _shorten(folder / name, half=half)
    n_parameters = sum(parameter.numel() for parameter in network.parameters())
    if expert is not None:
        n_parameters += sum(parameter.numel() for parameter in expert.parameters())
        n_parameters -= sum(parameter.numel() for parameter in expert.estimator.parameters())
    expert_config = None if expert is None else expert.config
    _write_spec(config, expert_config, folder, release, (*graphs, *weights), n_parameters=n_parameters)


def _check_release(release: Release, network: RestorationNetwork, expert: RestorationNetwork | None) -> None:
    for name, tasks in (("trained_tasks", release.trained_tasks), ("expert_tasks", release.expert_tasks)):
        if unknown := set(tasks) - set(TASKS):
            raise ConfigurationError(f"{name} must be among {', '.join(TASKS)}; got {sorted(unknown)}")
    if (expert is None) != (not release.expert_tasks):
        raise ConfigurationError(
            f"an expert and the tasks that it restores go together; got {'no' if expert is None else 'an'} expert and "
            f"the tasks {', '.join(release.expert_tasks) or 'none'}"
        )
    if expert is None and release.expert_uncertainty_scale is not None:
        raise ConfigurationError(
            f"expert_uncertainty_scale is for an expert; got {release.expert_uncertainty_scale} and no expert"
        )
    if foreign := set(release.expert_tasks) - set(release.trained_tasks):
        raise ConfigurationError(
            f"expert_tasks must be among trained_tasks, {', '.join(release.trained_tasks)}; got {sorted(foreign)}"
        )
    if expert is not None:
        _check_expert(network, expert)


def _check_expert(network: RestorationNetwork, expert: RestorationNetwork) -> None:
    """Check that an expert has the network's stages and reads the context of its estimator.

    Rounding to float16 does not count, since an expert may have begun with rounded weights, nor do the layers of the
    task weights, which only the network's estimator is asked for.
    """
    if not expert.config.may_be_expert_of(network.config):
        raise ConfigurationError(
            "the expert must agree with the network on stages, stride, tasks, context and estimator, expected those of "
            f"{network.config}; got {expert.config}"
        )
    own, other = network.estimator.state_dict(), expert.estimator.state_dict()
    differing = [
        name
        for name in own
        if not name.startswith(("task_logits.", "logarithms.", "log_odds"))
        and not own[name].half().equal(other[name].half())
    ]
    if differing:
        raise ConfigurationError(
            f"the expert must have been trained behind the network's estimator; got another in {len(differing)} "
            f"tensors, {differing[0]} the first: train it with --start-from these weights"
        )


def _export_stages(network: RestorationNetwork, folder: Path, stage: str, fixed: str) -> tuple[str, ...]:
    """Write the graph of a stage and, where tasks change kernels, the part that differs from pixel to pixel."""
    export_stage(network, folder / stage)
    if not network.config.task_rank:
        return (stage,)
    from opir.export.fixed_stage import write_fixed_stage

    write_fixed_stage(folder / stage, folder / fixed)
    return stage, fixed


def _export_kernel_network(network: KernelNetwork, path: Path) -> None:
    examples = torch.rand(1, N_MAPS, SIDE, SIDE), torch.rand(1, N_STATISTICS)
    network = network.eval().requires_grad_(False)
    _export(network, examples, path, ("maps", "statistics"), ("kernel", "log_regularisers"), None)


def _shorten(path: Path, *, half: bool) -> None:
    """Remove the exporter's notes from a graph, which line of which file on this machine each node comes from, and
    store its constants in float16 if asked for.
    """
    import onnx

    from opir.export.half_constants import halve_constants

    model = onnx.load(path, load_external_data=False)
    if half:
        halve_constants(model)
    graph = model.graph
    for part in (graph, *graph.node, *graph.input, *graph.output, *graph.value_info, *graph.initializer):
        del part.metadata_props[:]
        part.ClearField("doc_string")
    path.write_bytes(model.SerializeToString())


def export_stage(network: RestorationNetwork, path: Path, *, in_phases: bool = True) -> None:
    """Write the graph of one stage: in phases where that is possible, see :mod:`opir.export.stage_in_phases`.

    ``in_phases`` False asks for the graph as the model is written.

    Raises:
        MissingExtraError: if the ONNX exporter is not installed.
    """
    config = network.config
    in_phases = in_phases and fits_phases(config)
    image, scale, dynamic = _examples(config)
    vectors = (torch.rand(1, config.n_tasks), torch.rand(1, config.n_context), torch.eye(config.n_stages)[0])
    _export(
        StageTrunk(network) if in_phases else _Stage(network),
        (image, image.clone(), scale, *vectors),
        path,
        ("current", "observed", "scale", "task_weights", "context", "stage_weights"),
        TRUNK_OUTPUTS if in_phases else ("restored", "new_scale"),
        (dynamic, dynamic, dynamic, None, None, None),
    )
    if in_phases:
        from opir.export.phase_operator import append_operator

        append_operator(path, config)


def _examples(config: NetworkConfig) -> tuple[Tensor, Tensor, Mapping[int, torch.export.Dim]]:
    """Return a picture and a scale of one size, and what says that their sides may be others."""
    height, width = 4 * config.stride, 6 * config.stride
    side = torch.export.Dim("rows", max=LARGEST_SIDE // config.stride)
    other = torch.export.Dim("columns", max=LARGEST_SIDE // config.stride)
    dynamic = {2: config.stride * side, 3: config.stride * other}
    return torch.rand(1, 3, height, width), torch.rand(1, 1, height, width), dynamic


def _write_spec(
    config: NetworkConfig,
    expert_config: NetworkConfig | None,
    folder: Path,
    release: Release,
    files: Sequence[str],
    *,
    n_parameters: int,
) -> None:
    cost = measure_cost(config)
    digests = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in files}
    entries = {
        "format": FORMAT,
        "name": release.name,
        "version": release.version,
        "tasks": list(TASKS),
        "trained_tasks": list(release.trained_tasks),
        "stride": config.stride,
        "encoder_halo": encoder_halo(config),
        "stage_halo": stage_halo(config),
        "n_stages": config.n_stages,
        "n_features": config.estimator_widths[-1],
        "n_context": config.n_context,
        "n_parameters": n_parameters,
        "giga_macs_256": round(cost.n_macs / 1e9, 3),
        "uncertainty_scale": release.uncertainty_scale,
        "sha256": digests,
    }
    if expert_config is not None:
        entries["expert_tasks"] = list(release.expert_tasks)
        if expert_config != config:
            entries["expert_stage_halo"] = stage_halo(expert_config)
            entries["expert_giga_macs_256"] = round(measure_cost(expert_config).n_macs / 1e9, 3)
        if release.expert_uncertainty_scale is not None:
            entries["expert_uncertainty_scale"] = release.expert_uncertainty_scale
    (folder / SPEC_FILE).write_text(json.dumps(entries, indent=2) + "\n", encoding="utf-8")


def _export(
    module: nn.Module,
    arguments: tuple[Tensor, ...],
    path: Path,
    inputs: Sequence[str],
    outputs: Sequence[str],
    dynamic: tuple[Mapping[int, torch.export.Dim] | None, ...] | None,
) -> None:
    with _quiet():
        try:
            program = torch.onnx.export(
                module.eval(),
                arguments,
                dynamo=True,
                input_names=inputs,
                output_names=outputs,
                dynamic_shapes=dynamic,
                external_data=False,
                verbose=False,
            )
        except ImportError as error:
            raise MissingExtraError(
                f"exporting needs onnx and onnxscript: pip install 'opir[export]' ({error})"
            ) from error
    if program is None:
        raise ConfigurationError("the ONNX exporter returned nothing; this version of torch is not supported")
    program.save(path)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the exporter's notes about its own internals away from the user."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)

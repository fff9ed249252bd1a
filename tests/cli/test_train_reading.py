"""``opir train-reading``: from a folder of pictures to weights that read a task anew."""

from __future__ import annotations

import pytest
import torch
from typer.testing import CliRunner

from miniatures import write_pictures
from opir.cli.main import app
from opir.model import RestorationNetwork, load_network, preset, save_network
from opir.tasks import TASKS

OPTIONS = ("--samples", 20, "--heads", 1, "--workers", 0, "--set", "crop_size=16", "--threads", 1)


@pytest.fixture
def data(tmp_path):
    return write_pictures(tmp_path / "data", [f"clean/{n}.png" for n in range(3)], (40, 32))


@pytest.fixture
def weights(tmp_path):
    torch.manual_seed(5)
    path = tmp_path / "before.safetensors"
    save_network(RestorationNetwork(preset("tiny")), path)
    return path


@pytest.fixture
def teacher(tmp_path):
    torch.manual_seed(6)
    network = RestorationNetwork(preset("base"))
    with torch.no_grad():
        network.estimator.task_logits.bias[TASKS.index("haze")] = 5.0
    path = tmp_path / "teacher.safetensors"
    save_network(network, path)
    return path


def train_reading(data, weights, run, *arguments):
    given = ("train-reading", "--data", data, "--start-from", weights, "--run", run, *OPTIONS, *arguments)
    return CliRunner().invoke(app, [*map(str, given)])


def test_nothing_but_what_is_read_changes(data, weights, tmp_path):
    run = tmp_path / "run"
    result = train_reading(data, weights, run, "--task", "haze", "--task", "snow", "--share", 0.75)
    assert result.exit_code == 0, result.output
    assert "20 of 20 samples" in result.stdout
    assert "low_light_pairs is left out" in result.stderr
    before, after = (load_network(path).state_dict() for path in (weights, run / "model.safetensors"))
    changed = {name for name, value in after.items() if not torch.equal(value, before[name])}
    readings = {name for name in after if name.startswith("estimator.logarithms.")}
    assert changed == readings | {"estimator.task_logits.weight", "estimator.task_logits.bias"}
    haze, snow, rain = (TASKS.index(task) for task in ("haze", "snow", "rain"))
    amounts = "estimator.task_logits.weight"
    for row, factor in ((haze, 0.25), (snow, 0.25), (rain, 1.0)):
        torch.testing.assert_close(after[amounts][row], factor * before[amounts][row])
    assert not after["estimator.logarithms.task_logits.weight"][rain].any()


def test_a_second_run_reads_the_samples_that_are_there(data, weights, tmp_path):
    first = train_reading(data, weights, tmp_path / "run", "--task", "haze")
    result = (tmp_path / "run" / "model.safetensors").read_bytes()
    written = (tmp_path / "run" / "features-00000.npz").stat()
    again = train_reading(data, weights, tmp_path / "run", "--task", "haze")
    assert first.exit_code == again.exit_code == 0
    assert (tmp_path / "run" / "model.safetensors").read_bytes() == result
    kept = (tmp_path / "run" / "features-00000.npz").stat()
    assert (kept.st_mtime_ns, kept.st_ino) == (written.st_mtime_ns, written.st_ino)


def test_a_run_out_of_time_says_how_to_go_on(data, weights, tmp_path):
    result = train_reading(data, weights, tmp_path / "run", "--task", "haze", "--minutes", 0)
    assert result.exit_code == 0
    assert f"stopped: the same command goes on from {tmp_path / 'run'}" in result.stdout.replace("\n", "")
    assert not (tmp_path / "run" / "model.safetensors").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--task", "hase"), "haze"),
        (("--task", "haze", "--set", "model.n_context=8"), "leave model.* as it is"),
        (("--task", "haze", "--set", "sede=1"), "seed"),
    ],
)
def test_what_is_wrong_is_named_before_any_sample_is_made(data, weights, tmp_path, arguments, message):
    result = train_reading(data, weights, tmp_path / "run", *arguments)
    assert result.exit_code != 0
    assert message in result.output
    assert not (tmp_path / "run").exists()


def test_weights_of_another_run_are_not_overwritten(data, weights, tmp_path):
    run = tmp_path / "run"
    run.mkdir()
    (run / "model.safetensors").write_bytes(weights.read_bytes())
    result = train_reading(data, weights, run, "--task", "haze")
    assert result.exit_code == 1
    assert "an empty folder" in result.output
    for arguments in (
        (run, run),
        (weights, run, "--teacher", run),
        (weights, run, "--teacher", run / "model.safetensors"),
    ):
        itself = train_reading(data, *arguments, "--task", "haze")
        assert itself.exit_code == 1
        assert "would be overwritten" in itself.output
    assert [path.name for path in run.iterdir()] == ["model.safetensors"]
    assert (run / "model.safetensors").read_bytes() == weights.read_bytes()


def test_a_teacher_is_imitated(data, weights, teacher, tmp_path):
    result = train_reading(data, weights, tmp_path / "run", "--task", "haze", "--share", 1, "--teacher", teacher)
    assert result.exit_code == 0, result.output
    assert (tmp_path / "run" / "teacher" / "features-00000.npz").exists()
    after = load_network(tmp_path / "run").estimator.eval()
    grey = 0.5 + 0.1 * torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(7))
    before = load_network(weights).estimator.eval()
    haze = TASKS.index("haze")
    assert after.judge(grey)[0][0, haze] > before.judge(grey)[0][0, haze] + 2
    torch.testing.assert_close(after.judge(grey)[1], before.judge(grey)[1], rtol=0, atol=0)


def test_a_run_out_of_time_before_the_teacher_has_seen_the_samples_learns_nothing(data, weights, teacher, tmp_path):
    run = tmp_path / "run"
    assert train_reading(data, weights, run, "--task", "haze").exit_code == 0
    (run / "model.safetensors").unlink()
    result = train_reading(data, weights, run, "--task", "haze", "--teacher", teacher, "--minutes", 0)
    assert result.exit_code == 0
    assert "own encoder: 20 of 20 samples" in result.stdout
    assert "stopped: the same command goes on" in result.stdout
    assert not (run / "model.safetensors").exists()

"""Tests that pruning drops what is not wanted, keeps the rest to the byte, and stays away from a running sweep.

Modules: seqbench.cli.prune.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from seqbench import StoreError
from seqbench.cli.main import cli
from seqbench.records.layout import Layout, key_of
from seqbench.running.leases import Leases
from seqbench.running.prune import Stays, prunable, remove

PUBLISHED = Path(__file__).parents[2] / "results" / "published" / "quick"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a copy of the published results, with weights, a log, a checkpoint and a logger's file."""
    folder = tmp_path / "results"
    shutil.copytree(PUBLISHED, folder)
    layout = Layout(folder)
    for key in (*_keys(folder)[:2], "gone"):
        for path in (layout.weights(key), layout.logs / f"a_{key}.log", layout.checkpoints / f"{key}.ckpt"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"12345")
    (layout.logger("tensorboard") / "x").mkdir(parents=True)
    (layout.logger("tensorboard") / "x" / "events").write_bytes(b"1")
    return folder


def _keys(folder: Path) -> list[str]:
    return [key_of(path) for path in Layout(folder).record_files()]


def _content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def _pruned(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["prune", *arguments], catch_exceptions=False)


def test_only_what_belongs_to_no_record_goes_by_default(folder: Path) -> None:
    found = {each.kind: [path.name for path in each.files] for each in prunable(folder, Stays())}
    assert found == {"weights": ["gone.safetensors"], "logs": ["a_gone.log"]}


def test_weights_and_logs_go_when_asked(folder: Path) -> None:
    before = _content(folder)
    found = prunable(folder, Stays(weights=False, logs=False))
    assert {each.kind: len(each.files) for each in found} == {"weights": 3, "logs": 3, "loggers": 1}
    remove(found)
    after = _content(folder)
    assert {name: before[name] for name in after} == after
    assert set(before) - set(after) == {str(p.relative_to(folder)) for each in found for p in each.files}


def test_command_keeps_the_cells_of_an_experiment_and_asks_first(folder: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine.yaml"
    saved = CliRunner().invoke(
        cli,
        ["run", "quick", "--models", "gru", "--tasks", "copy", "--dry-run", "--json", "--save-config", str(mine)],
    )
    wanted = {cell["key"] for cell in json.loads(saved.stdout)["cells"]}
    before = _content(folder)
    shown = _pruned(str(folder), "--keep", str(mine))
    assert (shown.exit_code, "records: 56 files" in shown.stdout) == (0, True)
    assert _content(folder) == before
    told = json.loads(_pruned(str(folder), "--keep", str(mine), "--yes", "--json").stdout)
    assert (told["removed"], set(_keys(folder))) == (True, wanted)
    assert _pruned(str(folder), "--keep", str(mine)).stdout == ""


def test_folder_of_a_running_sweep_is_left_alone(folder: Path) -> None:
    layout = Layout(folder)
    layout.leases.mkdir(exist_ok=True)
    with Leases(layout.leases, 60) as leases:
        assert leases.take("abc", "copy lstm T=16 seed=0")
        with pytest.raises(StoreError, match="a sweep runs in it"):
            prunable(folder, Stays())


def test_folder_without_results_is_refused(tmp_path: Path) -> None:
    done = CliRunner().invoke(cli, ["prune", str(tmp_path)])
    assert isinstance(done.exception, StoreError)
    assert "is no folder of results" in str(done.exception)

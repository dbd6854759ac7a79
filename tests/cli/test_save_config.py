"""Tests `seqbench run --save-config`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from seqbench import Experiment, ExperimentError
from seqbench.cli.main import cli
from seqbench.cli.save_config import save

ASKED = ("run", "smoke", "--tasks", "copy", "--models", "wide=gru", "--set", "wide.hidden_size=3", "--dry-run")


def _keys(*arguments: str) -> list[str]:
    done = CliRunner().invoke(cli, [*arguments, "--json"], catch_exceptions=False)
    assert done.exit_code == 0, done.stderr
    return [cell["key"] for cell in json.loads(done.stdout)["cells"]]


def test_saved_file_makes_the_cells_that_options_made(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    keys = [_keys(*ASKED, "--save-config", str(path)), _keys("run", str(path), "--dry-run")]
    assert keys[0] == keys[1]
    assert "hidden_size: 3" in path.read_text()


def test_file_with_other_content_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    experiment = Experiment(tasks=["copy"], models=["lstm"], lengths=[16])
    save(experiment, path)
    text = path.read_text()
    save(experiment, path)
    with pytest.raises(ExperimentError, match="there already, with other content"):
        save(experiment.model_copy(update={"lengths": (17,)}), path)
    assert path.read_text() == text


def test_file_that_cannot_be_is_refused(tmp_path: Path) -> None:
    experiment = Experiment(tasks=["copy"], models=["lstm"], lengths=[16])
    with pytest.raises(ExperimentError, match=r"read from a \.yaml file"):
        save(experiment, tmp_path / "mine.json")
    with pytest.raises(ExperimentError, match="cannot be written"):
        save(experiment, tmp_path / "none" / "mine.yaml")

"""The rules of the project, as tests: what is public, what plugins import, what the docs and options say."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

import seqbench
from seqbench.cli.run import command
from seqbench.experiment.schema import Experiment, Training
from seqbench.plugins.hooks import Hooks

ROOT = Path(__file__).parents[2]
BUNDLED = sorted((ROOT / "plugins").glob("seqbench_*.py"))


def test_public_names_are_all_there_and_documented() -> None:
    assert sorted(seqbench.__all__) == seqbench.__all__ or set(seqbench.__all__) == set(dir(seqbench))
    for name in seqbench.__all__:
        value = getattr(seqbench, name)
        if callable(value) and value is not seqbench.hookimpl:
            assert value.__doc__, name


@pytest.mark.parametrize("path", BUNDLED, ids=lambda path: path.stem)
def test_bundled_plugin_imports_only_public_names(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "seqbench":
            assert node.module == "seqbench", f"{path.name}:{node.lineno}"
            assert {alias.name for alias in node.names} <= set(seqbench.__all__), f"{path.name}:{node.lineno}"
        if isinstance(node, ast.Import):
            assert not any(alias.name.startswith("seqbench.") for alias in node.names), (
                f"{path.name}:{node.lineno}"
            )


def test_every_bundled_module_is_in_the_wheel() -> None:
    listed = set(re.findall(r'^  "(seqbench_\w+)",$', (ROOT / "pyproject.toml").read_text(), flags=re.MULTILINE))
    assert listed == {path.stem for path in BUNDLED}


def test_torch_and_pandas_are_not_imported_before_they_are_needed() -> None:
    code = (
        "import sys, seqbench; from seqbench.cli.main import cli; catalog = seqbench.load_catalog();"
        "assert not catalog.problems; print(sorted({'torch', 'pandas', 'numpy', 'scipy'} & set(sys.modules)))"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"


def test_options_of_run_are_the_fields_of_an_experiment() -> None:
    options = {parameter.name for parameter in command.params if isinstance(parameter, click.Option)}
    # `--set` gives the mappings.
    mappings = {"parameters", "training", "task_training", "gradients"}
    assert set(Experiment.model_fields) - mappings <= options
    assert "assignments" in options


def test_fields_and_hooks_are_described() -> None:
    for schema in (Experiment, Training):
        for name, field in schema.model_fields.items():
            assert field.description, name
    for name, hook in vars(Hooks).items():
        if name.startswith("seqbench_"):
            assert "@hookimpl" in hook.__doc__, f"{name} shows no whole plugin"


def test_nothing_is_left_undone() -> None:
    for path in [*ROOT.glob("seqbench/**/*.py"), *BUNDLED]:
        text = path.read_text()
        assert not re.search(r"\b(TODO|FIXME|XXX|NotImplementedError)\b", text), path
        assert len(text.splitlines()) <= 400, f"{path}: does it hold one idea?"

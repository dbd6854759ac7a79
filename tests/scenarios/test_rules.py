"""Tests the rules of the project: what is public, what plugins import, what docs, docstrings and options say."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

import seqbench
from seqbench.cli.run import command
from seqbench.experiment.schema import Experiment, Training
from seqbench.plugins.hooks import Hooks

ROOT = Path(__file__).parents[2]
BUNDLED = sorted([*(ROOT / "plugins").glob("seqbench_*.py"), *(ROOT / "plugins").glob("seqbench_*/**/*.py")])
PACKAGE = ROOT / "seqbench"
MODULES = [
    path for room in ("seqbench", "plugins", "tests", "benchmarks") for path in (ROOT / room).glob("**/*.py")
]

STILL_TWICE = {
    "Norms": "one in each of gradients.backpropagation and gradients.training_norms, still to be renamed",
    "Waiting": "one in each of executors.waiting and running.queue, still to be renamed",
}
"""Class names that two modules define -> which, and why."""


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


def test_every_package_and_module_is_in_the_wheel() -> None:
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    rooms = {".".join(path.parent.relative_to(ROOT).parts) for path in PACKAGE.glob("**/__init__.py")}
    bundled = {path.name for path in (ROOT / "plugins").glob("seqbench_*") if path.is_dir()}
    assert set(listed["packages"]) == rooms | bundled | {"seqbench.example"}
    assert set(listed["py-modules"]) == {path.stem for path in (ROOT / "plugins").glob("seqbench_*.py")}


def test_a_room_is_entered_by_the_doors_that_it_names_only() -> None:
    doors = {
        room: doors_of(path) for path in PACKAGE.glob("**/__init__.py") if (room := dotted(path)) != "seqbench"
    }
    strangers = []
    for path in PACKAGE.glob("**/*.py"):
        importer = dotted(path)
        for imported in imports_of(path):
            for room, names in doors.items():
                is_inside = importer == room or importer.startswith(f"{room}.")
                door = imported.removeprefix(f"{room}.").partition(".")[0]
                if (
                    imported.startswith(f"{room}.")
                    and not is_inside
                    and importer != "seqbench"
                    and door not in names
                ):
                    strangers.append(f"{importer} enters {room} by {door}")
    assert not strangers


def test_top_of_the_package_holds_rooms_only() -> None:
    assert {path.name for path in PACKAGE.glob("*.py")} == {"__init__.py", "__main__.py", "errors.py"}
    for path in PACKAGE.glob("**/__init__.py"):
        assert ast.get_docstring(ast.parse(path.read_text())), f"{path} does not say what the room is for"


def test_a_module_states_in_its_first_line_what_it_does() -> None:
    for path in sorted(MODULES):
        text = ast.get_docstring(ast.parse(path.read_text())) or ""
        if path.name == "__init__.py" and not path.read_text():
            continue
        lines = [line for line in text.splitlines() if line.strip()]
        assert lines, f"{path} does not say what it does"
        assert lines[0].endswith("."), f"{path}: the first line of its docstring is no sentence"
        assert "?" not in lines[0], f"{path}: the first line of its docstring is a question"
        assert len(lines) <= 6, f"{path}: its docstring has {len(lines)} lines"


def test_no_class_name_is_defined_twice() -> None:
    # Names that begin with an underscore are known in one module only.
    places: dict[str, list[str]] = {}
    for path in PACKAGE.glob("**/*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places.setdefault(node.name, []).append(f"{path.relative_to(ROOT)}:{node.lineno}")
    twice = {name: found for name, found in places.items() if len(found) > 1}
    assert set(twice) == set(STILL_TWICE), twice


def dotted(path: Path) -> str:
    """Return the name under which a file of the package is imported."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def doors_of(path: Path) -> set[str]:
    """Return what a room's ``__all__`` names; a room without one has no door but what it holds itself."""
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.Assign) and [ast.unparse(target) for target in node.targets] == ["__all__"]:
            return set(ast.literal_eval(node.value))
    return set()


def imports_of(path: Path) -> Iterator[str]:
    """Yield what a file imports, for types and inside functions too; of ``from a import b`` both a.b and a."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            for alias in node.names:
                if (ROOT / node.module.replace(".", "/") / f"{alias.name}.py").is_file():
                    yield f"{node.module}.{alias.name}"


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

"""Tests the rules of the project: public names, imports of plugins, docs, docstrings and options."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import click
import pytest

import seqbench
import seqbench.testing
from seqbench.cli.run import command
from seqbench.experiment.schema import Experiment, Training
from seqbench.plugins.hooks import Hooks

ROOT = Path(__file__).parents[2]
BUNDLED = sorted([*(ROOT / "plugins").glob("seqbench_*.py"), *(ROOT / "plugins").glob("seqbench_*/**/*.py")])
PACKAGE = ROOT / "seqbench"
MODULES = [
    path for room in ("seqbench", "plugins", "tests", "benchmarks") for path in (ROOT / room).glob("**/*.py")
]


def test_public_names_are_those_that_type_checkers_see_from_the_same_module() -> None:
    seen = names_for_type_checkers(PACKAGE / "__init__.py")
    assert set(seen) == set(seqbench.__all__) - {"__version__"}
    assert len(seqbench.__all__) == len(set(seqbench.__all__))
    for name, module in seen.items():
        assert getattr(seqbench, name) is getattr(importlib.import_module(module), name), name


def names_for_type_checkers(path: Path) -> dict[str, str]:
    """Return what a file imports under ``if TYPE_CHECKING``: name -> module."""
    found = {}
    for node in parsed(path).body:
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            imports = [each for each in node.body if isinstance(each, ast.ImportFrom)]
            found |= {alias.name: str(each.module) for each in imports for alias in each.names}
    return found


def test_public_names_are_documented() -> None:
    values = {name: getattr(seqbench, name) for name in seqbench.__all__}
    callables = {name for name, value in values.items() if callable(value)} - {"hookimpl", "Norm"}
    assert len(callables) > 40
    assert {name for name in callables if not documentation(values[name])} == set()


def documentation(value: Any) -> str:
    """Return a docstring that somebody wrote: not that of a parent, nor the one that dataclasses make up."""
    text = vars(value).get("__doc__") if inspect.isclass(value) else value.__doc__
    return "" if text is None or text.startswith(f"{value.__name__}(") else text


def test_documentation_that_dataclass_makes_up_or_that_is_inherited_is_none() -> None:
    @dataclass
    class MadeUp:
        size: int = 0

    class Inherited(seqbench.Model):
        pass

    assert MadeUp.__doc__
    assert documentation(MadeUp) == documentation(Inherited) == ""
    assert documentation(seqbench.Model)


@pytest.mark.parametrize("path", BUNDLED, ids=lambda path: path.stem)
def test_bundled_plugin_imports_only_public_names(path: Path) -> None:
    for node in ast.walk(parsed(path)):
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
    strangers, seen = [], 0
    for path in PACKAGE.glob("**/*.py"):
        importer = dotted(path)
        for imported in imports_of(path):
            seen += imported.startswith("seqbench.")
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
    assert seen > 500
    assert set(doors["seqbench.testing"]) == set(seqbench.testing.__all__)
    assert not strangers


def test_a_room_names_no_module_that_it_does_not_have() -> None:
    missing = []
    for path in PACKAGE.glob("**/__init__.py"):
        room, held = dotted(path), {each.stem for each in path.parent.iterdir()}
        if room not in ("seqbench", "seqbench.testing"):
            loose = doors_of(path) - held
            missing += [f"{room}.{name}" for name in loose if not hasattr(importlib.import_module(room), name)]
    assert not missing


FOR_COMMANDS = {"board", "cli", "scaffold", "suites", "targets", "testing"}
"""Rooms that no Python caller reaches without a command."""
OF_OPTIONS = {
    "experiment/overrides.py",
    "records/wanted.py",
    "report/commands.py",
    "report/document.py",
    "training/probe.py",
}
"""Modules about options: they read them, or write commands."""


def test_messages_that_a_python_caller_reads_name_no_option_of_the_command_line() -> None:
    told, seen = [], 0
    for path in PACKAGE.glob("**/*.py"):
        place = path.relative_to(PACKAGE)
        if place.parts[0] in FOR_COMMANDS or str(place) in OF_OPTIONS:
            continue
        text = path.read_text()
        seen += 1
        # Parsing takes seconds, and few have an option.
        tree = ast.parse(text if "--" in text else "")
        docs = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            is_text = isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs
            if is_text and re.search(r"(?<!ray start)[\s(]--[a-z]|^--[a-z-]+ ", node.value):
                told.append(f"{place}:{node.lineno}: {node.value}")
    assert seen > 300
    assert not told


def test_top_of_the_package_holds_rooms_only() -> None:
    assert {path.name for path in PACKAGE.glob("*.py")} == {"__init__.py", "__main__.py", "errors.py"}
    for path in PACKAGE.glob("**/__init__.py"):
        assert ast.get_docstring(parsed(path)), f"{path} does not say what the room is for"


def test_a_test_has_the_name_of_the_module_or_the_room_that_it_tests() -> None:
    strangers, seen = [], 0
    for path in (ROOT / "tests").glob("**/test_*.py"):
        room, name = path.parent.relative_to(ROOT / "tests"), path.stem.removeprefix("test_")
        if room.parts[:1] == ("scenarios",):
            continue
        seen += 1
        tested = [ROOT / top / room / name for top in ("", "seqbench", "plugins")]
        is_room = name == room.name or any(folder.is_dir() for folder in tested)
        is_plugin = (ROOT / "plugins" / f"{room}.py").is_file()
        if not (is_room or is_plugin or any(each.with_suffix(".py").is_file() for each in tested)):
            strangers.append(str(path))
    assert seen > 60
    assert not strangers


def test_every_module_has_a_test_file_with_its_name_or_one_that_names_it() -> None:
    tests = {path: path.read_text() for path in (ROOT / "tests").glob("**/*.py")}
    told = {path: modules_line(text) for path, text in tests.items() if path.name.startswith("test_")}
    named = {name for names in told.values() for name in names}
    named |= {name for path in told for name in imports_of(path)}
    paths = [path for path in (*PACKAGE.glob("**/*.py"), *BUNDLED) if path.name != "__init__.py"]
    modules = {dotted(path).removeprefix("plugins."): path for path in paths}
    untested = [name for name, path in modules.items() if name not in named and own_test(path) not in tests]
    assert not untested, "no test file is named after these, imports them or has them in its line 'Modules:'"
    strangers = {str(path): set(names) - set(modules) for path, names in told.items()}
    assert {path: names for path, names in strangers.items() if names} == {}
    assert len(modules) > 300


def modules_line(text: str) -> list[str]:
    """Return the modules that the last paragraph of a test file's docstring says it tests, as dotted names."""
    last = (ast.get_docstring(ast.parse(text)) or "").split("\n\n")[-1]
    return last.removeprefix("Modules: ").removesuffix(".").replace(",", "").split() if "Modules: " in last else []


def own_test(path: Path) -> Path:
    """Return where the test file named after a module of seqbench/ or plugins/ stands."""
    return (
        ROOT
        / "tests"
        / path.relative_to(ROOT).parent.relative_to(path.relative_to(ROOT).parts[0])
        / f"test_{path.name}"
    )


def test_a_module_states_in_its_first_line_what_it_does() -> None:
    for path in sorted(MODULES):
        text = ast.get_docstring(parsed(path)) or ""
        if path.name == "__init__.py" and not path.read_text():
            continue
        lines = [line for line in text.splitlines() if line.strip()]
        assert lines, f"{path} does not say what it does"
        assert lines[0].endswith("."), f"{path}: the first line of its docstring is no sentence"
        assert "?" not in lines[0], f"{path}: the first line of its docstring is a question"
        own = lines[: next((i for i, line in enumerate(lines) if line.startswith("Modules: ")), None)]
        assert len(own) <= 6, f"{path}: its docstring has {len(own)} lines"


def test_no_class_name_is_defined_twice() -> None:
    # Names that begin with an underscore are known in one module only.
    places: dict[str, list[str]] = {}
    for path in PACKAGE.glob("**/*.py"):
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places.setdefault(node.name, []).append(f"{path.relative_to(ROOT)}:{node.lineno}")
    twice = {name: found for name, found in places.items() if len(found) > 1}
    assert not twice


@cache
def parsed(path: Path) -> ast.Module:
    """Return the syntax tree of a file, which several rules look at."""
    return ast.parse(path.read_text())


def dotted(path: Path) -> str:
    """Return the name under which a file of the package is imported."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def doors_of(path: Path) -> set[str]:
    """Return what a room's ``__all__`` names; a room without one has no door but what it holds itself."""
    for node in parsed(path).body:
        if isinstance(node, ast.Assign) and [ast.unparse(target) for target in node.targets] == ["__all__"]:
            return set(ast.literal_eval(node.value))
    return set()


def imports_of(path: Path) -> Iterator[str]:
    """Yield what a file imports, for types and inside functions too; of ``from a import b`` both a.b and a."""
    for node in ast.walk(parsed(path)):
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
    mappings = {"parameters", "training", "task_training", "gradients", "tune"}
    assert set(Experiment.model_fields) - mappings <= options
    assert "assignments" in options


def test_fields_and_hooks_are_described() -> None:
    for schema in (Experiment, Training):
        for name, field in schema.model_fields.items():
            assert field.description, name
    for name, hook in vars(Hooks).items():
        if name.startswith("seqbench_"):
            assert "@hookimpl" in hook.__doc__, f"{name} shows no whole plugin"


MOST_LINES = 40
"""Of a function without decorators, signature and docstring, which grow with options and words, not with ideas."""


def test_no_function_is_long() -> None:
    paths = [*PACKAGE.glob("**/*.py"), *(ROOT / "plugins").glob("**/*.py")]
    long = [
        f"{path}:{line} {name}: {lines} lines"
        for path in paths
        for name, line, lines in functions_of(path)
        if lines > MOST_LINES
    ]
    assert not long


def functions_of(path: Path) -> Iterator[tuple[str, int, int]]:
    """Yield name, first line and lines of the body, from its first statement to its last, of each function."""
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[ast.get_docstring(node) is not None :]
            yield node.name, node.lineno, body[-1].end_lineno - body[0].lineno + 1 if body else 0


def test_nothing_is_left_undone() -> None:
    paths = [*ROOT.glob("seqbench/**/*.py"), *BUNDLED]
    assert len(paths) > 200
    for path in paths:
        text = path.read_text()
        assert not re.search(r"\b(TODO|FIXME|XXX|NotImplementedError)\b", text), path
        assert len(text.splitlines()) <= 400, f"{path}: does it hold one idea?"

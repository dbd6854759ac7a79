"""Tests what `benchmarks/structure.py` reports of a tree: floors, circles, rooms, and calls that climb."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from benchmarks.structure import GRIDS, climbs, run, way
from benchmarks.structure_imports import (
    chain,
    circles,
    floors,
    heights,
    import_graph,
    modules,
    room_graph,
    room_of,
    sizes,
)
from benchmarks.structure_way import Builds, Names, Way

ROOT = Path(__file__).parents[2]
TREE = {
    "__init__.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from seqbench.top import main\n",
    "__main__.py": "from seqbench.top import main\n",
    "errors.py": "import json\n",
    "top.py": "from seqbench import room, Task\nimport seqbench.room.high as high\n",
    "room/__init__.py": "",
    # One of its own names, and a module of the same room.
    "room/high.py": "from . import NAME\nfrom .low import value\n",
    "room/low.py": "def value():\n    from seqbench.other.lazy import late\n    return late\n",
    "other/__init__.py": "from ..errors import Fault\n",
    "other/lazy.py": (
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from seqbench.other.typed import Kind\n"
    ),
    "other/typed.py": "from seqbench.other import lazy\nfrom ..errors import Fault\n",
}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    return _written(tmp_path, TREE)


def _written(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / "seqbench" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


def test_imports_count_lazy_typed_and_relative_ones(tree: Path) -> None:
    assert import_graph(modules(tree)) == {
        "seqbench.__main__": {"seqbench.top"},
        "seqbench.errors": set(),
        "seqbench.top": {"seqbench.room", "seqbench.room.high"},
        "seqbench.room": set(),
        "seqbench.room.high": {"seqbench.room", "seqbench.room.low"},
        "seqbench.room.low": {"seqbench.other.lazy"},
        "seqbench.other": {"seqbench.errors"},
        "seqbench.other.lazy": {"seqbench.other.typed"},
        "seqbench.other.typed": {"seqbench.other.lazy", "seqbench.errors"},
    }


def test_floors_count_the_longest_chain_and_a_circle_as_one(tree: Path) -> None:
    graph = import_graph(modules(tree))
    assert floors(graph) == {
        "seqbench.__main__": 6,
        "seqbench.top": 5,
        "seqbench.room.high": 4,
        "seqbench.room.low": 3,
        "seqbench.other.lazy": 2,
        "seqbench.other.typed": 2,
        "seqbench.other": 2,
        "seqbench.errors": 1,
        "seqbench.room": 1,
    }
    assert [name.removeprefix("seqbench.") for name in chain(graph)] == [
        "__main__",
        "top",
        "room.high",
        "room.low",
        "other.lazy",
        "errors",
    ]
    assert circles(graph) == [("seqbench.other.lazy", "seqbench.other.typed")]


def test_rooms_form_a_circle_where_their_modules_form_none() -> None:
    graph = {"seqbench.a.x": {"seqbench.b.x"}, "seqbench.b.y": {"seqbench.a.y"}}
    graph |= {"seqbench.a.y": set(), "seqbench.b.x": set()}
    assert circles(graph) == []
    assert circles(room_graph(graph)) == [("seqbench.a", "seqbench.b")]


def test_sizes_leave_out_what_may_stand_at_the_top(tree: Path) -> None:
    files = modules(tree)
    assert sizes(files) == {"modules": 7, "packages": 3, "top_modules": ["seqbench.top"]}
    found = heights(import_graph(files))
    assert (found["rooms"], found["room_floors"], found["room_circles"]) == (5, 5, [])
    assert found["most_imports"] == {"module": "seqbench.top", "imports": 2}


def test_climbs_are_calls_to_a_higher_floor() -> None:
    floor = {"seqbench.a": 2, "seqbench.a.x": 1, "seqbench.b.x": 3, "seqbench.b": 1}
    up, down = ("seqbench.a.x:f", "seqbench.b.x:g"), ("seqbench.b.x:g", "seqbench.a.x:f")
    assert climbs([up, down], floor) == [(1, "seqbench.a.x:f", 3, "seqbench.b.x:g")]
    # Of their rooms, a stands above b.
    assert climbs([up, down], floor, room_of) == [(1, "seqbench.b.x:g", 2, "seqbench.a.x:f")]


CALLS = {
    "low.py": """
def visit(values, see):
    for value in values:
        see(value)

def apply(see):
    return list(map(see, [1, 2]))

def run_cell(values, see):
    visit(values, see)
    return apply(see)

def afterwards():
    pass
""",
    "high.py": """
def main(low):
    low.run_cell(numbers(low), lambda value: low.afterwards() if value > 9 else inner())
    low.afterwards()

def numbers(low):
    yield from (helped(number) for number in (1, 2, 3))

def helped(number):
    return number

def inner():
    pass
""",
}


def test_way_keeps_entries_of_functions_and_no_resumptions(tmp_path: Path) -> None:
    root = _written(tmp_path, CALLS)
    low, high = (_run_file(root / "seqbench" / name) for name in CALLS)
    heard = Way(Names(root))
    _listened(heard, lambda: high.main(low))
    assert [f"{a} {b}".replace("seqbench.", "") for a, b in list(heard.calls)[: heard.until]] == [
        "high:main low:run_cell",
        "low:run_cell low:visit",
        # The generator is first asked for a value here; its expression is part of it.
        "low:visit high:numbers",
        "high:numbers high:helped",
        "low:visit high:main.<locals>.<lambda>",
        "high:main.<locals>.<lambda> high:inner",
        "low:run_cell low:apply",
        # By way of map, a function of a library.
        "low:apply high:main.<locals>.<lambda>",
    ]
    assert list(heard.calls)[heard.until :] == [("seqbench.high:main", "seqbench.low:afterwards")]
    assert (heard.stack, heard.before) == (["seqbench.low:run_cell", "seqbench.high:main"], 0)


def test_builds_are_counted_by_the_functions_that_build(tmp_path: Path) -> None:
    class Task:
        pass

    class Copy(Task):
        def __init__(self, pattern: int) -> None:
            self.pattern = pattern

    root = _written(
        tmp_path, {"made.py": "def make(kind):\n    return kind(3)\n\ndef all(kind):\n    make(kind)\n"}
    )
    made, builds = _run_file(root / "seqbench/made.py"), Builds(Names(root), Task)
    made.all(Copy)
    assert made.make(Copy).pattern == 3
    assert builds.sites == {("seqbench.made:make", "seqbench.made:all"): 1, ("seqbench.made:make",): 1}


def test_way_counts_climbs_places_callbacks_and_calls_within_a_circle() -> None:
    graph = {"seqbench.a": set(), "seqbench.b": {"seqbench.a", "seqbench.c"}, "seqbench.c": {"seqbench.b"}}
    calls = [("seqbench.b:f", "seqbench.c:g"), ("seqbench.c:g", "seqbench.a:h"), ("seqbench.a:h", "seqbench.b:f")]
    late = ("seqbench.a:h", "seqbench.c:late")
    found = way({"calls": [*calls, late], "before": 1, "until": 3, "stack": ["seqbench.a:run_cell"]}, graph)
    assert found["climbs"] == ["1 seqbench.a:h -> 2 seqbench.b:f"]
    assert (found["climbs_to_cell"], found["places"], found["circle_calls"]) == (0, 3, 1)
    assert found["callbacks"] == 1
    assert found["climbing_places"] == ["seqbench.a", "seqbench.b"]


def test_way_without_a_cell_is_refused() -> None:
    with pytest.raises(RuntimeError, match="no function run_cell was called"):
        way({"stack": [], "calls": []}, {})


@pytest.mark.slow
def test_way_of_this_tree_leads_from_the_command_line_to_a_cell() -> None:
    followed = run(ROOT, GRIDS["1 cell"], "calls")
    graph = import_graph(modules(ROOT))
    found = way(followed, graph)
    assert followed["stack"][0].endswith(":run_cell")
    assert followed["stack"][-1].startswith("seqbench.cli")
    assert {call[0].partition(":")[0] for call in followed["calls"]} <= graph.keys()
    assert found["places"] >= len(found["climbing_places"])
    assert sum(build["times"] for build in followed["builds"]) >= 1


def _run_file(path: Path) -> Any:
    values: dict[str, Any] = {}
    exec(compile(path.read_text(encoding="utf-8"), path, "exec"), values)
    return SimpleNamespace(**{name: value for name, value in values.items() if callable(value)})


def _listened(heard: Way, do: Callable[[], object]) -> None:
    before = sys.getprofile()
    sys.setprofile(heard.hear)
    try:
        do()
    finally:
        sys.setprofile(before)

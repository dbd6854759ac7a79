"""Reports how seqbench is built: floors and circles of its imports, and the calls that one run makes.

    python benchmarks/structure.py [ROOT] [--json] [--imports-only]

ROOT is a checkout, by default the one that holds this file. `structure_imports` defines imports, `Way` in
structure_way.py defines calls; the comment below defines the numbers.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
if not __package__:
    # Run as a file, not by -m.
    sys.path.insert(0, str(HERE.parent))

from benchmarks.structure_imports import (  # noqa: E402
    Graph,
    below,
    floors,
    heights,
    import_graph,
    modules,
    room_graph,
    room_of,
    sizes,
)

# What is counted:
# - A module's floor is the number of modules on the longest chain of imports from it down, itself included; the
#   modules of a circle share one floor. A room is a package or a module directly under seqbench.
# - The main way is ``seqbench run`` of one cell in one process, from its first call until the cell has returned.
#   Its places are the modules that it passes.
# - A climb is a pair of functions where one calls the other and the callee's module (or room) stands on a higher
#   floor. A floor may rise by an import that has nothing to do with the call. Callbacks do not depend on that:
#   they are pairs where no chain of imports leads from the caller's module to the callee's. Calls within a circle
#   are neither.
# - A build is one object of the task's class, in runs of one cell and of 2 models x 2 lengths x 2 seeds, with one
#   parameter of the task set. Its site is the three innermost functions, starting with the one that builds.

GRIDS: dict[str, dict[str, list[Any]]] = {
    "1 cell": {"models": ["rnn"], "lengths": [8], "seeds": [0]},
    "8 cells": {"models": ["rnn", "lstm"], "lengths": [8, 16], "seeds": [0, 1]},
}
SETTINGS = {
    "tasks": ["copy"],
    "training": {"steps": 2, "batch_size": 4, "validate_every": 2},
    "parameters": {"copy": {"pattern": 1}},
}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("root", nargs="?", type=Path, default=HERE.parent, metavar="ROOT")
    parser.add_argument("--json", action="store_true", help="all of it, as JSON")
    parser.add_argument("--imports-only", action="store_true", help="run nothing")
    asked = parser.parse_args()
    root = asked.root.resolve()
    files = modules(root)
    graph = import_graph(files)
    found = {**sizes(files), **heights(graph)}
    if not asked.imports_only:
        one, eight = (
            run(root, grid, what) for grid, what in zip(GRIDS.values(), ("calls", "builds"), strict=True)
        )
        found["way"] = way(one, graph)
        found["builds"] = dict(zip(GRIDS, (one["builds"], eight["builds"]), strict=True))
    print(json.dumps(found, indent=1) if asked.json else "\n".join(table(found)))


def run(root: Path, grid: Mapping[str, list[Any]], what: str) -> dict[str, Any]:
    """Run an experiment with the code of a checkout; return what `structure_way.py` wrote.

    Raises:
        RuntimeError: the run failed.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _install(root, folder / "installed")
        # JSON is YAML.
        (folder / "experiment.yaml").write_text(json.dumps({**SETTINGS, **grid}), encoding="utf-8")
        command = [sys.executable, "-P", str(HERE / "structure_way.py"), str(root), "found.json", what]
        command += ["run", "experiment.yaml", "--executor", "serial", "--output", "results"]
        others = {
            name: value for name, value in os.environ.items() if not name.startswith(("SEQBENCH_", "PYTHON"))
        }
        paths = [str(folder / "installed"), str(root), str(root / "plugins")]
        env = {**others, "PYTHONPATH": os.pathsep.join(paths), "SEQBENCH_CACHE": str(folder / "cache")}
        ended = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
        if ended.returncode or len(list(folder.glob("results/records/*.json"))) != _cells(grid):
            raise RuntimeError(f"the run failed, with status {ended.returncode}:\n{ended.stderr}")
        found: dict[str, Any] = json.loads((folder / "found.json").read_text(encoding="utf-8"))
        return found


def _cells(grid: Mapping[str, list[Any]]) -> int:
    return len(grid["models"]) * len(grid["lengths"]) * len(grid["seeds"])


def _install(root: Path, folder: Path) -> None:
    """Let Python find the command and the plugins that a checkout names, whichever one is installed."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    information = folder / f"seqbench-{project['version']}.dist-info"
    information.mkdir(parents=True)
    (information / "METADATA").write_text(f"Name: seqbench\nVersion: {project['version']}\n", encoding="utf-8")
    lines = []
    for group, points in {"console_scripts": project["scripts"], **project["entry-points"]}.items():
        lines += [f"[{group}]", *(f"{name} = {place}" for name, place in points.items())]
    (information / "entry_points.txt").write_text("\n".join([*lines, ""]), encoding="utf-8")


def way(followed: Mapping[str, Any], graph: Graph) -> dict[str, Any]:
    """Return what the main way passes and where it climbs.

    Raises:
        RuntimeError: it did not lead to a cell.
    """
    if not followed["stack"]:
        raise RuntimeError("no function run_cell was called")
    calls, rooms = followed["calls"][: followed["until"]], room_graph(graph)
    found, under = climbs(calls, floors(graph)), below(graph)
    modules_called = [(_module(caller), _module(callee)) for caller, callee in calls]
    return {
        "places": len({module for pair in modules_called for module in pair}),
        "climbs": [_told(climb) for climb in found],
        "climbs_to_cell": len(climbs(calls[: followed["before"]], floors(graph))),
        "climbing_places": sorted({_module(function) for climb in found for function in climb[1::2]}),
        "callbacks": sum(one != other and other not in under[one] for one, other in modules_called),
        "circle_calls": sum(
            one != other and one in under[other] and other in under[one] for one, other in modules_called
        ),
        "room_climbs": [_told(climb) for climb in climbs(calls, floors(rooms), room_of)],
        "stack_of_cell": followed["stack"],
    }


def climbs(
    calls: Sequence[Sequence[str]], floor: Mapping[str, int], place: Callable[[str], str] = str
) -> list[tuple[int, str, int, str]]:
    """Return the calls that go up: floor, caller, floor, callee.

    Args:
        calls: caller and callee, each as ``module:function``.
        floor: of modules, or of rooms.
        place: the module or the room of a module.
    """
    found = [
        (floor[place(_module(caller))], caller, floor[place(_module(callee))], callee) for caller, callee in calls
    ]
    return [climb for climb in found if climb[0] < climb[2]]


def _told(climb: tuple[int, str, int, str]) -> str:
    return "{} {} -> {} {}".format(*climb)


def _module(function: str) -> str:
    return function.partition(":")[0]


def table(found: Mapping[str, Any]) -> Iterator[str]:
    """Yield the lines of the report."""
    yield f"{found['modules']} modules, {found['packages']} packages (seqbench with them), {found['rooms']} rooms"
    yield f"{len(found['top_modules'])} plain modules at the top, beside __init__, __main__ and errors"
    yield f"{found['most_imports']['imports']} modules imported by one: {found['most_imports']['module']}"
    for what, of in (("floors", "modules"), ("room_floors", "rooms")):
        yield f"{found[what]} floors of {of}: {' > '.join(map(_short, found[what.replace('floors', 'chain')]))}"
    for what, of in (("circles", "modules"), ("room_circles", "rooms")):
        yield f"{len(found[what])} circles of {of}"
        yield from (f"  {len(circle)}: {', '.join(map(_short, circle))}" for circle in found[what])
    if "way" in found:
        yield from _way_table(found["way"])
        for grid, builds in found["builds"].items():
            yield f"{sum(build['times'] for build in builds)} builds of the task for {grid}"
            yield from (f"  {build['times']} {' < '.join(map(_short, build['site']))}" for build in builds)


def _way_table(way: Mapping[str, Any]) -> Iterator[str]:
    yield f"{way['places']} places on the main way"
    up, before, places = len(way["climbs"]), way["climbs_to_cell"], len(way["climbing_places"])
    yield f"{up} climbs, {before} of them before the cell begins; they leave or enter {places} places"
    yield from (f"  {_short(climb)}" for climb in way["climbs"])
    yield f"{way['callbacks']} callbacks"
    yield f"{way['circle_calls']} calls between modules of one circle"
    yield f"{len(way['room_climbs'])} climbs between rooms"
    yield from (f"  {_short(climb)}" for climb in way["room_climbs"])


def _short(name: str) -> str:
    return name.replace("seqbench.", "")


if __name__ == "__main__":
    main()

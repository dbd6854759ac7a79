"""Reads the imports between modules of seqbench, and computes floors and circles. Imports nothing of seqbench.

All imports in a file count, also those inside functions and under TYPE_CHECKING. seqbench itself, whose __init__
loads the public names on first use, is left out as a module. A package is imported where one of its own names is
imported, not where one of its modules is. An import by a computed name is not seen.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

Graph = Mapping[str, set[str]]
"""Module (or room) -> those that it imports."""
BESIDE = {"seqbench", "seqbench.__main__", "seqbench.errors"}
"""Modules that may stand at the top beside rooms."""


def sizes(files: Mapping[str, Path]) -> dict[str, Any]:
    """Return how many modules and packages there are, and which modules stand at the top."""
    packages = {name for name, path in files.items() if path.name == "__init__.py"}
    plain = files.keys() - packages
    return {
        "modules": len(plain),
        "packages": len(packages),
        "top_modules": sorted(name for name in plain - BESIDE if name.count(".") == 1),
    }


def heights(graph: Graph) -> dict[str, Any]:
    """Return floors and circles, of modules and of rooms, and which module imports most."""
    rooms = room_graph(graph)
    most = max(graph, key=lambda module: (len(graph[module]), module))
    return {
        "floors": max(floors(graph).values()),
        "chain": chain(graph),
        "circles": circles(graph),
        "rooms": len(rooms),
        "room_floors": max(floors(rooms).values()),
        "room_chain": chain(rooms),
        "room_circles": circles(rooms),
        "most_imports": {"module": most, "imports": len(graph[most])},
    }


def modules(root: Path) -> dict[str, Path]:
    """Return module -> file for all of seqbench; a package goes by its own name."""
    found = {}
    for path in sorted((root / "seqbench").rglob("*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def import_graph(files: Mapping[str, Path]) -> dict[str, set[str]]:
    """Return module -> the modules of seqbench that it imports; seqbench itself is left out."""
    return {name: set(_imports(name, files)) - {name, "seqbench"} for name in files if name != "seqbench"}


def _imports(name: str, files: Mapping[str, Path]) -> Iterator[str]:
    for node in ast.walk(ast.parse(files[name].read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in files)
        elif isinstance(node, ast.ImportFrom):
            above = name.split(".") if files[name].name == "__init__.py" else name.split(".")[:-1]
            base = above[: len(above) + 1 - node.level] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            named = [f"{module}.{alias.name}" for alias in node.names]
            yield from (each if each in files else module for each in named if {each, module} & files.keys())


def room_of(module: str) -> str:
    """Return the room that a module stands in."""
    return ".".join(module.split(".")[:2])


def room_graph(graph: Graph) -> dict[str, set[str]]:
    """Return room -> the rooms that its modules import."""
    found: dict[str, set[str]] = {room_of(module): set() for module in graph}
    for module, imported in graph.items():
        found[room_of(module)] |= {room_of(other) for other in imported} - {room_of(module)}
    return found


def below(graph: Graph) -> dict[str, set[str]]:
    """Return module -> all that it imports, by way of others too; itself where it stands in a circle."""
    found = {}
    for start in graph:
        reached: set[str] = set()
        ahead = [*graph[start]]
        while ahead:
            if (module := ahead.pop()) not in reached:
                reached.add(module)
                ahead += graph[module]
        found[start] = reached
    return found


def circles(graph: Graph) -> list[tuple[str, ...]]:
    """Return the groups of modules that import each other, by way of others too."""
    under = below(graph)
    return sorted(
        {tuple(sorted(m for m in under[each] if each in under[m])) for each in graph if each in under[each]}
    )


def floors(graph: Graph) -> dict[str, int]:
    """Return module -> its floor, 1 for one that imports nothing."""
    under = below(graph)

    @cache
    def floor(module: str) -> int:
        return 1 + max((floor(other) for other in under[module] if module not in under[other]), default=0)

    return {module: floor(module) for module in graph}


def chain(graph: Graph) -> list[str]:
    """Return one of the longest chains, the top first; of a circle one module."""
    floor, under = floors(graph), below(graph)
    found = [min(module for module in graph if floor[module] == max(floor.values()))]
    while floor[found[-1]] > 1:
        found.append(min(other for other in under[found[-1]] if floor[other] == floor[found[-1]] - 1))
    return found

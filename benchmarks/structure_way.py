"""Follows one ``seqbench`` command through the functions of seqbench, and records which one called which.

    python -P benchmarks/structure_way.py ROOT FILE.json calls|builds run EXPERIMENT.yaml ...

`structure.py` starts it in a process of its own with the code of ROOT. `Way` defines a call, `Builds` defines a
build. It uses only `Task`, the command line, and the name `run_cell` of seqbench.
"""

from __future__ import annotations

import dis
import json
import re
import sys
from collections import Counter
from collections.abc import Iterator
from importlib.metadata import entry_points
from inspect import CO_ASYNC_GENERATOR, CO_COROUTINE, CO_GENERATOR, CO_OPTIMIZED
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

CELL = "run_cell"
"""The function that turns one cell into a record, where the main way ends."""
_SUSPENDED = CO_GENERATOR | CO_COROUTINE | CO_ASYNC_GENERATOR
_COMPREHENSIONS = re.compile(r"(\.<locals>)?\.?<(genexpr|listcomp|setcomp|dictcomp)>$")
_FOREIGN, _BODY = None, ""


class Names:
    """Names functions of seqbench as ``module:function``.

    A generator expression or a comprehension goes by the name of the function that it is written in. Code of
    libraries, of plugins and of seqbench/__init__.py (public names, loaded on first use) has no name.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._known: dict[CodeType, str | None] = {}

    def callers(self, frame: FrameType | None) -> Iterator[str]:
        """Yield the functions of a stack from inside; the body of a module or a class ends it."""
        while frame is not None and (name := self.of(frame.f_code)) != _BODY:
            if name is not _FOREIGN:
                yield name
            frame = frame.f_back

    def of(self, code: CodeType) -> str | None:
        """Return the name of a function; `_FOREIGN` where it is not ours, `_BODY` where it is no function."""
        if code not in self._known:
            self._known[code] = self._found(code)
        return self._known[code]

    def _found(self, code: CodeType) -> str | None:
        path = Path(code.co_filename)
        if not path.is_relative_to(self._root / "seqbench"):
            return _FOREIGN
        parts = path.relative_to(self._root).with_suffix("").parts
        module = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        if module == "seqbench":
            return _FOREIGN
        name = code.co_qualname
        while (outer := _COMPREHENSIONS.sub("", name)) != name:
            name = outer
        is_function = code.co_flags & CO_OPTIMIZED and name
        return f"{module}:{name}" if is_function else _BODY


class Way:
    """Keeps the calls between functions of seqbench, each pair once, until the last cell has returned.

    A call is the entry into a function, on the main thread; its caller is the nearest function of seqbench on the
    stack, with libraries and plugins between passed over: a callback is a call by whoever called the library. A
    generator is called when it is first asked for a value; that it goes on afterwards is no call. Comprehensions
    are no functions of their own, and what the bodies of modules and classes do while they are imported is left
    out.

    Attributes:
        calls: caller and callee of each pair, in the order in which they came.
        before: how many of them came before the first cell was entered.
        until: how many of them came until the last cell had returned.
        stack: the functions on the stack when the first cell was entered, from inside.
    """

    def __init__(self, names: Names) -> None:
        self.calls: dict[tuple[str, str], None] = {}
        self.before = 0
        self.until = 0
        self.stack: list[str] = []
        self._names = names

    def hear(self, frame: FrameType, event: str, argument: object) -> None:
        """Listen to `sys.setprofile`."""
        if event not in ("call", "return"):
            return
        code = frame.f_code
        name = self._names.of(code)
        if name is _FOREIGN or name == _BODY:
            return
        if event == "return":
            self.until = len(self.calls) if code.co_name == CELL else self.until
        elif not code.co_name.startswith("<") or code.co_name == "<lambda>":
            self._enter(frame, name)

    def _enter(self, frame: FrameType, name: str) -> None:
        if not is_first_entry(frame):
            return
        if frame.f_code.co_name == CELL and not self.stack:
            self.stack, self.before = list(self._names.callers(frame)), len(self.calls)
        caller = next(self._names.callers(frame.f_back), None)
        if caller is not None:
            self.calls.setdefault((caller, name))


def is_first_entry(frame: FrameType) -> bool:
    """Say whether a frame that was just entered begins, and does not go on after a yield."""
    code = frame.f_code
    if not code.co_flags & _SUSPENDED:
        return True
    # RESUME begins every function, with 0; after a yield or an await its argument is another.
    operation, argument = code.co_code[frame.f_lasti : frame.f_lasti + 2]
    return operation == dis.opmap["RESUME"] and argument & 3 == 0


class Builds:
    """Counts how often an object of a task's class is made, by the three innermost functions of seqbench."""

    def __init__(self, names: Names, task: type) -> None:
        self.sites: Counter[tuple[str, ...]] = Counter()

        def built(kind: type, *values: Any, **named: Any) -> Any:
            self.sites[tuple(names.callers(sys._getframe(1)))[:3]] += 1
            return object.__new__(kind)

        task.__new__ = built  # type: ignore[assignment,method-assign]


def main() -> None:
    """Run the command, write what was found, and end as the command did."""
    from seqbench import Task

    # Wherever it stands: what the command `seqbench` calls.
    command_line = next(iter(entry_points(group="console_scripts", name="seqbench"))).load()
    root, file, asked, *command = sys.argv[1:]
    names = Names(Path(root))
    builds, way = Builds(names, Task), Way(names)
    sys.argv = ["seqbench", *command]
    status: str | int | None = 0
    sys.setprofile(way.hear if asked == "calls" else None)
    try:
        command_line()
    except SystemExit as ended:
        status = ended.code
    finally:
        sys.setprofile(None)
    found = {
        "calls": list(way.calls),
        "before": way.before,
        "until": way.until,
        "stack": way.stack,
        "builds": [{"site": site, "times": times} for site, times in builds.sites.items()],
    }
    Path(file).write_text(json.dumps(found), encoding="utf-8")
    sys.exit(status)


if __name__ == "__main__":
    main()

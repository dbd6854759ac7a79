"""Runs the checks of the conformance kit, and reports the outcome of each.

A check is a callable that returns None, or raises CheckFailed or CheckSkipped.
"""

from __future__ import annotations

import math
import sysconfig
import time
import traceback
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import torch

from seqbench.plugins.faults import is_ctrl_c
from seqbench.testing.limits import TookTooLong, at_most
from seqbench.testing.surroundings import surroundings_kept

_OURS = str(Path(__file__).parents[1])
_LIBRARIES = (str(Path(torch.__file__).parent), sysconfig.get_path("stdlib") + "/")


@dataclass(frozen=True)
class Remark:
    """What a check that passed has to say.

    Attributes:
        text: for a person; may be empty.
        figures: what was measured, by name; see `Outcome.figures`.
    """

    text: str = ""
    figures: Mapping[str, float] = field(default_factory=dict)


Check = Callable[[], "str | Remark | None"]
"""Returns a remark although it passed, or None."""


class CheckFailed(AssertionError):
    """A plugin does not keep its contract.

    Attributes:
        expected: the requirement of the contract.
        found: what the plugin did.
        change: what its author can do about it.
        figures: what was measured, by name.
    """

    def __init__(self, expected: str, found: str, change: str, figures: Mapping[str, float] | None = None) -> None:
        super().__init__(f"expected: {expected}\nfound: {found}\nchange: {change}")
        self.expected, self.found, self.change = expected, found, change
        self.figures = figures or {}


class CheckSkipped(Exception):
    """A check that cannot run here, or that its author left out; the message says why."""


@dataclass(frozen=True)
class Outcome:
    """The outcome of one check.

    Attributes:
        plugin: the name of the task or model.
        id: the name of the check.
        status: ``passed``, ``failed`` or ``skipped``.
        message: for a failure, what was expected, what was found and what to change; for a skip, the reason; for a
            pass, a remark, usually empty.
        seconds: the time it took.
        figures: what the check measured, by name, such as the size of a leak; None if not finite.
    """

    plugin: str
    id: str
    status: Literal["passed", "failed", "skipped"]
    message: str
    seconds: float
    figures: Mapping[str, float | None] = field(default_factory=dict)


def outcome(plugin: str, id: str, check: Check, time_limit: float | None = None) -> Outcome:
    """Run one check and return its outcome; a check that exceeds the time limit, in seconds, is skipped."""
    began = time.perf_counter()
    try:
        with at_most(time_limit):
            said = check()
    except TookTooLong:
        message = f"took longer than {time_limit:g} s and was ended; --time-limit SECONDS gives it more"
        return Outcome(plugin, id, "skipped", message, time.perf_counter() - began)
    except CheckFailed as failure:
        seconds = time.perf_counter() - began
        return Outcome(plugin, id, "failed", str(failure), seconds, _finite(failure.figures))
    except CheckSkipped as reason:
        return Outcome(plugin, id, "skipped", str(reason), time.perf_counter() - began)
    remark = said if isinstance(said, Remark) else Remark(said or "")
    return Outcome(plugin, id, "passed", remark.text, time.perf_counter() - began, _finite(remark.figures))


def _finite(figures: Mapping[str, float]) -> dict[str, float | None]:
    return {name: value if math.isfinite(value) else None for name, value in figures.items()}


def guarded(expected: str, check: Check) -> Check:
    """Wrap a check so that it restores global state, and so that any error of the plugin is a failure.

    Args:
        expected: the requirement, for the message of an unexpected error.
        check: the check.
    """

    def run() -> str | Remark | None:
        try:
            with surroundings_kept():
                return check()
        except (CheckFailed, CheckSkipped, TookTooLong):
            raise
        except BaseException as error:
            if is_ctrl_c(error) or isinstance(error, GeneratorExit):
                raise
            raise CheckFailed(expected, _found(error), where_to_mend(error)) from error

    return run


def _found(error: BaseException) -> str:
    found = f"{type(error).__name__}: {error}".rstrip(": ")
    return f"it leaves the process with {found}" if isinstance(error, SystemExit) else found


def where_to_mend(error: BaseException) -> str:
    """Return the place of the fault: the last line of the plugin's own code in the traceback, if there is one."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if not frame.filename.startswith((_OURS, *_LIBRARIES))]
    if own:
        return f"mend what raises this: {own[-1].filename}, line {own[-1].lineno}, in {own[-1].name}"
    return (
        "no line of the plugin raises this, so mend what it takes or gives back: inputs, state and outputs of a"
        " layer as in the docstring of seqbench.Model.build, load and its data as in that of seqbench.Task.load"
    )


def without(checks: Iterable[tuple[str, Check]], skip: dict[str, str]) -> Iterable[tuple[str, Check]]:
    """Replace the named checks by skips with a reason; ``causality`` names ``causality:layers=2`` too."""
    for id, check in checks:
        reason = skip.get(id, skip.get(id.partition(":")[0]))
        yield id, check if reason is None else _skipped(reason)


def _skipped(reason: str) -> Check:
    def run() -> None:
        raise CheckSkipped(reason)

    return run

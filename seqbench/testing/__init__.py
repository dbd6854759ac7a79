"""Checks whether a plugin keeps its contract: the kit for authors of tasks and models.

There are three ways in: ``seqbench check NAME``, `checks_for` in a test file, and `run_checks` in a notebook. All
of them run what `checks` yields.
"""

from seqbench.testing.outcome import Check, CheckFailed, CheckSkipped, Outcome
from seqbench.testing.parametrised import checks_for
from seqbench.testing.subjects import checks, model_checks, run_checks, task_checks

__all__ = [
    "Check",
    "CheckFailed",
    "CheckSkipped",
    "Outcome",
    "checks",
    "checks_for",
    "model_checks",
    "outcome",
    "run_checks",
    "task_checks",
]

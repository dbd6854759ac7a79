"""Holds the checks that a task has to pass.

`checks_of_task` binds every check to one task with its parameters set.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache, partial

from seqbench.contracts.task import Task, TaskData
from seqbench.testing.limits import TookTooLong
from seqbench.testing.models.checks import first_line
from seqbench.testing.outcome import Check, CheckSkipped, guarded
from seqbench.testing.tasks import data, decoding, scores, seeds
from seqbench.testing.tasks.loads import Load, load_fresh

LENGTHS = (8, 64, 1000)

CHECKS_AT_A_LENGTH: Mapping[str, Callable[[Task, TaskData, int], None]] = {
    "length": data.check_length,
    "inputs": data.check_inputs,
    "targets": data.check_targets,
    "scored-steps": data.check_scored_steps,
    "example": data.check_example,
    "decoding": decoding.check_decoding,
}

TASK_CHECKS: Mapping[str, Callable[[Task, Load], None]] = {
    "same-seed": seeds.check_same_seed,
    "other-seed": seeds.check_other_seed,
    "random-state": seeds.check_random_state,
    "splits": seeds.check_splits,
    "perfect": scores.check_perfect,
    "direction": scores.check_direction,
    "baselines": scores.check_baselines,
    "chance": scores.check_chance,
    "reference": scores.check_reference,
    "loading-cost": seeds.check_loading_cost,
}


def checks_of_task(task: Task) -> Iterator[tuple[str, Check]]:
    """Yield every check of one task; ids of checks at one length end with that length."""
    # Only one length is kept at a time, because data may be large.
    load = lru_cache(maxsize=1)(partial(load_fresh, task))
    slow: list[str] = []
    for length in LENGTHS:
        for name, check in CHECKS_AT_A_LENGTH.items():
            made = partial(_at, check, task, load, length)
            yield f"{name}:{length}", guarded(first_line(check), partial(_unless_slow, made, slow, name))
    for name, whole in TASK_CHECKS.items():
        yield name, guarded(first_line(whole), partial(_unless_slow, partial(whole, task, load), slow, name))


def _unless_slow(check: Callable[[], None], slow: list[str], name: str) -> None:
    """Run a check, unless an earlier one on the same data took too long.

    Args:
        check: the check.
        slow: names of the checks that took too long; this one is added if it does.
        name: the name of the check.
    """
    if slow:
        raise CheckSkipped(f"its data take too long to load: the check {slow[0]} was ended")
    try:
        check()
    except TookTooLong:
        if name != "loading-cost":
            slow.append(name)
        raise


def _at(check: Callable[[Task, TaskData, int], None], task: Task, load: Load, length: int) -> None:
    check(task, load(length), length)

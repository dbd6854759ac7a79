"""Do two runs of one cell agree? To the last bit on the same kind of machine, within a tolerance elsewhere.

Stands on records. docs/board.md says how the tolerance was measured.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from seqbench.records import Evaluation, Record

TOLERANCE = 0.15
"""Of skill, between machines that sum in another order: nearly twice the largest move that was measured."""

_KIND = ("python", "platform", "processor", "packages", "device")
"""The facts of an environment that make two machines of one kind."""


@dataclass(frozen=True)
class Agreement:
    """What came of a comparison.

    Attributes:
        has_same_bits: every score is the same to the last bit.
        is_same_kind: both were run on the same kind of machine: then the same bits are asked for.
        moved: the largest difference of skill; None where it cannot be told.
        problem: why the two do not agree; None where they do.
    """

    has_same_bits: bool
    is_same_kind: bool
    moved: float | None
    problem: str | None

    @property
    def text(self) -> str:
        """How they agree, in a few words."""
        if self.problem is not None:
            return self.problem
        return "same bits" if self.has_same_bits else f"skill differs by {self.moved or 0.0:.2g}"


def agreement(claimed: Record, found: Record) -> Agreement:
    """Compare two records of one cell."""
    is_same_kind = same_kind(claimed.environment, found.environment)
    if claimed.status != found.status:
        return Agreement(False, is_same_kind, None, f"claimed {claimed.status}, and it came to {found.status}")
    has_same_bits = _scores(claimed) == _scores(found)
    moves = list(_moves(claimed, found))
    moved = None if None in moves else max((move for move in moves if move is not None), default=0.0)
    problem = None if has_same_bits else _problem(claimed, found, is_same_kind, moved)
    return Agreement(has_same_bits, is_same_kind, moved, problem)


def same_kind(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Say whether two environments are the same kind of machine, with the same versions."""
    return all(one.get(name) is not None and one.get(name) == other.get(name) for name in _KIND)


def _problem(claimed: Record, found: Record, is_same_kind: bool, moved: float | None) -> str | None:
    scores = f"claimed {_score(claimed)!r}, and it came to {_score(found)!r}"
    if is_same_kind:
        return f"{scores} on the same kind of machine, where bits are the same"
    if moved is None:
        return f"{scores}; skill is not known on both sides"
    if moved > TOLERANCE:
        return f"{scores}: skill differs by {moved:.3g}, and other machines may differ by {TOLERANCE}"
    return None


def _scores(record: Record) -> object:
    return [(test.length, test.scores) for test in _tests(record)]


def _tests(record: Record) -> list[Evaluation]:
    return [test for test in (record.test, *record.evaluations) if test is not None]


def _moves(claimed: Record, found: Record) -> Iterator[float | None]:
    ours = {test.length: test.skill for test in _tests(claimed)}
    theirs = {test.length: test.skill for test in _tests(found)}
    for length in sorted({*ours, *theirs}):
        one, other = ours.get(length), theirs.get(length)
        yield None if one is None or other is None else abs(one - other)


def _score(record: Record) -> float | None:
    return record.test.scores.get(record.metric.name) if record.test and record.metric else None

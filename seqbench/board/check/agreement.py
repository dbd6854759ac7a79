"""Compares a claimed record with the record of the same cell that was run again, part by part.

On the same kind of machine every part must have the same bits. Elsewhere a trained score cannot be compared; the
parts that can be are. docs/board.md explains the parts and the tolerances.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal

from seqbench.base.differences import Difference, differences
from seqbench.base.machines import class_text, is_same_kind, machine_differences
from seqbench.board.check import record_parts
from seqbench.board.check.closeness import Spans, closeness, span_of_primary
from seqbench.records.schema import Record

Outcome = Literal["same bits", "close", "within spread", "differs", "not comparable", "not compared"]
_SHOWN = 3
"""Number of differences of a part that are listed."""

_TRAINED = ("scores", "gradients after training", "everything else")
"""Parts that depend on training and so differ on another processor."""


@dataclass(frozen=True)
class PartResult:
    """The result of comparing one part of two records.

    Attributes:
        what: the part.
        outcome: ``close`` is within the tolerance for other machines; ``within spread`` is within the range of
            further seeds of the cell; ``not compared`` does not count for the outcome of the comparison.
        told: the difference, or why it cannot be compared; empty otherwise.
    """

    what: str
    outcome: Outcome
    told: str = ""

    @property
    def text(self) -> str:
        """Return the part and its result."""
        return f"{self.what} {self.outcome}{f' ({self.told})' if self.told else ''}"


@dataclass(frozen=True)
class Agreement:
    """The result of a comparison: every compared part, in order."""

    parts: tuple[PartResult, ...]

    @property
    def outcome(self) -> Literal["confirmed", "within spread", "differs", "not comparable"]:
        """The outcome of all parts: ``confirmed`` if no part differs and all could be compared."""
        found = {part.outcome for part in self.parts}
        if "differs" in found:
            return "differs"
        if "not comparable" in found:
            return "not comparable"
        return "within spread" if "within spread" in found else "confirmed"

    @property
    def has_same_bits(self) -> bool:
        """Whether every part has the same bits."""
        return all(part.outcome == "same bits" for part in self.parts)

    @property
    def text(self) -> str:
        """The agreement in a sentence."""
        if self.has_same_bits:
            return "same bits"
        kinds: tuple[Outcome, ...] = ("differs", "not comparable", "within spread", "close", "not compared")
        told = [part.text for kind in kinds for part in self.parts if part.outcome == kind]
        same = [part.what for part in self.parts if part.outcome == "same bits"]
        return "; ".join([*told, *([f"same bits: {', '.join(same)}"] if same else [])])


def agreement(
    claimed: Record, found: Record, spans: Spans | None = None, *, words: tuple[str, str] = ("claimed", "here")
) -> Agreement:
    """Compare two records of one cell, in every part that both have.

    Args:
        claimed: the record in a bundle.
        found: the record of the same cell, run again or from another bundle.
        spans: the spans of the metrics, for the worth of one example in a fitted baseline; None if unknown.
        words: names for the owners of the two values in differences.
    """
    is_same = is_same_kind(claimed.environment, found.environment)
    parts = []
    for what, one, other in record_parts.parts(claimed, found):
        differing = list(differences(one, other))
        if not differing or is_same is True:
            parts.append(_judged(what, differing, words))
        elif what in _TRAINED:
            is_first = all(part.outcome != "not comparable" for part in parts)
            why = f"{_why(claimed, found)}; " if is_first else ""
            parts.append(PartResult(what, "not comparable", f"{why}{_said(differing, words)}"))
        else:
            is_close = closeness(what, claimed, {**span_of_primary(claimed), **(spans or {})})
            apart = list(differences(one, other, is_close=is_close))
            parts.append(_judged(what, apart, words, "close"))
    return Agreement(tuple(parts))


def with_spread(came: Agreement, spread: PartResult) -> Agreement:
    """Return a comparison in which further seeds judge the trained scores that could not be compared."""
    if spread.outcome == "not comparable":
        return came
    others = (
        replace(part, outcome="not compared", told="another processor")
        if part.outcome == "not comparable"
        else part
        for part in came.parts
        if part.what != "scores"
    )
    return Agreement((*others, spread))


def data_differences(one: Record, other: Record) -> Iterator[str]:
    """Yield the differences in the data of two tested records with the same task, length and seed.

    Baselines may differ as between machines; the models do not matter.
    """
    ours, theirs = record_parts.baselines(one), record_parts.baselines(other)
    both = [at for at in ours if at in theirs]
    pairs: list[tuple[str, Any, Any]] = [
        ("the data", one.data_fingerprint, other.data_fingerprint),
        ("the metric", one.metric and one.metric.model_dump(), other.metric and other.metric.model_dump()),
        ("examples", record_parts.examples(one), record_parts.examples(other)),
        ("baselines", {at: ours[at] for at in both}, {at: theirs[at] for at in both}),
    ]
    spans = span_of_primary(one)
    for what, first, second in pairs:
        is_close = closeness(what, one, spans) if what == "baselines" else None
        for each in list(differences(first, second, what, is_close=is_close))[:_SHOWN]:
            yield each.text("one says", "the other")


def _judged(
    what: str, differing: list[Difference], words: tuple[str, str], otherwise: Outcome = "same bits"
) -> PartResult:
    return PartResult(what, "differs", _said(differing, words)) if differing else PartResult(what, otherwise)


def _said(differing: Iterable[Difference], words: tuple[str, str]) -> str:
    told = [each.text(*words) for each in differing]
    more = [f"and {len(told) - _SHOWN} more"] if len(told) > _SHOWN else []
    return ", ".join([*told[:_SHOWN], *more])


def _why(claimed: Record, found: Record) -> str:
    between = machine_differences(claimed.environment, found.environment)
    if not between:
        return f"the class of a processor was not recorded: {class_text(claimed.environment)}"
    is_other = any(each.startswith("processor") for each in between)
    why = "not comparable on this processor" if is_other else "not comparable with these versions"
    return f"{why}: {'; '.join(between)}"

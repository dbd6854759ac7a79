"""Shows targets and their outcomes as a report: a table, and for the docs what each of them is."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from seqbench.contracts.published import Target
from seqbench.records.variants import natural
from seqbench.report import Report, Section, Table
from seqbench.report.numbers import number
from seqbench.report.tables.table import Entry
from seqbench.targets.outcomes import TargetOutcome

Outcomes = Mapping[str, TargetOutcome]
"""Name of a target -> its outcome; a target without one was not run."""

COLUMNS = ("target", "metric", "published", "allowed", "measured", "outcome")


def ordered(targets: Iterable[Target]) -> tuple[Target, ...]:
    """Return targets in the natural order of their names."""
    return tuple(sorted(targets, key=lambda target: natural(target.name)))


def table(targets: Sequence[Target], outcomes: Outcomes) -> Table:
    """Return the table of targets, in their order, narrow enough for a terminal."""
    rows = tuple(_row(target, outcomes.get(target.name)) for target in targets)
    return Table("Targets", (tally(targets, outcomes),), COLUMNS, rows, keys=1, below=_reasons(targets, outcomes))


def wide_table(targets: Sequence[Target], outcomes: Outcomes) -> Table:
    """Return the table with the number of cells, and the sources."""
    narrow = table(targets, outcomes)
    counts = [outcomes[target.name].n if target.name in outcomes else 0 for target in targets]
    more = [(Entry(str(n or "")), Entry(str(target.source))) for n, target in zip(counts, targets, strict=True)]
    rows = tuple((*row, *added) for row, added in zip(narrow.rows, more, strict=True))
    columns = (*narrow.columns, "n", "source")
    # All columns count as names of the row: words read better on the left.
    return dataclasses.replace(narrow, columns=columns, rows=rows, keys=len(columns))


def tally(targets: Sequence[Target], outcomes: Outcomes) -> str:
    """Return how many targets there are, and how many came out in which way."""
    counts = Counter(outcome_text(outcomes.get(target.name), is_short=True) for target in targets)
    order = ("met", "missed", "not comparable", "no data", "not run")
    told = ", ".join(f"{counts[status]} {status}" for status in order if counts[status])
    return f"{len(targets)} targets: {told or 'none'}."


def outcome_text(outcome: TargetOutcome | None, *, is_short: bool = False) -> str:
    """Return the outcome in a few words: ``missed by 0.12``."""
    if outcome is None:
        return "not run"
    if outcome.status == "missed" and outcome.beyond and not is_short:
        return f"missed by {number(outcome.beyond)}"
    return outcome.status


def report(targets: Sequence[Target], outcomes: Outcomes) -> Report:
    """Return the page of the docs."""
    sections = (
        Section("How to read it", lines=_LINES, commands=_COMMANDS),
        Section("The table", tables=(wide_table(targets, outcomes),)),
        Section("What they are", lines=tuple(_told(target) for target in targets)),
    )
    return Report("Targets: published numbers, and what comes out here", sections)


_LINES = (
    "A target is a published number, its source, the measurement that is to meet it, and a tolerance with its"
    " reason. All of that was written down before the measurement was made. A target that is missed stays in the"
    " table.",
    "Met is what lies within the tolerance, or is better where more or less is better. Measured is a closed form,"
    " a baseline's score, or the mean test score of n trained cells.",
    "The records of trained cells are in results/targets; seqbench targets run trains what is missing there, and"
    " with --quick nothing.",
)
_COMMANDS = (
    "seqbench targets list",
    "seqbench targets show etth1-last-value-96",
    "seqbench targets run --quick --data data",
    "seqbench targets list --format markdown > targets.md",
)


def _row(target: Target, outcome: TargetOutcome | None) -> tuple[Entry, ...]:
    measured = outcome.measured if outcome else None
    spread = f"± {number(outcome.spread)}" if outcome and outcome.spread is not None else ""
    return (
        Entry(target.name),
        Entry(target.metric),
        Entry(digits(target.number), target.number),
        Entry(str(target.tolerance)),
        Entry("" if measured is None else digits(measured), measured, spread),
        Entry(outcome_text(outcome)),
    )


def digits(value: float) -> str:
    """Return a number with four significant digits.

    >>> digits(0.91333), digits(1.2944), digits(16.342), digits(0.1666666), digits(5.3e-5)
    ('0.9133', '1.294', '16.34', '0.1667', '5.3e-05')
    """
    return f"{value:.4g}"


def _reasons(targets: Sequence[Target], outcomes: Outcomes) -> tuple[str, ...]:
    found = ((target.name, outcomes.get(target.name)) for target in targets)
    return tuple(f"{name}: {outcome.reason}" for name, outcome in found if outcome and outcome.reason)


def _told(target: Target) -> str:
    data = f" Data: {target.data.path}, from {target.data.source}." if target.data else ""
    return (
        f"{target.name}: {target.claim}. {target.source}. Tolerance {target.tolerance}:"
        f" {target.tolerance.reason}.{data}"
    )

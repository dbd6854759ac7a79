"""Shows targets and their outcomes as a report: a table, and for the docs what each of them is."""

from __future__ import annotations

import dataclasses
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import get_args

from seqbench.base.counts import counted
from seqbench.contracts.published import Target
from seqbench.records.variants import natural
from seqbench.report import Report, Section, Table
from seqbench.report.numbers import number
from seqbench.report.tables.table import Entry
from seqbench.targets.outcomes import OutcomeStatus, TargetOutcome

Outcomes = Mapping[str, TargetOutcome]
"""Name of a target -> its outcome; a target without one was not run."""

COLUMNS = ("target", "metric", "number", "allowed", "measured", "outcome")


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
    """Return how many targets there are, of how many numbers, and what came of them; those of our own apart."""
    published = [target for target in targets if target.origin == "published"]
    own = [target for target in targets if target.origin != "published"]
    told = f"{_of_numbers(published, 'published number')}: {_counts(published, outcomes)}."
    if not own:
        return told
    of_our_own = f"{_of_numbers(own, 'number')} of our own, which the source does not print"
    return f"{told} {of_our_own}: {_counts(own, outcomes)}."


def _of_numbers(targets: Sequence[Target], what: str) -> str:
    """Return how many targets there are, and of how many different numbers.

    Two targets are of one number if source, place and value are the same: a place says which row and column.
    """
    numbers = {(target.source.paper, target.source.place, target.number) for target in targets}
    return f"{counted(len(targets), 'target')} of {counted(len(numbers), what)}"


def _counts(targets: Sequence[Target], outcomes: Outcomes) -> str:
    counts = Counter(outcome_text(outcomes.get(target.name), is_short=True) for target in targets)
    return (
        ", ".join(f"{counts[status]} {status}" for status in get_args(OutcomeStatus) if counts[status]) or "none"
    )


def outcome_text(outcome: TargetOutcome | None, *, is_short: bool = False) -> str:
    """Return the outcome in a few words: ``missed by 0.12``, ``no data (earlier met)``."""
    if outcome is None:
        return "not run"
    if not is_short and (earlier := _earlier(outcome)):
        return f"{outcome.status} {earlier}"
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
    return Report("Targets: numbers to meet, and what comes out here", sections)


_LINES = (
    "A target is a number, its source, the measurement that is to meet it, and a tolerance with its reason."
    " All of that was written down before the target was run. Results of a like kind were known by then for"
    " music and for forecasting; a claim says where a target was defined after others on the same data had been"
    " run, or when its outcome was known. A target that is missed stays in the table.",
    "Most numbers are published: their source prints them, or the formula for them. Two kinds are not; they are"
    " marked in the table and counted apart. An own computation was made for the target from the data of the"
    " source, without seqbench: meeting it shows that seqbench reads and scores the data in the same way, and says"
    " nothing of the paper. An own threshold is what the target calls solved, where the paper draws a curve and"
    " prints no number.",
    "Several targets may be of one number: another network is held against it, or it is tried again. Numbers are"
    " counted by source, place and value, outcomes by target.",
    "Some published numbers are those of another network, or of a longer training; the list below the table says"
    " which.",
    "A target is met if the measured number is within the tolerance. An error (up to +) may be any lower, an"
    " accuracy (down to -) any higher. Measured is a closed form, a baseline's score, or the mean test score of n"
    " trained cells.",
    "The records of trained cells are in results/targets; seqbench targets run trains what is missing there, and"
    " with --quick nothing. It ends with exit status 0 whatever is met or missed, and with 3 if an error kept a"
    " target from being measured. Data are looked for in the folder data, or in the one that --data names; a"
    " target says below what is to be in it. Those without their data have the outcome no data.",
)
_COMMANDS = (
    "seqbench targets list",
    "seqbench targets show etth1-last-value-96",
    "seqbench targets run --quick",
    "seqbench targets list --format markdown > targets.md",
)


def _row(target: Target, outcome: TargetOutcome | None) -> tuple[Entry, ...]:
    measured = outcome.measured if outcome else None
    spread = f"± {number(outcome.spread)}" if outcome and outcome.spread is not None else ""
    return (
        Entry(target.name),
        Entry(target.metric),
        Entry(digits_of(target), target.number, _mark(target)),
        Entry(str(target.tolerance)),
        Entry("" if measured is None else digits(measured, target.tolerance.by), measured, spread),
        _outcome_entry(outcome),
    )


def _outcome_entry(outcome: TargetOutcome | None) -> Entry:
    earlier = _earlier(outcome)
    return Entry(outcome_text(outcome, is_short=bool(earlier)), None, earlier)


def _earlier(outcome: TargetOutcome | None) -> str:
    return f"(earlier {outcome.earlier})" if outcome and outcome.earlier else ""


def _mark(target: Target) -> str:
    return "" if target.origin == "published" else f"({target.origin})"


def digits_of(target: Target) -> str:
    """Return the number of a target as it was given, up to six digits; a longer one as `digits` does."""
    as_given = f"{target.number:.6g}"
    return as_given if float(as_given) == target.number else digits(target.number, target.tolerance.by)


def digits(value: float, tolerance: float = 0.0) -> str:
    """Return a number with four significant digits, or as many as show a tenth of the tolerance.

    >>> digits(0.91333), digits(16.342), digits(0.1666666), digits(5.3e-5)
    ('0.9133', '16.34', '0.1667', '5.3e-05')
    >>> digits(13.9118, 0.002), digits(0.17328679, 1e-6), digits(8.4484, 0.05)
    ('13.9118', '0.1732868', '8.448')
    """
    if not (value and tolerance):
        return f"{value:.4g}"
    before = math.floor(math.log10(abs(value))) + 1
    after = math.ceil(-math.log10(tolerance)) + 1
    return f"{value:.{min(max(4, before + after), 15)}g}"


def _reasons(targets: Sequence[Target], outcomes: Outcomes) -> tuple[str, ...]:
    found = ((target.name, outcomes.get(target.name)) for target in targets)
    return tuple(f"{name}: {outcome.reason}" for name, outcome in found if outcome and outcome.reason)


def _number_of(target: Target) -> str:
    """Return where a number comes from: its source alone where that prints it."""
    return str(target.source) if target.origin == "published" else f"{target.origin.capitalize()}: {target.source}"


def _told(target: Target) -> str:
    data = f" Data: {target.data.path}, from {target.data.source}." if target.data else ""
    return (
        f"{target.name}: {target.claim}. {_number_of(target)}. Tolerance {target.tolerance}:"
        f" {target.tolerance.reason}.{data}"
    )

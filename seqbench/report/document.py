"""Assembles a report, for every format: sections of lines, tables and commands.

Formats render a `Report` and decide nothing about its content.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from seqbench.records.merge import told_elsewhere
from seqbench.records.schema import Record
from seqbench.records.variants import natural
from seqbench.report.commands import OUTPUT, SUITE, commands
from seqbench.report.findings import Findings, findings
from seqbench.report.tables.comparison import comparison_tables
from seqbench.report.tables.costs import cost_table
from seqbench.report.tables.effects import effect_table
from seqbench.report.tables.environments import environment_table, places, plugins_used
from seqbench.report.tables.failures import failures
from seqbench.report.tables.horizons import horizon_fits, horizon_table
from seqbench.report.tables.over_tasks import over_tasks
from seqbench.report.tables.remarks import warnings_of
from seqbench.report.tables.scores import tables_of
from seqbench.report.tables.standings import outcomes
from seqbench.report.tables.table import Table
from seqbench.report.tables.trials import budget_table, chosen_table, trial_table
from seqbench.report.tables.windows import expected_table, window_table
from seqbench.report.tuning import Tried, places_tried

_NATIVE = (
    "On the same kind of processor, with the versions named here, the scores are the same to the last bit;"
    " another one sums in another order, and a trained score moves with it."
)
_PORTABLE = (
    "The arithmetic is portable: with the versions named here, the scores are to be the same to the last bit on"
    " any x86-64 processor."
)


@dataclass(frozen=True)
class Section:
    """A part of a report.

    Attributes:
        title: its heading; empty if the titles of its tables are enough.
        tables: shown first.
        lines: a list of sentences.
        commands: shell commands.
    """

    title: str
    tables: tuple[Table, ...] = ()
    lines: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to show."""
        return not (self.tables or self.lines or self.commands)


@dataclass(frozen=True)
class Report:
    """A report.

    Attributes:
        title: the title of the report.
        sections: without empty ones.
    """

    title: str
    sections: tuple[Section, ...]


def results(records: Iterable[Record]) -> Report:
    """Return the results of a sweep: scores, failures with reasons, and warnings of tasks."""
    found = findings(records)
    return _report("Results", [*_scores(found), _failures(found), _warnings(found)])


def whole_report(records: Iterable[Record], tried: Iterable[Tried] = ()) -> Report:
    """Return the whole report of the records, and of the searches that chose settings."""
    return report_of(findings(records, tried))


def report_of(found: Findings) -> Report:
    """Return the whole report of records whose findings are known."""
    seen = found.seen
    by_task = [
        [each for each in seen if each.task == task] for task in sorted({e.task for e in seen}, key=natural)
    ]
    costs = tuple(cost_table(own, environments=len(found.environments)) for own in by_task)
    return _report(
        "Results",
        [
            *_scores(found),
            Section("Comparison of models", tables=tuple(comparison_tables(seen))),
            _tasks(found),
            Section("Costs", tables=costs),
            *(section for each in found.tried for section in _tuning(each, len(found.tried))),
            _failures(found),
            _warnings(found),
            _elsewhere(found),
            _environment(found),
            _reproduction(found),
        ],
    )


def _scores(found: Findings) -> list[Section]:
    return [
        Section("Names", lines=found.names.legend),
        Section("Scores", tables=tuple(tables_of(found.seen))),
    ]


def _tasks(found: Findings) -> Section:
    """Take each task as one of many: ranks, the effect of the seed, and whether gradients predict the memory."""
    own = outcomes(found.seen)
    tables, lines = over_tasks(own)
    further = (effect_table(own), horizon_table(horizon_fits(found.seen)))
    return Section(
        "Statistics over tasks",
        tables=(*tables, *(table for table in further if table is not None)),
        lines=tuple(lines),
    )


def _tuning(tried: Tried, searches: int) -> Iterator[Section]:
    of = f" of {tried.folder}" if searches > 1 and tried.folder else ""
    yield Section(f"Tuning{of}: what is not as it was planned", lines=tried.problems)
    if tried.search is None:
        return
    found = places_tried(tried)
    tables = (
        budget_table(tried, tried.search),
        chosen_table(tried),
        window_table(found),
        expected_table(found, tried.search.method),
        trial_table(tried, tried.search),
    )
    yield Section(f"Tuning{of}", tables=tuple(table for table in tables if table is not None))


def _failures(found: Findings) -> Section:
    return Section("What has no score, and why", lines=tuple(failures(found.records, found.names)))


def _warnings(found: Findings) -> Section:
    return Section("Warnings", lines=tuple(warnings_of(found.records, found.names)))


def _elsewhere(found: Findings) -> Section:
    """List cells that have other scores in another folder, from another kind of machine, with both scores."""
    return Section("Told otherwise by another machine", lines=tuple(told_elsewhere(found.records)))


def _environment(found: Findings) -> Section:
    tables = (environment_table(found.environments),) if found.records else ()
    lines = (*places(found.environments, found.names), *plugins_used(found.records))
    return Section("Environment", tables=tables, lines=lines)


def _reproduction(found: Findings) -> Section:
    are_portable = all(record.cell.training.get("arithmetic") == "portable" for record in found.records)
    told = tuple(commands(found.records, found.names))
    if not told:
        return Section("How to reproduce these numbers")
    lines = (
        _PORTABLE if are_portable else _NATIVE,
        f"A command starts from the suite {SUITE} and sets all that differs; --output {OUTPUT} is a new folder.",
        "To run one cell alone, keep one of its models, lengths and seeds.",
    )
    return Section("How to reproduce these numbers", lines=lines, commands=told)


def _report(title: str, sections: Iterable[Section]) -> Report:
    return Report(title, tuple(section for section in sections if not section.is_empty))

"""Assembles a report, for every format: sections of lines, tables and commands.

Formats render a `Report` and decide nothing about its content.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from seqbench.records.merge import told_elsewhere
from seqbench.records.schema import Record
from seqbench.records.variants import legend, natural
from seqbench.report.commands import OUTPUT, SUITE, commands
from seqbench.report.observations import observations
from seqbench.report.tables.comparison import comparison_tables
from seqbench.report.tables.costs import cost_table
from seqbench.report.tables.environments import Environment, environment_table, environments, places, plugins_used
from seqbench.report.tables.failures import failures
from seqbench.report.tables.remarks import warnings_of
from seqbench.report.tables.scores import result_tables
from seqbench.report.tables.table import Table


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
    kept = list(records)
    return _report("Results", [*_scores(kept), _failures(kept), _warnings(kept)])


def whole_report(records: Iterable[Record]) -> Report:
    """Return the whole report of the records."""
    kept = list(records)
    seen, where = observations(kept), environments(kept)
    by_task = [
        [each for each in seen if each.task == task] for task in sorted({e.task for e in seen}, key=natural)
    ]
    costs = tuple(cost_table(own, environments=len(where)) for own in by_task)
    return _report(
        "Results",
        [
            *_scores(kept),
            Section("Comparison of models", tables=tuple(comparison_tables(seen))),
            Section("Costs", tables=costs),
            _failures(kept),
            _warnings(kept),
            _elsewhere(kept),
            _environment(kept, where),
            _reproduction(kept),
        ],
    )


def _scores(records: Sequence[Record]) -> list[Section]:
    return [
        Section("Names", lines=tuple(legend(records))),
        Section("Scores", tables=tuple(result_tables(records))),
    ]


def _failures(records: Sequence[Record]) -> Section:
    return Section("What has no score, and why", lines=tuple(failures(records)))


def _warnings(records: Sequence[Record]) -> Section:
    return Section("Warnings", lines=tuple(warnings_of(records)))


def _elsewhere(records: Sequence[Record]) -> Section:
    """List cells that have other scores in another folder, from another kind of machine, with both scores."""
    lines = tuple(told_elsewhere(records))
    return Section("Told otherwise by another machine", lines=lines)


def _environment(records: Sequence[Record], where: Sequence[Environment]) -> Section:
    tables_of = (environment_table(where),) if records else ()
    return Section("Environment", tables=tables_of, lines=(*places(where), *plugins_used(records)))


def _reproduction(records: Sequence[Record]) -> Section:
    lines = (
        "On the same kind of processor, with the versions named here, the scores are the same to the last bit;"
        " another one sums in another order, and a trained score moves with it.",
        f"A command starts from the suite {SUITE} and sets all that differs; --output {OUTPUT} is a new folder.",
        "To run one cell alone, keep one of its models, lengths and seeds.",
    )
    return Section("How to reproduce these numbers", lines=lines, commands=tuple(commands(records)))


def _report(title: str, sections: Iterable[Section]) -> Report:
    return Report(title, tuple(section for section in sections if not section.is_empty))

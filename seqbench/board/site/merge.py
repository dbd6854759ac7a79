"""Merges the bundles of a folder by suite; a bundle that breaks a rule is listed with the reason.

It is a conflict if two bundles have different records of one cell, if two cells on the same data report different
data, metrics or baselines, or if one search chose two settings of a model for the same task and length. A
verified bundle wins; otherwise the cells are left out. Different scores from two kinds of processors are only
noted. Nothing is averaged over bundles.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from seqbench.board.bundle.suite import Grid, asked_text, code_text
from seqbench.board.check.agreement import Outcome, agreement, data_differences
from seqbench.board.check.check import Submission, check_file
from seqbench.board.check.faults import place
from seqbench.board.check.installed import Installed, is_belied
from seqbench.board.verify.receipt import Receipt, Rerun, read_receipt
from seqbench.errors import BoardError
from seqbench.plugins.catalog import Catalog
from seqbench.records.schema import Record


@dataclass(frozen=True)
class Entered:
    """A bundle on the board.

    Attributes:
        file: its name.
        submission: its content.
        receipt: the result of running some of it again; None if nobody has.
    """

    file: str
    submission: Submission
    receipt: Receipt | None

    def reruns(self, model: str) -> list[Rerun]:
        """Return the cells of a model that were run again."""
        cells = {cell.key: cell for cell in self.receipt.cells} if self.receipt else {}
        own = (record for record in self.submission.records if record.key in cells)
        return [cells[record.key] for record in own if code_text(record.cell.model) == model]

    @cached_property
    def models(self) -> frozenset[tuple[str, str]]:
        """The texts of its models, each with the search that chose its settings; empty for none."""
        return frozenset((code_text(record.cell.model), search_told(record)) for record in self.submission.records)

    @property
    def standing(self) -> int:
        """Its rank in a conflict: 2 for a verified bundle, 0 for one with a cell that differs, otherwise 1."""
        if self.receipt is None:
            return 1
        return 0 if self.receipt.is_contradicted else 2 if self.receipt.is_confirmed else 1


@dataclass(frozen=True)
class Refused:
    """A bundle that is not on the board, with the reason."""

    file: str
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Conflict:
    """A cell on which bundles contradict each other; `shown` is the bundle that is believed, None for none."""

    key: str
    cell: str
    model: str
    told: str
    files: tuple[str, str]
    shown: str | None


@dataclass(frozen=True)
class SuiteBoard:
    """The board of one suite.

    Attributes:
        grid: its cells.
        entered: its bundles.
        records: the records of all bundles, each cell once.
        conflicts: cells on which bundles contradict each other.
        notes: cells with different scores from other kinds of machines, which is allowed.
        sources: key -> file of the bundle whose record is shown.
    """

    grid: Grid
    entered: tuple[Entered, ...]
    records: tuple[Record, ...]
    conflicts: tuple[Conflict, ...]
    notes: tuple[str, ...] = ()
    sources: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class PublicBoard:
    """Everything that a board shows; the suite of the most cells comes first."""

    suites: tuple[SuiteBoard, ...]
    refused: tuple[Refused, ...]


def read_board(folder: Path, catalog: Catalog) -> PublicBoard:
    """Read every bundle in a folder.

    Raises:
        BoardError: the folder is missing, or has no bundle.
    """
    if not folder.is_dir():
        raise BoardError(f"there is no folder {folder}: name the one that holds the bundles, *.zip")
    files = sorted(path for path in folder.iterdir() if path.suffix == ".zip")
    if not files:
        raise BoardError(f"there is no bundle (*.zip) in {folder}: `seqbench board bundle` makes them")
    entered: dict[str, Entered] = {}
    refused: list[Refused] = []
    installed = Installed(catalog)
    for path in files:
        found = _entered(path, installed)
        if isinstance(found, Refused):
            refused.append(found)
        elif found.submission.id in entered:
            refused.append(Refused(path.name, (f"it is {entered[found.submission.id].file} once more",)))
        else:
            entered[found.submission.id] = found
    cells = {each.submission.grid.name: len(each.submission.grid.cells) for each in entered.values()}
    names = sorted(cells, key=lambda name: (-cells[name], name))
    return PublicBoard(tuple(_suite_board(name, entered.values(), installed) for name in names), tuple(refused))


def search_told(record: Record) -> str:
    """Return the hash of the search that chose the setting of a record; empty where none did."""
    return record.tuned.search if record.tuned else ""


def _entered(path: Path, installed: Installed) -> Entered | Refused:
    try:
        checked = check_file(path, installed.catalog, installed)
    except BoardError as error:
        return Refused(path.name, (str(error).replace(str(path), path.name),))
    if checked.submission is None:
        return Refused(path.name, tuple(checked.reasons))
    return Entered(path.name, checked.submission, read_receipt(path, checked.submission.id))


def _suite_board(name: str, entered: Iterable[Entered], installed: Installed) -> SuiteBoard:
    own = [each for each in entered if each.submission.grid.name == name]
    told_of: dict[str, list[tuple[Entered, Record]]] = {}
    for each in sorted(own, key=lambda each: (-each.standing, each.file)):
        for record in each.submission.records:
            told_of.setdefault(record.key, []).append((each, record))
    conflicts = [conflict for key in sorted(told_of) for conflict in _conflicts(told_of[key])]
    conflicts += _data_conflicts(told_of, own[0].submission.grid, installed)
    conflicts += _choice_conflicts(told_of)
    disputed = {conflict.key for conflict in conflicts if conflict.shown is None}
    shown = [
        pair
        for key in sorted(told_of)
        if key not in disputed and (pair := _shown(told_of[key], _lost(conflicts, key))) is not None
    ]
    return SuiteBoard(
        own[0].submission.grid,
        tuple(sorted(own, key=lambda each: each.file)),
        tuple(record for _, record in shown),
        tuple(conflicts),
        tuple(note for key in sorted(told_of) for note in _notes(told_of[key])),
        {record.key: each.file for each, record in shown},
    )


def _lost(conflicts: Iterable[Conflict], key: str) -> set[str]:
    """Return the bundles that are not believed about a cell."""
    return {file for c in conflicts if c.key == key and c.shown is not None for file in c.files if file != c.shown}


def _shown(telling: Sequence[tuple[Entered, Record]], lost: Collection[str]) -> tuple[Entered, Record] | None:
    """Return the bundle with the best standing that has an outcome, and its record; None if none is believed."""
    believed = [(entered, record) for entered, record in telling if entered.file not in lost]
    finished = [pair for pair in believed if pair[1].is_final]
    return next(iter(finished or believed), None)


def _conflicts(telling: Sequence[tuple[Entered, Record]]) -> Iterator[Conflict]:
    """Yield each bundle that contradicts the one with the best standing."""
    for (best, first), (entered, record), differing in _apart(telling, "differs"):
        said = f"{_said(first)} in {best.file}, {_said(record)} in {entered.file}: {differing}"
        yield _conflict(record, said, best, entered, is_decided=best.standing > entered.standing)


def _notes(telling: Sequence[tuple[Entered, Record]]) -> Iterator[str]:
    """Yield different results from another kind of machine, which are no contradiction."""
    for (best, first), (entered, record), left_open in _apart(telling, "not comparable"):
        said = f"{_said(first)} in {best.file}, which is shown, {_said(record)} in {entered.file}"
        yield f"{record.title}: {said}: {left_open}"


def _apart(
    telling: Sequence[tuple[Entered, Record]], outcome: Outcome
) -> Iterator[tuple[tuple[Entered, Record], tuple[Entered, Record], str]]:
    """Yield the bundle with the best standing, each other one with this comparison outcome, and the parts.

    Only bundles with an outcome are compared.
    """
    finished = [(entered, record) for entered, record in telling if record.is_final]
    for entered, record in finished[1:]:
        best, first = finished[0]
        came = agreement(first, record, words=(best.file, entered.file))
        if came.outcome == outcome:
            parts = "; ".join(part.text for part in came.parts if part.outcome == outcome)
            yield (best, first), (entered, record), parts


def _data_conflicts(
    told_of: Mapping[str, Sequence[tuple[Entered, Record]]], grid: Grid, installed: Installed
) -> Iterator[Conflict]:
    """Yield cells of the same task, length and seed, of any model, whose data or baselines differ between bundles.

    The installed task decides, then whether a bundle was verified.
    """
    places: dict[str, list[tuple[Entered, Record]]] = {}
    for key in sorted(told_of):
        for entered, record in told_of[key]:
            if record.test is not None:
                places.setdefault(place(record), []).append((entered, record))
    for telling in places.values():
        first = telling[0][1]
        if not any(any(data_differences(first, record)) for _, record in telling[1:]):
            continue
        cells = grid.all_of(record for _, record in telling)
        standing = {
            (entered.file, record.key): (not is_belied(record, cells[record.key], installed), entered.standing)
            for entered, record in telling
        }
        yield from _against_best(telling, standing)


def _choice_conflicts(told_of: Mapping[str, Sequence[tuple[Entered, Record]]]) -> Iterator[Conflict]:
    """Yield cells for which two bundles tell different choices of one search, whose scores are not averaged.

    A search chooses by validation scores, which may differ between two kinds of processors.
    """
    places: dict[tuple[str, str, str, int], list[tuple[Entered, Record]]] = {}
    for entered, record in (pair for key in sorted(told_of) for pair in told_of[key]):
        if record.tuned is not None:
            of = asked_text(record), search_told(record), record.cell.task.name, record.cell.length
            places.setdefault(of, []).append((entered, record))
    for telling in places.values():
        best, first = max(telling, key=lambda pair: pair[0].standing)
        others = [(entered, record) for entered, record in telling if _chosen(record) != _chosen(first)]
        for entered, record in others:
            said = f"one search chose {_chosen(first)} in {best.file} and {_chosen(record)} in {entered.file}"
            yield _conflict(record, said, best, entered, is_decided=best.standing > entered.standing)
        if others and max(entered.standing for entered, _ in others) == best.standing:
            said = f"one search chose {_chosen(first)} in {best.file} and another setting in {others[0][0].file}"
            same = [(entered, record) for entered, record in telling if _chosen(record) == _chosen(first)]
            yield from (_conflict(own, said, each, others[0][0], is_decided=False) for each, own in same)


def _chosen(record: Record) -> str:
    setting = record.tuned.setting if record.tuned else {}
    return ", ".join(f"{name}={value}" for name, value in sorted(setting.items()))


def _against_best(
    telling: Sequence[tuple[Entered, Record]], standing: Mapping[tuple[str, str], tuple[bool, int]]
) -> Iterator[Conflict]:
    """Yield each record that contradicts the best one, and the best one too if its standing is no better."""
    best, first = max(telling, key=lambda pair: standing[pair[0].file, pair[1].key])
    for entered, record in telling:
        found = list(data_differences(first, record)) if entered.file != best.file else []
        if not found:
            continue
        said = f"of the same data {best.file} and {entered.file} tell otherwise: {'; '.join(found)}"
        is_decided = standing[best.file, first.key] > standing[entered.file, record.key]
        yield _conflict(record, said, best, entered, is_decided=is_decided)
        if not is_decided and first.key != record.key:
            yield _conflict(first, said, best, entered, is_decided=False)


def _conflict(record: Record, said: str, best: Entered, entered: Entered, *, is_decided: bool) -> Conflict:
    files, shown = (best.file, entered.file), best.file if is_decided else None
    return Conflict(record.key, record.title, code_text(record.cell.model), said, files, shown)


def _said(record: Record) -> str:
    name, score = record.metric.name if record.metric else "", record.score
    return record.status if score is None else f"{name} {score!r}"

"""What do many bundles hold together? Those that keep the rules, merged by suite; the others, with the reason.

A cell that two bundles tell differently is a conflict: a verified bundle goes before others, and where that
decides nothing the cell is left out. Nothing is averaged over bundles. Stands on check, receipt and agreement.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from seqbench.board.agreement import agreement
from seqbench.board.check import Submission, check_file
from seqbench.board.faults import told
from seqbench.board.receipt import Receipt, read_receipt
from seqbench.board.suite import Grid, model_text
from seqbench.errors import BoardError
from seqbench.plugins import Catalog
from seqbench.records import Record


@dataclass(frozen=True)
class Entered:
    """A bundle on the board.

    Attributes:
        file: its name.
        submission: what is in it.
        receipt: what came of running some of it again; None where nobody has.
    """

    file: str
    submission: Submission
    receipt: Receipt | None

    def reruns(self, model: str) -> list[bool]:
        """Return whether each cell of a model that was run again was confirmed."""
        models = self.submission.manifest.models
        cells = self.receipt.cells if self.receipt else ()
        return [c.is_confirmed for c in cells if c.model < len(models) and model_text(models[c.model]) == model]

    @property
    def standing(self) -> int:
        """What decides a conflict: 2 for a verified bundle, 0 for one that was not confirmed, else 1."""
        return 1 if self.receipt is None else 2 if self.receipt.is_confirmed else 0


@dataclass(frozen=True)
class Refused:
    """A bundle that is not on the board, and why."""

    file: str
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Conflict:
    """A cell that bundles tell differently; `shown` is the bundle that is believed, None for none."""

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
        records: of all of them, each cell once.
        conflicts: cells that bundles tell differently.
    """

    grid: Grid
    entered: tuple[Entered, ...]
    records: tuple[Record, ...]
    conflicts: tuple[Conflict, ...]


@dataclass(frozen=True)
class Board:
    """All that a board shows."""

    suites: tuple[SuiteBoard, ...]
    refused: tuple[Refused, ...]


def read_board(folder: Path, catalog: Catalog) -> Board:
    """Read every bundle in a folder.

    Raises:
        BoardError: the folder is not there, or has no bundle.
    """
    if not folder.is_dir():
        raise BoardError(f"there is no folder {folder}: name the one that holds the bundles, *.zip")
    files = sorted(path for path in folder.iterdir() if path.suffix == ".zip")
    if not files:
        raise BoardError(f"there is no bundle (*.zip) in {folder}: `seqbench board bundle` makes them")
    entered: dict[str, Entered] = {}
    refused: list[Refused] = []
    for path in files:
        found = _entered(path, catalog)
        if isinstance(found, Refused):
            refused.append(found)
        elif found.submission.id in entered:
            refused.append(Refused(path.name, (f"it is {entered[found.submission.id].file} once more",)))
        else:
            entered[found.submission.id] = found
    names = sorted({each.submission.grid.name for each in entered.values()})
    return Board(tuple(_suite_board(name, entered.values()) for name in names), tuple(refused))


def _entered(path: Path, catalog: Catalog) -> Entered | Refused:
    try:
        checked = check_file(path, catalog)
    except BoardError as error:
        return Refused(path.name, (str(error).replace(str(path), path.name),))
    if checked.submission is None:
        return Refused(path.name, tuple(checked.reasons))
    return Entered(path.name, checked.submission, read_receipt(path, checked.submission.id))


def _suite_board(name: str, entered: Iterable[Entered]) -> SuiteBoard:
    own = [each for each in entered if each.submission.grid.name == name]
    told_of: dict[str, list[tuple[Entered, Record]]] = {}
    for each in sorted(own, key=lambda each: (-each.standing, each.file)):
        for record in each.submission.records:
            told_of.setdefault(record.key, []).append((each, record))
    conflicts = [conflict for key in sorted(told_of) for conflict in _conflicts(told_of[key])]
    disputed = {conflict.key for conflict in conflicts if conflict.shown is None}
    return SuiteBoard(
        own[0].submission.grid,
        tuple(sorted(own, key=lambda each: each.file)),
        tuple(_shown(told_of[key]) for key in sorted(told_of) if key not in disputed),
        tuple(conflicts),
    )


def _shown(telling: Sequence[tuple[Entered, Record]]) -> Record:
    """Return the record of the bundle with the best standing that has an outcome."""
    finished = [record for _, record in telling if _is_finished(record)]
    return (finished or [telling[0][1]])[0]


def _conflicts(telling: Sequence[tuple[Entered, Record]]) -> Iterator[Conflict]:
    """Yield each bundle that contradicts the one with the best standing."""
    finished = [(entered, record) for entered, record in telling if _is_finished(record)]
    for entered, record in finished[1:]:
        best, first = finished[0]
        came = agreement(first, record)
        if came.problem is not None:
            is_decided = best.standing > entered.standing
            yield Conflict(
                record.key,
                told(record),
                model_text(record.cell.model),
                f"{_said(first)} in {best.file}, {_said(record)} in {entered.file}",
                (best.file, entered.file),
                best.file if is_decided else None,
            )


def _is_finished(record: Record) -> bool:
    return record.status in ("ok", "diverged")


def _said(record: Record) -> str:
    scores: Mapping[str, float | None] = record.test.scores if record.test else {}
    score = scores.get(record.metric.name) if record.metric else None
    return record.status if score is None else f"{record.metric.name if record.metric else ''} {score!r}"

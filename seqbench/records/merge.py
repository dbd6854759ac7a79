"""Merges the records of several folders of results, each cell once.

Two folders from different kinds of machines may have different scores of a cell. A seed counts once, so one of
them is shown, with a note of both. On one kind of machine this is a contradiction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path

from seqbench.base.collector import collector_paused
from seqbench.base.differences import Difference, differences
from seqbench.base.machines import class_text, is_same_kind, machine_differences
from seqbench.errors import StoreError
from seqbench.records.curves import CurvesOf
from seqbench.records.layout import no_results
from seqbench.records.light import completed
from seqbench.records.schema import Record
from seqbench.records.store import Store
from seqbench.records.variants import content_of

_SHOWN = 20
"""Number of conflicts that are listed."""

_DIFFERENCES = 3
"""Number of differing scores of one cell that are listed."""

ELSEWHERE = "another machine"
"""Name of the note about different scores from another kind of machine."""

Told = tuple[Record, str | Path]


def read_records(folders: Sequence[str | Path]) -> list[Record]:
    """Return the records of all folders, each cell once; the order of the folders does not matter.

    If two folders hold a cell, a record with an outcome (ok or diverged) is preferred, then the one that finished
    first. If another kind of machine has other scores, the record's note `ELSEWHERE` has both.

    Raises:
        StoreError: a folder is missing or empty; or two folders from the same kind of machine, or from machines
            that cannot be distinguished, contradict each other. Every such cell is named with both places and the
            differences.
    """
    return [merged for merged, _ in _merged_of(folders, lambda store: store.each(), lambda told: told[0])]


def read_light(folders: Sequence[str | Path], *, has_curves: bool = False) -> tuple[list[Record], CurvesOf]:
    """Return the records like `read_records`, but without their curves, and what returns the curves of one.

    Args:
        folders: the folders.
        has_curves: whether the curves will be asked for, so that an index that has to be made holds them.

    Raises:
        StoreError: as `read_records`; asking for curves raises it for a file that is gone or broken by then.
    """
    # A folder is listed when its first curve is asked for.
    reader = cache(lambda folder: Store(folder).reader())
    curves = cache(lambda folder: Store(folder).curves())
    if has_curves:
        for folder in folders:
            curves(folder)
    merged = _merged_of(
        folders,
        lambda store: store.light(),
        lambda told: completed(told[0], reader(told[1])(told[0].key)),
    )
    places = {record.key: folder for record, folder in merged}
    return [record for record, _ in merged], lambda record: curves(places[record.key])(record)


def _merged_of(
    folders: Sequence[str | Path], read: Callable[[Store], Iterable[Record]], whole: Callable[[Told], Record]
) -> list[Told]:
    """Return each cell once, with the folder of its record."""
    found: dict[str, list[Told]] = {}
    for folder in folders:
        with collector_paused():
            records = list(read(Store(folder)))
        if not records:
            raise StoreError(no_results(Path(folder)))
        for record in records:
            found.setdefault(record.key, []).append((record, folder))
    conflicts = [conflict for key in sorted(found) for conflict in _conflicts(found[key])]
    if conflicts:
        raise StoreError(_refused(conflicts))
    return [_merged(told, whole) for told in found.values()]


def told_elsewhere(records: Iterable[Record]) -> list[str]:
    """Return the different scores that other kinds of machines have of these cells, by cell."""
    return sorted(record.notes[ELSEWHERE] for record in records if ELSEWHERE in record.notes)


def _merged(told: Sequence[Told], whole: Callable[[Told], Record]) -> Told:
    """Return the preferred record, with a note of the scores from other kinds of machines."""
    if len(told) == 1:
        return told[0]
    kept, folder = _preferred(told, whole)
    others = sorted(
        {
            f"{kept.title}: {said}"
            for record, place in told
            if (said := _elsewhere((kept, folder), (record, place)))
        }
    )
    if others:
        kept = kept.model_copy(update={"notes": {**kept.notes, ELSEWHERE: "; ".join(others)}})
    return kept, folder


def _preferred(told: Sequence[Told], whole: Callable[[Told], Record]) -> Told:
    """Return the best, then the first to finish; of several alike, always the same, by their whole content."""
    best = min((not record.is_final, record.finished) for record, _ in told)
    alike = [pair for pair in told if (not pair[0].is_final, pair[0].finished) == best]
    return alike[0] if len(alike) == 1 else min(alike, key=lambda pair: whole(pair).to_json())


def _elsewhere(kept: Told, other: Told) -> str | None:
    """Return the differences in another machine's record; None if it agrees or has no outcome."""
    (one, here), (two, there) = kept, other
    if not (one.is_final and two.is_final):
        return None
    differing = _differing(one, two)
    if not differing:
        return None
    machines = (
        f"{class_text(one.environment)} in {here}, which is shown, and {class_text(two.environment)} in {there}"
    )
    more = [
        each for each in machine_differences(one.environment, two.environment) if not each.startswith("processor")
    ]
    return f"{_said(differing, 'shown', 'the other')}; {'; '.join([machines, *more])}"


def _conflicts(told: Sequence[Told]) -> Iterator[str]:
    """Yield a line for each record that contradicts the first one from the same kind of machine."""
    outcomes = [(record, folder) for record, folder in told if record.is_final]
    for i, (record, folder) in enumerate(outcomes):
        for first, elsewhere in outcomes[:i]:
            if is_same_kind(first.environment, record.environment) is False:
                continue
            if differing := _differing(first, record):
                said = _said(differing, str(elsewhere), str(folder))
                where = f"{record.title} on {class_text(record.environment)}"
                yield f"{where}: {said} (key {record.key}){_edited(first, record)}"
                break


def _edited(one: Record, other: Record) -> str:
    """Say which plugin file was edited between two records; empty if none was."""
    pairs = ((one.cell.task, other.cell.task), (one.cell.model, other.cell.model))
    names = [mine.name for mine, theirs in pairs if content_of(mine) != content_of(theirs)]
    return f"; the plugin file of {' and of '.join(names)} was edited between them" if names else ""


def _refused(conflicts: Sequence[str]) -> str:
    shown = list(conflicts[:_SHOWN])
    if len(conflicts) > _SHOWN:
        shown.append(f"and {len(conflicts) - _SHOWN} more")
    advice = "report the folders one by one, or remove one of each two records"
    return "\n  ".join(
        ["the folders contradict each other, and no score is preferred to another:", *shown, advice]
    )


def _differing(one: Record, other: Record) -> list[Difference]:
    """Return every outcome, score, baseline and number of examples in which two records differ."""
    return list(differences(_told(one), _told(other)))


def _told(record: Record) -> dict[str, object]:
    return {
        "status": record.status,
        **{
            f"T={test.length}": {
                **test.scores,
                "skill": test.skill,
                "examples": test.examples,
                "baseline": test.baseline_name,
                "baselines": {
                    each.name: {**each.scores, "is_reference": each.is_reference} for each in test.baselines
                },
            }
            for test in record.tests
        },
    }


def _said(differing: Sequence[Difference], one: str, other: str) -> str:
    told = [each.text(one, other) for each in differing[:_DIFFERENCES]]
    more = [f"and {len(differing) - _DIFFERENCES} more"] if len(differing) > _DIFFERENCES else []
    return ", ".join([*told, *more])

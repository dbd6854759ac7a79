"""Makes a submission from the records of a folder: one zip, checked against the rules before it is written."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from seqbench import __version__
from seqbench.board.bundle import archive
from seqbench.board.bundle.archive import MANIFEST, RECORDS
from seqbench.board.bundle.manifest import About, manifest
from seqbench.board.bundle.suite import Grid, differences, grid, model_text
from seqbench.board.check.check import Submission, check_bundle
from seqbench.errors import BoardError, unknown
from seqbench.plugins.catalog import Catalog
from seqbench.records.layout import no_results, stem
from seqbench.records.making import cell_of
from seqbench.records.schema import Record
from seqbench.records.store import Store

_SHOWN = 5


@dataclass(frozen=True)
class Bundle:
    """A new bundle.

    Attributes:
        content: the bytes of the zip.
        submission: its parsed content.
        left_out: records of the folder that are not cells of the suite.
    """

    content: bytes
    submission: Submission
    left_out: int


def bundle(
    folder: Path,
    suite: str,
    told: About,
    catalog: Catalog,
    *,
    models: Collection[str] = (),
    is_partial: bool = False,
) -> Bundle:
    """Make a bundle of a suite's records in a folder.

    Args:
        folder: the output folder of `seqbench run`.
        suite: its name.
        told: the submitter's description.
        catalog: has the suite.
        models: names or labels of models; all models if empty.
        is_partial: whether cells may be missing, or without an outcome.

    Raises:
        BoardError: there are no records of the suite, cells are missing, or a record breaks a rule.
        StoreError: the folder is missing, or holds something else.
    """
    asked, records = grid(suite, catalog), Store(folder).read()
    kept = _kept(folder, asked, records, models)
    lost = asked.unfinished(kept)
    if lost and not is_partial:
        raise BoardError(_unfinished(folder, len(lost), asked.unfinished_joined(kept)))
    files = {f"{RECORDS}/{stem(record)}.json": record.to_json().encode() for record in kept}
    content = archive.pack({**files, MANIFEST: manifest(told, asked, kept, files, __version__).to_bytes()})
    checked = check_bundle(content, catalog)
    if checked.submission is None:
        reasons = "\n  ".join(checked.reasons)
        raise BoardError(f"what is in {folder} would be refused by every board:\n  {reasons}")
    return Bundle(content, checked.submission, len(records) - len(kept))


def _kept(folder: Path, asked: Grid, records: Sequence[Record], models: Collection[str]) -> list[Record]:
    """Return the records of the suite's cells with these models."""
    used = [record.cell.model for record in records]
    names = {name for model in used for name in (model.name, model.label) if name}
    for model in models:
        if model not in names:
            raise BoardError(f"{folder}: {unknown('model', model, names)}")
    # A label stands for its model and parameters, under whichever label a cell of them was run.
    chosen = {model_text(each) for each in used if not models or {each.name, each.label} & set(models)}
    own = [record for record in records if model_text(record.cell.model) in chosen]
    expected = asked.all_of(own)
    kept = [record for record in own if record.key in expected]
    if own and not kept:
        changed = "; ".join(differences(cell_of(own[0].cell), asked)[:_SHOWN])
        raise BoardError(
            f"none of the {len(own)} records in {folder} is a cell of the suite {asked.name} as it is installed"
            f" here: in the first, {changed}; name another --suite, or run {asked.name}"
        )
    if not own:
        raise BoardError(no_results(folder))
    return kept


def _unfinished(folder: Path, cells: int, lost: Sequence[str]) -> str:
    more = [f"and {len(lost) - _SHOWN} more lines"] if len(lost) > _SHOWN else []
    return "\n  ".join(
        [
            f"{cells} cells in {folder} have no outcome:",
            *lost[:_SHOWN],
            *more,
            "run the suite again into this folder to finish them, or give --partial: the board will say so",
        ]
    )

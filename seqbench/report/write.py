"""Writes a report of folders of results to a file: ``seqbench report --output`` and `seqbench.write_report`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from seqbench.base.collector import collector_paused
from seqbench.base.given import as_path
from seqbench.errors import ExperimentError, unknown
from seqbench.report.document import whole_report
from seqbench.report.excerpt import EXCERPTS, excerpt
from seqbench.report.formats.formats import FORMATS
from seqbench.report.formats.output import check_output, write_whole
from seqbench.report.reading import Folders, Material, read


def write_report(
    folders: Folders,
    output: str | Path,
    *,
    format: str | None = None,
    table: str | None = None,
    intervals: bool = True,
) -> Path:
    """Write the report of one or several folders of results to a file, from their records only.

    The file is written whole or not at all, and an existing one is replaced. The same records give the same bytes.

    Args:
        folders: a folder of results, or several, which are merged.
        output: the file.
        format: ``html`` (the page), ``markdown``, ``latex``, ``csv``, ``json`` or ``terminal`` (plain text); by
            default as the ending of the file says: .html, .md, .tex, .csv, .json or .txt.
        table: only the tables whose titles begin so, such as ``skill`` or ``adding: mse``, without a document
            around them; in ``markdown``, ``latex`` and ``terminal``.
        intervals: whether these tables have their intervals.

    Returns:
        The path of the file.

    Raises:
        ExperimentError: the ending, the format or the table is unknown, or the file cannot be written.
        StoreError: a folder is missing or empty, or folders contradict each other.
    """
    path = as_path(output, "output", ExperimentError)
    name = format_of(path) if format is None else format
    if name not in FORMATS:
        raise ExperimentError(unknown("format", name, FORMATS))
    written(folders, path, name, Selection(table, has_intervals=intervals))
    return path


@dataclass(frozen=True)
class Selection:
    """What is written of a report: all of it, or the tables whose titles begin so.

    Attributes:
        table: the beginning of titles; None for the whole report.
        has_intervals: whether these tables have their intervals.
    """

    table: str | None = None
    has_intervals: bool = True


WHOLE = Selection()


def written(folders: Folders, path: Path, name: str, selection: Selection = WHOLE) -> int:
    """Write the report in the format of this name, and return its number of cells.

    Raises:
        SeqbenchError: as `write_report`.
    """
    check_output(path)
    # Nothing that a report makes of many records can be freed before it is written; then all of it is.
    with collector_paused():
        found = read(folders, has_curves=name == "html")
        write_whole(path, text_of(found, name, selection))
    return len(found.records)


def text_of(found: Material, name: str, selection: Selection = WHOLE) -> str:
    """Return the report, or a selection of it, in the format of this name.

    Raises:
        ExperimentError: the format has no tables, there is none of this title, or the whole is to lack intervals.
    """
    if selection.table is None:
        if not selection.has_intervals:
            raise ExperimentError("a report is whole with its intervals: name a table to leave them out")
        return FORMATS[name].write(found.records, found.curves, found.tried)
    if name not in EXCERPTS:
        raise ExperimentError(f"{name} has no single tables: choose {', '.join(EXCERPTS)}, or the whole report")
    document = whole_report(found.records, found.tried)
    return EXCERPTS[name](excerpt(document, selection.table, has_intervals=selection.has_intervals))


def format_of(path: Path) -> str:
    """Return the format that the ending of a file names.

    >>> format_of(Path("quick.html"))
    'html'

    Raises:
        ExperimentError: it names none.
    """
    endings = {form.ending: name for name, form in FORMATS.items()}
    if path.suffix.lower() not in endings:
        raise ExperimentError(
            f"{path}: the ending {path.suffix or '(none)'} names no format; name the format, or end the file in"
            f" one of {', '.join(endings)}"
        )
    return endings[path.suffix.lower()]

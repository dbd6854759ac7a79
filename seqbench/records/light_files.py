"""Reads records without their curves from the content of their files, several times faster than with them.

The curves are cut out of the text before it is parsed. That is done only where a right checksum shows that the
text is as this program wrote it, whose curves it checked then.
"""

from __future__ import annotations

from collections.abc import Iterator

from seqbench.base.checksums import is_sealed, opened
from seqbench.records.light import without_curves
from seqbench.records.schema import Record

_COURSE, _FLOWS = b'"course": {"losses": [', b'"gradients": {"flows": ['
"""The beginnings of two fields of a record; where either is there twice, nothing is cut."""
_END_OF_FLOWS = b'], "norms": '
_LOSSES = b'"losses": [', b'], "validations": '
_CURVES = b'"curves": [', b']}, "summary": {'
_NORMS = b'"course": [', b']}, "problems": '
"""What stands before and after what is cut. A quote in a word has a backslash before it, so no word has these."""


def light_record(data: bytes, source: str) -> Record:
    """Return what `without_curves` makes of the record in a file.

    Raises:
        StoreError: as `Record.from_json`.
    """
    if is_sealed(data):
        try:
            record = Record.model_validate_json(cut(opened(data)))
        except ValueError:
            pass
        else:
            # Without the settings of the gradients, the curves of the flows are kept.
            if record.cell.gradients is not None:
                return record if _is_light(record) else without_curves(record)
    return without_curves(Record.from_json(data, source))


def _is_light(record: Record) -> bool:
    gradients = record.gradients
    return not record.course.losses and (
        gradients is None
        or not (any(each.flow.curves for each in gradients.flows) or (gradients.norms and gradients.norms.course))
    )


def cut(line: bytes) -> bytes:
    """Return the JSON of a record with empty lists of losses, curves and norms."""
    kept: list[bytes] = []
    place = 0
    for start, end in _spans(line):
        kept.append(line[place:start])
        place = end
    return b"".join([*kept, line[place:]])


def _spans(line: bytes) -> Iterator[tuple[int, int]]:
    if line.count(_COURSE) != 1 or line.count(_FLOWS) > 1:
        return
    yield from _between(line, _LOSSES, line.index(_COURSE), len(line))
    start = line.find(_FLOWS)
    end = line.find(_END_OF_FLOWS, start)
    if start >= 0 and end >= 0:
        yield from _between(line, _CURVES, start, end)
        yield from list(_between(line, _NORMS, end, len(line)))[:1]


def _between(line: bytes, marks: tuple[bytes, bytes], start: int, stop: int) -> Iterator[tuple[int, int]]:
    before, after = marks
    while (found := line.find(before, start, stop)) >= 0:
        start = line.find(after, found, stop)
        if start < 0:
            return
        yield found + len(before), start

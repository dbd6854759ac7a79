"""Reads records without their curves from the content of their files, several times faster than with them.

The curves are cut out of the text before it is parsed. That is done only where a right checksum shows that the
text is as this program wrote it, whose curves it checked then.
"""

from __future__ import annotations

from collections.abc import Iterator

from seqbench.base.checksums import unsealed
from seqbench.records.light import without_curves
from seqbench.records.schema import Record

_COURSE, _FLOWS = b'"course": {"losses": [', b'"gradients": {"flows": ['
"""The beginnings of two fields of a record, of which the second follows the first."""
_AFTER_LOSSES, _AFTER_CURVES, _AFTER_FLOWS, _AFTER_NORMS = (
    (b"], ", b'"validations": '),
    (b"]}, ", b'"summary": {'),
    (b"], ", b'"norms": '),
    (b"]}, ", b'"problems": '),
)
"""What follows the lists that are cut. A quote in a word has a backslash before it, so no word has these names."""
_CURVES, _NORMS = b'"curves": [', b'"course": ['


def light_record(data: bytes, source: str, *, has_right_seal: bool) -> Record:
    """Return what `without_curves` makes of the record in a file.

    Raises:
        StoreError: as `Record.from_json`.
    """
    if has_right_seal:
        try:
            record = Record.model_validate_json(cut(unsealed(data)))
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
    """Return the JSON of a record with empty lists of losses, curves and norms.

    The line is returned whole if a parameter of the cell might be taken for one of them.
    """
    kept: list[bytes] = []
    place = 0
    for start, end in _spans(line):
        kept.append(line[place:start])
        place = end
    found = b"".join([*kept, line[place:]])
    return found if found.count(_COURSE) == 1 and found.count(_FLOWS) <= 1 else line


def _spans(line: bytes) -> Iterator[tuple[int, int]]:
    place = line.find(_COURSE) + len(_COURSE)
    end = _end(line, _AFTER_LOSSES, place)
    if place < len(_COURSE) or end < 0 or b'"' in line[place:end]:
        return
    yield place, end
    place = line.find(_FLOWS, end)
    last = _end(line, _AFTER_FLOWS, place)
    if place < 0 or last < 0:
        return
    while (place := line.find(_CURVES, place, last)) >= 0:
        place += len(_CURVES)
        end = _end(line, _AFTER_CURVES, place)
        if end < 0:
            return
        yield place, end
        place = end
    place = line.find(_NORMS, last) + len(_NORMS)
    end = _end(line, _AFTER_NORMS, place)
    if place >= len(_NORMS) and end >= 0 and b'"' not in line[place:end]:
        yield place, end


def _end(line: bytes, after: tuple[bytes, bytes], start: int) -> int:
    """Return where what is cut ends; -1 if something else stands there."""
    brackets, name = after
    found = line.find(name, start) - len(brackets)
    return found if found >= start and line.startswith(brackets, found) else -1

"""Cuts the text of a record without its curves into parts, without parsing it.

Only for text that has a right checksum, so that it is as this program wrote it, whose curves it checked then. What
cannot be told by the names of its fields is left to those who parse the record.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

_COURSE, _GRADIENTS, _FLOWS = b'"course": {"losses": [', b'"gradients": ', b'"gradients": {"flows": ['
_CURVES, _NORMS, _STEPS = b'"curves": [', b'], "norms": ', b'"course": ['
_AFTER_LOSSES, _AFTER_CURVES, _AFTER_NORMS = (
    (b"], ", b'"validations": '),
    (b"]}, ", b'"summary": {'),
    (b"]}, ", b'"problems": '),
)
"""What follows the lists that are cut. A quote in a word has a backslash before it, so no word has these names."""
_CELL, _TRAINING, _STOPPED = b', "cell": {', b', "training": {', b', "stopped": '
_ENVIRONMENT, _NOTES = b', "environment": {', b', "notes": {'
_PLACE = re.compile(rb', "length": ([0-9]{1,20}), "seed": ([0-9]{1,20})(?=, "training": {)')
_ONCE = _COURSE, _CELL, _TRAINING, _STOPPED, _ENVIRONMENT
_NEAR = 4000
"""Bytes from a curve's summary within which the next curve is looked for."""


class Parts(NamedTuple):
    """The JSON of a record without its curves, in parts, of which many records share two.

    Attributes:
        cell: its cell at length and seed 0.
        environment: its environment.
        rest: all other fields.
        place: length and seed of its cell.
    """

    cell: str
    environment: str
    rest: str
    place: str


def parts_of(line: bytes) -> Parts | None:
    """Return the parts of a record's line as this program writes it; None if names do not tell them."""
    line = cut(line)
    cell, stopped = line.find(_CELL), line.find(_STOPPED)
    place = _PLACE.search(line, cell, stopped)
    environment = line.find(_ENVIRONMENT, stopped)
    notes = line.find(_NOTES, environment)
    if place is None or environment < 0 or notes < 0 or any(line.count(name) != 1 for name in _ONCE):
        return None
    first, last = line[cell + len(_CELL) - 1 : place.start()], line[place.end() : stopped]
    return Parts(
        (first + b', "length": 0, "seed": 0' + last).decode(),
        line[environment + len(_ENVIRONMENT) - 1 : notes].decode(),
        (line[:cell] + line[stopped:environment] + line[notes:]).decode(),
        f"{int(place[1])} {int(place[2])}",
    )


def cut(line: bytes) -> bytes:
    """Return the JSON of a record with empty lists of losses, curves and norms, as far as they are found."""
    kept: list[bytes] = []
    place = 0
    for start, end in _spans(line):
        kept.append(line[place:start])
        place = end
    return b"".join([*kept, line[place:]])


def _spans(line: bytes) -> Iterator[tuple[int, int]]:
    place = line.find(_COURSE) + len(_COURSE)
    end = _end(line, _AFTER_LOSSES, place)
    if end < 0 or b'"' in line[place:end]:
        return
    yield place, end
    # Between the losses and the gradients stand numbers only, so the first field of this name is the record's.
    end = line.find(_GRADIENTS, end)
    if not line.startswith(_FLOWS, end):
        return
    while (place := line.find(_CURVES, end, end + _NEAR)) >= 0 and line.find(_NORMS, end, place) < 0:
        place += len(_CURVES)
        end = _end(line, _AFTER_CURVES, place)
        if end < 0:
            return
        yield place, end
    end = line.find(_NORMS, end)
    if line.startswith(b"{", end + len(_NORMS)):
        place = line.find(_STEPS, end) + len(_STEPS)
        end = _end(line, _AFTER_NORMS, place)
        if end >= 0 and b'"' not in line[place:end]:
            yield place, end


def _end(line: bytes, after: tuple[bytes, bytes], start: int) -> int:
    """Return where what is cut ends; -1 if something else stands there."""
    brackets, name = after
    found = line.find(name, start) - len(brackets)
    return found if found >= start and line.startswith(brackets, found) else -1

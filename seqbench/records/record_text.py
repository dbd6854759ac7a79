"""Cuts the text of a record without its curves into parts, without parsing it.

Only for text that has a right checksum, so that it is as this program wrote it, whose curves it checked then. What
cannot be told by the names of its fields is left to those who parse the record.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from seqbench.base.checksums import unsealed

_COURSE, _GRADIENTS, _FLOWS = b'"course": {"losses": [', b'"gradients": ', b'"gradients": {"flows": ['
_CURVES, _NORMS, _STEPS = b'"curves": [', b'], "norms": ', b'"course": ['
_AFTER_LOSSES, _AFTER_CURVES = b'], "validations": ', b']}, "summary": {"gain_per_step": '
_AFTER_NORMS = b']}, "problems": '
"""What follows the lists that are cut; the longer, the sooner it is found."""
_CELL, _TRAINING, _STOPPED = b', "cell": {', b', "training": {', b', "stopped": '
_ENVIRONMENT, _NOTES = b', "environment": {', b', "notes": {'
"""A quote in a word has a backslash before it, so no word has these names."""
_LENGTH = b', "length": '
_PLACE = re.compile(rb', "length": ([0-9]{1,20}), "seed": ([0-9]{1,20})')


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


def parts_of(content: bytes) -> Parts | None:
    """Return the parts of the record in a sealed file of this program; None if names do not tell them."""
    pieces = _pieces(content)
    if len(pieces) == 1 or sum(piece.count(_COURSE) for piece in pieces) != 1:
        return None
    head, *between, end = pieces
    try:
        first, task = head.split(_STOPPED)
        first, cell = first.split(_CELL)
        before, after = cell.split(_TRAINING)
        last, environment = unsealed(end).split(_ENVIRONMENT)
        environment, notes = environment.split(_NOTES)
    except ValueError:
        return None
    place = _PLACE.fullmatch(before, before.rfind(_LENGTH))
    return place and Parts(
        b"".join((b"{", before[: place.start()], b', "length": 0, "seed": 0', _TRAINING, after)).decode(),
        (b"{" + environment).decode(),
        b"".join((first, _STOPPED, task, *between, last, _NOTES, notes)).decode(),
        f"{int(place[1])} {int(place[2])}",
    )


def _pieces(line: bytes) -> list[bytes]:
    """Return the JSON of a record in pieces, without its losses, curves and norms as far as they are found."""
    pieces: list[bytes] = []
    place = 0
    for start, end in _spans(line):
        pieces.append(line[place:start])
        place = end
    return [*pieces, line[place:]]


def _spans(line: bytes) -> Iterator[tuple[int, int]]:
    """Yield the places of the lists that are cut.

    A byte is found many times as quickly as a word: losses and norms end at the next quote, a curve at a brace.
    """
    place = line.find(_COURSE) + len(_COURSE)
    end = line.find(b'"', place) - 3
    if not line.startswith(_AFTER_LOSSES, end):
        return
    yield place, end
    # Between the losses and the gradients stand numbers only, so the first field of this name is the record's.
    end = line.find(_GRADIENTS, end)
    if not line.startswith(_FLOWS, end):
        return
    end += len(_FLOWS)
    # The next list after a summary is that of the next flow, or the course of the norms.
    while line.endswith(_CURVES, end, place := line.find(b"[", end) + 1):
        end = _after_curves(line, place)
        if end < 0:
            return
        yield place, end
    end = line.find(_NORMS, end)
    if line.startswith(b"{", end + len(_NORMS)):
        place = line.find(_STEPS, end) + len(_STEPS)
        end = line.find(b'"', place) - 4
        if line.startswith(_AFTER_NORMS, end):
            yield place, end


def _after_curves(line: bytes, place: int) -> int:
    """Return where the list of curves ends that begins here; -1 if it does not."""
    while not line.startswith(_AFTER_CURVES, place):
        place = line.find(b"}", place) + 1
        if not place:
            return -1
    return place

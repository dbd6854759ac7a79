"""Reads what was said, by whom and in which take from the name of a file, by a pattern."""

from __future__ import annotations

import re
from functools import cached_property
from pathlib import PurePosixPath

from seqbench_speech.recordings import Said

_FIELD = re.compile(r"\{(\w*)\}")
_KNOWN = ("label", "speaker", "take")


class Pattern:
    """A pattern of file names such as ``{label}_{speaker}_{take}.wav``.

    ``{}`` stands for anything. A pattern with folders, ``{label}/{speaker}_nohash_{take}``, is held against as
    many of the last parts of a path. An ending is left out on both sides.

    Raises:
        ValueError: it has no ``{label}``, names something else, or names something twice.
    """

    def __init__(self, text: str) -> None:
        names = [name for name in _FIELD.findall(text) if name]
        strange = [name for name in names if name not in _KNOWN]
        twice = [name for name in _KNOWN if names.count(name) > 1]
        if strange:
            raise ValueError(
                f"pattern has {{{strange[0]}}}; it may have {{label}}, {{speaker}}, {{take}} and {{}} for anything"
            )
        if "label" not in names or twice:
            missing = f"{{{twice[0]}}} twice" if twice else "no {label}"
            raise ValueError(f"pattern is {text!r} and has {missing}; give each of its fields once")
        self.text = text

    def read(self, path: PurePosixPath) -> Said | None:
        """Return what a path tells; None if it does not fit."""
        parts = path.with_suffix("").parts[-1 - self.text.count("/") :]
        found = self._expression.fullmatch("/".join(parts))
        if found is None:
            return None
        told = found.groupdict()
        if not told["label"].strip():
            return None
        return Said(told["label"], told.get("speaker", ""), told.get("take", ""), name=str(path))

    @cached_property
    def _expression(self) -> re.Pattern[str]:
        ending = PurePosixPath(self.text).suffix
        text = self.text if "{" in ending else self.text.removesuffix(ending)
        pieces = _FIELD.split(text)
        kept = [
            (f"(?P<{piece}>[^/]+?)" if piece else "[^/]*?") if place % 2 else re.escape(piece)
            for place, piece in enumerate(pieces)
        ]
        return re.compile("".join(kept))


def numbers_in(text: str) -> frozenset[int]:
    """Return the whole numbers that ranges such as ``0-4,7`` name.

    >>> sorted(numbers_in("0-2, 7"))
    [0, 1, 2, 7]

    Raises:
        ValueError: it is something else.
    """
    found: set[int] = set()
    for piece in text.split(","):
        ends = re.fullmatch(r"\s*(\d{1,6})\s*(?:-\s*(\d{1,6})\s*)?", piece)
        if ends is None or int(ends[2] or ends[1]) < int(ends[1]):
            raise ValueError(f"{text!r} names no takes; write whole numbers and ranges, such as 0-4 or 0-4,7")
        found |= set(range(int(ends[1]), int(ends[2] or ends[1]) + 1))
    return frozenset(found)

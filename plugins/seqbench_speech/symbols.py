"""Numbers the words or letters of transcripts, and checks that an alignment leads to each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Literal

from seqbench import DataError

Unit = Literal["word", "character"]


@dataclass(frozen=True)
class Symbols:
    """The symbols of transcripts.

    Attributes:
        names: of symbol 0, 1, ...: words, or letters with the space between words among them.
        unit: which of the two.
    """

    names: tuple[str, ...]
    unit: Unit

    @staticmethod
    def of(texts: Iterable[str], unit: Unit) -> Symbols:
        """Return the symbols of training texts, in order of the alphabet; words that are whole numbers by size."""
        between = {" "} if unit == "character" else set()
        found = sorted({symbol for text in texts for symbol in pieces(text, unit)} | between)
        return Symbols(tuple(sorted(found, key=int) if all(each.isdecimal() for each in found) else found), unit)

    def numbers(self, text: str, name: str) -> list[int]:
        """Return the numbers of a text's symbols.

        Raises:
            DataError: training texts do not have one of them.
        """
        try:
            return [self._number[piece] for piece in pieces(text, self.unit)]
        except KeyError as error:
            advice = "" if self.unit == "character" else ", or set unit=character"
            raise DataError(
                f"the {self.unit} {error.args[0]!r} of {name} is in no training recording, so that no network"
                f" could write it; leave the recording out, or move it to the training recordings{advice}"
            ) from error

    def text(self, numbers: Iterable[int]) -> str:
        """Return the text of symbols."""
        return (" " if self.unit == "word" else "").join(self.names[number] for number in numbers)

    @cached_property
    def _number(self) -> dict[str, int]:
        return {name: number for number, name in enumerate(self.names)}


def pieces(text: str, unit: Unit) -> list[str]:
    """Return the symbols of a text in small letters, with one space between words.

    >>> pieces("Two  six", "word"), pieces("A b", "character")
    (['two', 'six'], ['a', ' ', 'b'])
    """
    words = text.lower().split()
    return words if unit == "word" else list(" ".join(words))


def check_alignable(numbers: Sequence[int], frames: int, name: str) -> None:
    """Refuse a transcript that no alignment to its frames leads to.

    Connectionist temporal classification needs a frame for each symbol, and one more for the blank between two
    equal ones (Graves et al. 2006, section 3.1).

    Raises:
        DataError: there are too few frames.
    """
    needed = len(numbers) + sum(one == other for one, other in pairwise(numbers))
    if needed > frames:
        raise DataError(
            f"the transcript of {name} needs {needed} frames, one for each symbol and one more between two equal"
            f" ones, and the recording has {frames}; take a shorter hop_ms, a greater length, or unit=word, or"
            " correct the transcript"
        )

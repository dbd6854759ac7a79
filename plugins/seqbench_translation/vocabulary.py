"""Numbers the tokens of two languages, and turns texts into tokens and tokens into texts.

The target's tokens come first, so that a network can write those and no others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from seqbench import UNSCORED, DataError
from seqbench_translation.units import UNITS, Unit, normal

STOP = 0
"""The token that ends a translation."""

BYTES = 256


@dataclass(frozen=True)
class Vocabulary:
    """The tokens of one language.

    A unit that is not among ``units`` is spelled: each byte of its UTF-8 is a token. So every text can be read and
    written without a loss, and no unknown unit counts as another one.

    Attributes:
        units: those with a token of their own.
        first: the number of the first token.
        spells: whether there are tokens for bytes.
    """

    units: tuple[str, ...]
    first: int
    spells: bool

    @property
    def end(self) -> int:
        """The number after the last token."""
        return self.first + len(self.units) + BYTES * self.spells

    @cached_property
    def _number(self) -> dict[str, int]:
        return {unit: self.first + i for i, unit in enumerate(self.units)}

    def tokens(self, units: Iterable[str]) -> list[int]:
        """Return the numbers of units.

        Raises:
            DataError: one is unknown, and there are no bytes to spell it.
        """
        found: list[int] = []
        for unit in units:
            number = self._number.get(unit)
            found += [number] if number is not None else self._spelled(unit)
        return found

    def _spelled(self, unit: str) -> list[int]:
        if not self.spells:
            raise DataError(
                f"the small language of the task has no word {unit.strip()!r}; its words are"
                f" {' '.join(known.strip() for known in self.units)}"
            )
        return [self.first + len(self.units) + byte for byte in unit.encode("utf-8", "replace")]

    def text(self, tokens: Iterable[int]) -> str:
        """Return the text of tokens, without UNSCORED; bytes that are no UTF-8 become U+FFFD.

        >>> words = Vocabulary((" a", "."), first=1, spells=True)
        >>> words.text(words.tokens([" a", " \\u00df", "."]))
        'a ß.'
        """
        joined = b"".join(self._bytes[token - self.first] for token in tokens if token != UNSCORED)
        return joined.decode("utf-8", "replace").strip()

    @cached_property
    def _bytes(self) -> list[bytes]:
        return [unit.encode("utf-8", "replace") for unit in self.units] + [bytes([byte]) for byte in range(BYTES)]

    def sign(self, token: int) -> str:
        """Return a token for a person: a word without its space, a spelled byte as ``<e4>``."""
        place = token - self.first
        if place >= len(self.units):
            return f"<{place - len(self.units):02x}>"
        shown = self.units[place].strip() or "_"
        return "".join(sign if sign.isprintable() else "?" for sign in shown)

    def spelled_share(self, units: Sequence[str]) -> float:
        """Return the share of units without a token of their own; 0 of none."""
        return sum(unit not in self._number for unit in units) / max(1, len(units))


@dataclass(frozen=True)
class Numbering:
    """The tokens of a task: STOP, those of the target, the delimiter, those of the source."""

    unit: Unit
    source: Vocabulary
    target: Vocabulary

    @staticmethod
    def of(unit: Unit, source: Sequence[str], target: Sequence[str], *, spells: bool) -> Numbering:
        """Number the units of two languages."""
        written = Vocabulary(tuple(target), STOP + 1, spells)
        return Numbering(unit, Vocabulary(tuple(source), written.end + 1, spells), written)

    @property
    def delimiter(self) -> int:
        """The token between source and target."""
        return self.target.end

    def source_tokens(self, text: str) -> list[int]:
        """Return the tokens of a source text."""
        return self.source.tokens(UNITS[self.unit](normal(text)))

    def target_tokens(self, text: str) -> list[int]:
        """Return the tokens of a target text, without STOP."""
        return self.target.tokens(UNITS[self.unit](normal(text)))

    def fitted(self) -> dict[str, Any]:
        """Return the numbering in data that JSON can hold."""
        spells = self.source.spells
        return {"unit": self.unit, "source": self.source.units, "target": self.target.units, "spells": spells}

    @staticmethod
    def from_fitted(fitted: Mapping[str, Any]) -> Numbering:
        """Undo `fitted`."""
        return Numbering.of(fitted["unit"], fitted["source"], fitted["target"], spells=fitted["spells"])


def frequent(texts: Iterable[Sequence[str]], size: int | None, minimum_count: int) -> list[str]:
    """Return the commonest units, at most ``size`` if given, each seen ``minimum_count`` times; ties by alphabet.

    >>> frequent([["a", "b", "a"], ["c", "b"]], size=2, minimum_count=2)
    ['a', 'b']
    """
    counts = Counter(unit for text in texts for unit in text)
    kept = (unit for unit, n in counts.items() if n >= minimum_count)
    return sorted(kept, key=lambda unit: (-counts[unit], unit))[:size]

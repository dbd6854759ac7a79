"""Shows texts while they are written; what was written stays when Ctrl-C comes."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any

from seqbench.base.printable import printable
from seqbench.contracts.task import Symbol

if TYPE_CHECKING:
    from seqbench.decoding.drawing import Drawn

Text = Callable[[Sequence[Symbol]], str]


@dataclass
class Sample:
    """A text that is being written.

    Attributes:
        number: of the sample, from 0.
        prompt: the tokens before it.
        is_given: whether a user gave them; if not, a start that is white space, as a line end is, is not shown.
        drawn: what was written so far.
        text: of the written tokens, once it is finished or stopped.
        seconds: that writing took, reading the prompt included.
    """

    number: int
    prompt: tuple[Symbol, ...]
    drawn: list[Drawn] = field(default_factory=list)
    text: str = ""
    seconds: float = 0.0
    is_given: bool = True

    @property
    def tokens(self) -> tuple[Symbol, ...]:
        """The written tokens."""
        return tuple(each.token for each in self.drawn)

    def as_json(self) -> dict[str, Any]:
        """Return it for ``--json``; samples count from 1."""
        return {
            "sample": self.number + 1,
            "text": self.text,
            "tokens": list(self.tokens),
            "log_probabilities": [each.log_probability for each in self.drawn],
            "seconds": self.seconds,
            "tokens_a_second": len(self.drawn) / self.seconds if self.seconds else None,
        }


def print_live(sample: Sample, drawn: Iterator[Drawn], text: Text, tokens: int, *, heads: int | None) -> None:
    """Write a sample to stdout piece by piece, after its prompt; whatever ends it, its text is kept.

    Args:
        sample: gets the tokens and the text.
        drawn: the tokens, without end.
        text: turns tokens into a text.
        tokens: how many to write.
        heads: the number of samples, if each gets a line of its own above it.
    """
    from seqbench.decoding.pieces import Pieces

    pieces = Pieces(text, sample.prompt)
    if heads:
        _show(f"{chr(10) * bool(sample.number)}--- sample {sample.number + 1} of {heads}\n")
    start = text(sample.prompt)
    _show(start if sample.is_given or start.strip() else "")
    try:
        _collect(sample, drawn, tokens, lambda token: _show(pieces.add(token)))
    finally:
        _show(f"{pieces.rest()}\n")
        sample.text = text(sample.tokens)


def read_quietly(sample: Sample, drawn: Iterator[Drawn], text: Text, tokens: int, *, heads: int | None) -> None:
    """Let a sample be written without showing it; see `print_live`."""
    try:
        _collect(sample, drawn, tokens, lambda token: None)
    finally:
        sample.text = text(sample.tokens)


def _collect(sample: Sample, drawn: Iterator[Drawn], tokens: int, note: Callable[[Symbol], None]) -> None:
    began = time.perf_counter()
    try:
        for each in islice(drawn, tokens):
            sample.drawn.append(each)
            note(each.token)
    finally:
        sample.seconds = time.perf_counter() - began


def _show(piece: str) -> None:
    """Write to stdout at once; on a terminal with control characters spelled out, else as it is."""
    if sys.stdout.isatty():
        piece = printable(piece, keep="\n\t")
    else:
        piece = piece.encode("utf-8", "backslashreplace").decode("utf-8")
    sys.stdout.write(piece)
    sys.stdout.flush()

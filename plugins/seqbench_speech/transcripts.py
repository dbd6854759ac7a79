"""Reads transcripts off outputs: by the best path, or by a beam of prefixes, which sums over alignments."""

from __future__ import annotations

from heapq import nlargest
from itertools import groupby
from math import exp, inf, log1p
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

Prefix = tuple[int, ...]


def transcripts(outputs: Tensor, lengths: Tensor, beams: int) -> list[list[int]]:
    """Return the symbols of each row.

    Args:
        outputs: log-probabilities, [batch, time, 1 + symbols], output 0 the blank.
        lengths: [batch], the real steps.
        beams: prefixes of `prefix_beam`; with 1 the best path is taken.
    """
    rows = [row[:steps] for row, steps in zip(outputs.cpu(), lengths.tolist(), strict=True)]
    return [best_path(row) if beams == 1 else prefix_beam(row, beams) for row in rows]


def best_path(log_probabilities: Tensor) -> list[int]:
    """Return the symbols of the likeliest path (Graves et al. 2006, section 3.2): [time, 1 + symbols] in."""
    return [output - 1 for output, _ in groupby(log_probabilities.argmax(-1).tolist()) if output]


def prefix_beam(log_probabilities: Tensor, beams: int) -> list[int]:
    """Return the symbols of the most probable transcript that the search finds.

    Hannun et al. 2014, algorithm 1, without a language model: a prefix has the probability of all alignments so
    far that collapse to it, apart those that end in a blank from those that end in its last symbol.

    Args:
        log_probabilities: [time, 1 + symbols], output 0 the blank.
        beams: prefixes that are kept after each step.
    """
    kept: dict[Prefix, tuple[float, float]] = {(): (0.0, -inf)}
    for blank, *symbols in log_probabilities.double().tolist():
        grown: dict[Prefix, list[float]] = {}
        for prefix, (ends_blank, ends_symbol) in kept.items():
            either = _sum(ends_blank, ends_symbol)
            _add(grown, prefix, 0, either + blank)
            for symbol, chance in enumerate(symbols):
                is_repeat = prefix[-1:] == (symbol,)
                if is_repeat:
                    _add(grown, prefix, 1, ends_symbol + chance)
                _add(grown, (*prefix, symbol), 1, (ends_blank if is_repeat else either) + chance)
        best = nlargest(beams, grown.items(), key=lambda each: _sum(*each[1]))
        kept = {prefix: (ends[0], ends[1]) for prefix, ends in best}
    return list(max(kept.items(), key=lambda each: _sum(*each[1]))[0])


def _add(grown: dict[Prefix, list[float]], prefix: Prefix, end: int, chance: float) -> None:
    ends = grown.setdefault(prefix, [-inf, -inf])
    ends[end] = _sum(ends[end], chance)


def _sum(one: float, other: float) -> float:
    """Return ln(exp(one) + exp(other))."""
    more, less = (one, other) if one > other else (other, one)
    return more if less == -inf else more + log1p(exp(less - more))

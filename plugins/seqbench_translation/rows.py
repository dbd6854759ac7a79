"""Joins pairs of sentences until a row has as many source tokens as asked for, and lays rows out in tensors."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice, pairwise
from typing import TYPE_CHECKING, Any

from seqbench import UNSCORED, DataError, Ragged, Split
from seqbench_translation.corpus import Corpus, Side
from seqbench_translation.pairs import PARTS
from seqbench_translation.vocabulary import STOP

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Generator, Tensor

WAITING = 64
"""Pairs among which one is looked for that fits the rest of a row."""

TARGET_PER_SOURCE = 2
"""Most target tokens of a row for each token of ``length``."""


@dataclass(frozen=True)
class Room:
    """What a row holds at most.

    Attributes:
        length: source tokens.
        rows: how many rows.
        joins: whether pairs are joined; otherwise a row holds one.
        repeats: whether pairs are used again, in new company.
    """

    length: int
    rows: int
    joins: bool
    repeats: bool


def made_rows(corpus: Corpus, part: str, room: Room, rng: Generator) -> Split:
    """Make the rows of one split: source tokens, the delimiter, target tokens.

    Pairs are taken in a random order. The first of the next WAITING pairs that fits the rest of a row, on both
    sides, is added to it; if none fits, the row ends. A pair that fits no row is left out.

    Raises:
        DataError: no pair fits.
    """
    import torch

    fitting = fitting_pairs(corpus, part, room.length)
    lengths = list(zip(*(side.offsets.diff().tolist() for side in (corpus.source, corpus.target)), strict=True))

    def one_pass() -> Iterator[list[int]]:
        order = fitting[torch.randperm(len(fitting), generator=rng)].tolist()
        return joined(order, lengths, room.length) if room.joins else ([pair] for pair in order)

    passes = iter(one_pass, None) if room.repeats else [one_pass()]
    return _laid_out(corpus, list(islice(chain.from_iterable(passes), room.rows)))


def fitting_pairs(corpus: Corpus, part: str, length: int) -> Tensor:
    """Return the numbers of the pairs of a split that fit into an empty row.

    Raises:
        DataError: none does.
    """
    source, target = (side.offsets.diff() for side in (corpus.source, corpus.target))
    is_here = corpus.part == PARTS.index(part)
    is_fitting = is_here & (source <= length) & (target <= TARGET_PER_SOURCE * length)
    if not bool(is_fitting.any()):
        raise DataError(_no_fit(corpus, part, length))
    return is_fitting.nonzero()[:, 0]


def _no_fit(corpus: Corpus, part: str, length: int) -> str:
    """Return a sentence about the pair of a split that needs the least length."""
    source, target = (side.offsets.diff() for side in (corpus.source, corpus.target))
    pairs = (corpus.part == PARTS.index(part)).nonzero()[:, 0]
    needs = source.maximum(-(-target // TARGET_PER_SOURCE))[pairs]
    least, pair = int(needs.min()), int(pairs[needs.argmin()])
    whole = int(source[pair] + target[pair])
    spelled = _spelled(corpus, pair)
    advice = f"ask for length {least} or more"
    if 2 * spelled > whole:
        advice = (
            f"{spelled} of these {whole} tokens are the bytes of {corpus.numbering.unit}s without a token of their"
            " own, because training shows them less than translation.minimum_count times, or because of"
            f" translation.vocabulary_size: give more training text, change these settings, or {advice}"
        )
    return (
        f"length {length} needs sentences of at most {length} source tokens, with at most"
        f" {TARGET_PER_SOURCE * length} target tokens, and {part} has none: its shortest has {int(source[pair])}"
        f" source tokens and {int(target[pair])} target tokens; {advice}"
    )


def _spelled(corpus: Corpus, pair: int) -> int:
    """Return how many tokens of a pair are bytes."""
    sides = (corpus.source, corpus.numbering.source), (corpus.target, corpus.numbering.target)
    return sum(int((_sentence(side, pair) >= words.first + len(words.units)).sum()) for side, words in sides)


def _sentence(side: Side, pair: int) -> Tensor:
    return side.tokens[side.offsets[pair] : side.offsets[pair + 1]]


def check_length(test: Split, room: Room) -> None:
    """Refuse joined rows that all fill less than half of their room; warn where rows of one pair do.

    Raises:
        DataError: the test pairs are too few for rows of the length.
    """
    most = _length_filled(test)
    if 2 * most >= room.length:
        return
    if room.joins:
        raise DataError(
            f"sentences are joined to rows of {room.length} source tokens, and all test pairs together fill no"
            f" more than length {most}; ask for length {most} or less, or give more pairs"
        )
    warnings.warn(
        f"a row is one pair of sentences, and the longest of the test fills no more than length {most}, less than"
        f" half of length {room.length}; ask for length {most} or less",
        stacklevel=4,
    )


def _length_filled(split: Split) -> int:
    """Return the least length at which the longest row has room, on both sides."""
    import torch

    assert isinstance(split.targets, Ragged)
    offsets = split.targets.offsets
    is_source = (split.targets.values == UNSCORED).long()
    source = torch.cat((torch.zeros(1, dtype=torch.long), is_source.cumsum(0)))[offsets].diff()
    target = offsets.diff() - source - 1  # without the end
    return max(int(source.max()), -(-int(target.max()) // TARGET_PER_SOURCE))


def joined(order: Sequence[int], lengths: Sequence[tuple[int, int]], length: int) -> Iterator[list[int]]:
    """Yield rows of pairs, each pair once.

    Args:
        order: numbers of pairs, all of which fit into an empty row.
        lengths: source and target tokens of each pair.
        length: source tokens of a row, at most.

    >>> list(joined([0, 1, 2], [(3, 3), (2, 2), (1, 1)], 4))
    [[0, 2], [1]]
    """
    coming = iter(order)
    waiting = list(islice(coming, WAITING))
    while waiting:
        row: list[int] = []
        source, target = length, TARGET_PER_SOURCE * length
        while (place := _first_fitting(waiting, lengths, source, target)) is not None:
            pair = waiting.pop(place)
            waiting += islice(coming, 1)
            row.append(pair)
            source, target = source - lengths[pair][0], target - lengths[pair][1]
        yield row


def _first_fitting(
    waiting: Sequence[int], lengths: Sequence[tuple[int, int]], source: int, target: int
) -> int | None:
    fits = (i for i, pair in enumerate(waiting) if lengths[pair][0] <= source and lengths[pair][1] <= target)
    return next(fits, None)


def _laid_out(corpus: Corpus, rows: Sequence[Sequence[int]]) -> Split:
    """Make inputs and targets of all rows; what is asked for is the next token, from the delimiter on."""
    import numpy as np
    import torch

    kind = corpus.source.tokens.numpy().dtype
    go, stop = np.array([corpus.numbering.delimiter], kind), np.array([STOP], kind)
    source, target = _sentences(corpus.source), _sentences(corpus.target)
    inputs, targets, sizes = [], [], [0]
    for row in rows:
        read, written = (np.concatenate([side[pair] for pair in row]) for side in (source, target))
        inputs += [read, go, written]
        targets += [np.full(len(read), UNSCORED, kind), written, stop]
        sizes.append(len(read) + 1 + len(written))
    offsets = torch.tensor(sizes).cumsum(0)
    return Split(*(Ragged(torch.from_numpy(np.concatenate(all_)), offsets) for all_ in (inputs, targets)))


def _sentences(side: Side) -> list[NDArray[Any]]:
    """Return each sentence of one side, a view of its tokens."""
    tokens = side.tokens.numpy()
    return [tokens[start:end] for start, end in pairwise(side.offsets.tolist())]

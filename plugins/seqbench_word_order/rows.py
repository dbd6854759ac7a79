"""Packs sentences into rows of running text of one length, and rows into tensors.

Rows hold whole sentences, chosen so that they fill the row; the cost grows linearly with the text.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import TYPE_CHECKING

from seqbench import UNSCORED, DataError, Ragged, Split
from seqbench_word_order.sentences import UNKNOWN
from seqbench_word_order.text import BLANK, DELIMITER, PARTS, Corpus

if TYPE_CHECKING:
    from torch import Generator, Tensor


def make_rows(corpus: Corpus, part: str, length: int, most: int, rng: Generator) -> Split:
    """Make at most ``most`` rows; training passes through its sentences repeatedly, newly shuffled each time.

    Raises:
        DataError: the split has less text than one row, in sentences that fit into it.
    """
    sizes = corpus.offsets.diff()
    fitting = ((corpus.part == PARTS.index(part)) & (sizes <= length)).nonzero()[:, 0]
    if int(sizes[fitting].sum()) < length:
        raise DataError(
            f"word-order at length {length} needs {length} tokens of sentences that short, and {part} has"
            f" {int(sizes[fitting].sum())}; ask for another length, or give more text (sentences= or data=)"
        )
    passes = _passes(fitting, sizes.tolist(), length, rng)
    rows = chain.from_iterable(passes if part == "train" else islice(passes, 1))
    return _laid_out(corpus, list(islice(rows, most)), rng)


def packed(splits: Mapping[str, Split]) -> dict[str, Tensor]:
    """Return the rows of `make_rows` as plain tensors, for the cache."""
    tensors: dict[str, Tensor] = {}
    for part, split in splits.items():
        for name, values in (("inputs", split.inputs), ("targets", split.targets)):
            if not isinstance(values, Ragged):
                raise TypeError("rows differ in length")
            # Inputs and targets have the same offsets, kept once.
            tensors |= {f"{part}_{name}": values.values, f"{part}_offsets": values.offsets}
    return tensors


def unpacked(tensors: Mapping[str, Tensor], part: str) -> Split:
    """Undo `packed` for one part."""
    offsets = tensors[f"{part}_offsets"]
    return Split(Ragged(tensors[f"{part}_inputs"], offsets), Ragged(tensors[f"{part}_targets"], offsets))


def _passes(sentences: Tensor, sizes: Sequence[int], length: int, rng: Generator) -> Iterator[Iterator[list[int]]]:
    """Yield, forever, the rows of one pass through the sentences.

    The sentences left at the end of a pass fit badly, so its rows are shuffled to make first and last rows alike.
    """
    import torch

    while True:
        order = sentences[torch.randperm(len(sentences), generator=rng)].tolist()
        rows = list(_filled(order, sizes, length))
        yield (rows[row] for row in torch.randperm(len(rows), generator=rng).tolist())


def _filled(order: Sequence[int], sizes: Sequence[int], length: int) -> Iterator[list[int]]:
    """Yield rows of sentences with ``length`` tokens together, or fewer if no sentence fits the rest."""
    waiting: dict[int, list[int]] = {}
    for sentence in reversed(order):
        waiting.setdefault(sizes[sentence], []).append(sentence)
    shortest = min(waiting)
    row: list[int] = []
    room = length
    for wanted in [sizes[sentence] for sentence in order]:
        size = _fitting(wanted, room, waiting, shortest)
        if size == 0:
            yield row
            row, room = [], length
            size = _fitting(wanted, room, waiting, shortest)
        row.append(waiting[size].pop())
        room -= size
    yield row


def _fitting(wanted: int, room: int, waiting: dict[int, list[int]], shortest: int) -> int:
    """Return the size of the next sentence: one that fills the room, or else the wanted one.

    If the wanted one leaves a rest that no sentence can fill, return another size; 0 if no waiting sentence fits.
    """
    if waiting.get(room):
        return room
    if waiting[wanted] and wanted + shortest <= room:
        return wanted
    left = [size for size, sentences in waiting.items() if sentences and size < room]
    return max((size for size in left if size + shortest <= room), default=max(left, default=0))


def _laid_out(corpus: Corpus, rows: Sequence[Sequence[int]], rng: Generator) -> Split:
    """Make inputs (shuffled text, delimiter, blanks) and targets; all rows at once."""
    import torch

    chosen = torch.tensor([sentence for row in rows for sentence in row])
    sizes = corpus.offsets.diff()[chosen]
    sentence = torch.arange(len(chosen)).repeat_interleave(sizes)
    right = corpus.tokens[_consecutive(corpus.offsets[chosen], sizes)]
    is_word = right >= UNKNOWN

    # Sorting by sentence number plus a fraction shuffles within each sentence and nowhere else.
    words = is_word.nonzero()[:, 0]
    draw = torch.rand(len(words), generator=rng, dtype=torch.float64)
    given = right.clone()
    given[words] = right[words[(sentence[words] + draw).argsort()]]

    per_row = torch.tensor([len(row) for row in rows])
    tokens = sizes.new_zeros(len(rows)).index_add(0, torch.arange(len(rows)).repeat_interleave(per_row), sizes)
    offsets = torch.cat((tokens.new_zeros(1), (2 * tokens + 1).cumsum(0)))
    text = _consecutive(offsets[:-1], tokens)
    answer = _consecutive(offsets[:-1] + tokens + 1, tokens)
    inputs = torch.full((int(offsets[-1]),), BLANK, dtype=right.dtype)
    inputs[text] = given
    inputs[answer] = right.masked_fill(is_word, BLANK)
    inputs[offsets[:-1] + tokens] = DELIMITER
    targets = torch.full_like(inputs, UNSCORED)
    targets[answer] = right.masked_fill(~is_word, UNSCORED)
    return Split(Ragged(inputs, offsets), Ragged(targets, offsets))


def _consecutive(starts: Tensor, sizes: Tensor) -> Tensor:
    """Return start, start + 1, ... for each start, as many as its size, all in one row."""
    import torch

    before = sizes.cumsum(0) - sizes
    return torch.arange(int(sizes.sum())) + (starts - before).repeat_interleave(sizes)

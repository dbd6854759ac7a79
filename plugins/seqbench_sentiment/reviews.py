"""Generates the film reviews of the sentiment task.

One sentence of opinion, whose label depends on the order of its words, in a text without any opinion. Pure
functions from random draws to tokens; torch is imported when one runs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from seqbench import DataError, Split, generator

if TYPE_CHECKING:
    from torch import Generator, Tensor

SHORTEST = 8
"""Tokens of the longest sentence of opinion."""

CLASSES = ("negative", "positive")

_GOOD = ("good", "great", "charming", "clever", "moving", "witty")
_BAD = ("bad", "awful", "boring", "clumsy", "dull", "silly")
_WHICH = ("the", "this", "its", "their")
_ABOUT = ("film", "plot", "acting", "script", "music", "ending", "camera", "dialogue")
_IS = ("is", "was", "seems", "looks")
# A slot of the neutral sentence on each line; every line has eight words or one.
_NEUTRAL = (
    ("the",),
    ("teacher", "sailor", "doctor", "farmer", "singer", "lawyer", "baker", "painter"),
    ("meets", "calls", "follows", "visits", "joins", "leaves", "hires", "paints"),
    ("a",),
    ("young", "tall", "retired", "local", "foreign", "married", "quiet", "busy"),
    ("neighbour", "cousin", "student", "writer", "driver", "pilot", "nurse", "clerk"),
    ("in",),
    ("paris", "summer", "london", "winter", "berlin", "autumn", "boston", "spring"),
    (".",),
)
_CHOICES = 8
_DRAWS = 5040  # a multiple of every number of choices, so that each is equally likely

WORDS = tuple(
    dict.fromkeys(
        word
        for words in (*_NEUTRAL, _WHICH, _ABOUT, _IS, ("not", "but", "although", ","), _BAD, _GOOD)
        for word in words
    )
)
"""The vocabulary; a token is a place in it."""

_TOKEN = {word: token for token, word in enumerate(WORDS)}


def made_up_splits(
    sizes: Mapping[str, int], length: int, evidence: str, seed: int, *, attempts: int = 50
) -> dict[str, Split]:
    """Return a split of this size for each part; no review occurs twice.

    Args:
        sizes: part -> number of reviews; a part shares no review with earlier parts.
        length: tokens of each.
        evidence: see `write_reviews`.
        seed: each part has a stream of its own.
        attempts: how often repeated reviews are drawn again.

    Raises:
        DataError: there are not enough different reviews of this length.
    """
    seen: set[int] = set()
    return {part: _distinct(part, size, length, evidence, seed, seen, attempts) for part, size in sizes.items()}


def _distinct(part: str, size: int, length: int, evidence: str, seed: int, seen: set[int], attempts: int) -> Split:
    import torch

    tokens, labels = [], []
    missing = size
    for attempt in range(attempts):
        rng = generator(seed, "sentiment", part, length, evidence, attempt)
        drawn, classes = write_reviews(missing, length, evidence, rng)
        rows = []
        for row, mark in enumerate(_marks(drawn)):
            if mark not in seen:
                seen.add(mark)
                rows.append(row)
        tokens.append(drawn[rows])
        labels.append(classes[rows])
        missing -= len(rows)
        if not missing:
            return Split(torch.cat(tokens), torch.cat(labels))
    raise DataError(
        f"sentiment: after {attempts} attempts {missing} of {size} different {part} reviews of {length} tokens"
        " are not found; ask for fewer, or for longer ones"
    )


def _marks(tokens: Tensor) -> list[int]:
    """Return a 64-bit number for each row that is the same where the rows are the same."""
    import torch

    length = tokens.shape[1]
    weights = torch.randint(-(2**63), 2**63 - 1, (length,), generator=generator(0, "sentiment", "marks"))
    return [mark for rows in _chunks(tokens) for mark in (tokens[rows] * weights).sum(1).tolist()]


def _chunks(tokens: Tensor) -> list[slice]:
    """Return slices of rows that hold about a million tokens each, so that int64 copies stay small."""
    examples, length = tokens.shape
    size = max(1, 2**20 // length)
    return [slice(start, start + size) for start in range(0, examples, size)]


def write_reviews(examples: int, length: int, evidence: str, rng: Generator) -> tuple[Tensor, Tensor]:
    """Return tokens [examples, length] as uint8 and labels [examples] (0 negative, 1 positive) as uint8.

    Args:
        examples: how many reviews.
        length: tokens of each, at least SHORTEST.
        evidence: where the opinion stands: ``start``, ``middle``, ``end`` or ``anywhere``.
        rng: every random choice comes from it.
    """
    import torch

    draws = torch.randint(_DRAWS, (examples, 8), generator=rng)
    opinions = [write_opinion(row) for row in draws.tolist()]
    sizes = torch.tensor([len(words) for words, _ in opinions])
    starts = _starts(evidence, length - sizes, rng)
    tokens = torch.randint(_CHOICES, (examples, length), generator=rng, dtype=torch.uint8)
    for rows in _chunks(tokens):
        tokens[rows] = _neutral(tokens[rows], starts[rows], sizes[rows])
    for row, start, (words, _) in zip(tokens, starts.tolist(), opinions, strict=True):
        row[start : start + len(words)] = torch.tensor([_TOKEN[word] for word in words], dtype=torch.uint8)
    return tokens, torch.tensor([label for _, label in opinions], dtype=torch.uint8)


def write_opinion(draws: Sequence[int]) -> tuple[list[str], int]:
    """Return the words of one sentence of opinion and its label, chosen by eight numbers.

    A quarter of the sentences hold one judgement, ``the film is [not] good``, a quarter of these with ``not``.
    The others hold two that disagree, of which the later counts: ``the film is [not] good but [not] dull`` or
    ``although [not] good , the film is [not] dull``, with one ``not`` at most; each bag of words that they can
    hold stands under both labels equally often. So a predictor that adds up words is right about 0.25 * 0.75 +
    0.75 * 0.5 = 56% of the time.

    >>> write_opinion([0, 0, 0, 0, 0, 0, 2, 0])
    (['the', 'film', 'is', 'not', 'charming'], 0)
    >>> write_opinion([1, 1, 0, 0, 1, 7, 3, 4])
    (['this', 'film', 'is', 'dull', 'but', 'clever'], 1)
    """
    label, which, about, verb, form, negation, last, first = draws
    label = label % 2
    subject = [_pick(_WHICH, which), _pick(_ABOUT, about), _pick(_IS, verb)]
    if form % 4 == 0:
        return [*subject, *_judgement(label, last, is_negated=negation % 4 == 0)], label
    earlier = _judgement(1 - label, first, is_negated=negation % 8 == 0)
    later = _judgement(label, last, is_negated=negation % 8 == 1)
    if form % 8 < 4:
        return [*subject, *earlier, "but", *later], label
    return ["although", *earlier, ",", *subject, *later], label


def _judgement(label: int, which: int, *, is_negated: bool) -> list[str]:
    adjective = _pick(_GOOD if label != is_negated else _BAD, which)
    return ["not", adjective] if is_negated else [adjective]


def _pick(words: Sequence[str], draw: int) -> str:
    return words[draw % len(words)]


def _starts(evidence: str, room: Tensor, rng: Generator) -> Tensor:
    """Return the start of each opinion among the ``room`` + 1 possible places: [examples]."""
    import torch

    if evidence == "anywhere":
        return (torch.rand(len(room), generator=rng, dtype=torch.float64) * (room + 1)).long()
    return {"start": room * 0, "middle": room // 2, "end": room}[evidence]


def _neutral(draws: Tensor, starts: Tensor, sizes: Tensor) -> Tensor:
    """Return neutral sentences that end where the opinion starts, and start again after it and a full stop."""
    import torch

    table = torch.tensor([[_TOKEN[slot[i % len(slot)]] for i in range(_CHOICES)] for slot in _NEUTRAL])
    since = torch.arange(draws.shape[1]) - starts[:, None]
    slot = torch.where(since < 0, since, since - sizes[:, None] - 1) % len(_NEUTRAL)
    return table[slot, draws.long()].to(torch.uint8)

"""Fits a lexicon on pairs of sentences: model 1 of Brown et al. 1993, by expectation maximisation.

With a source word f_0 = NULL that stands in every sentence, the probability of a target sentence e_1 ... e_m
beside a source sentence f_0 ... f_l is proportional to the product over j of the sum over i of t(e_j | f_i).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

ROUNDS = 10
MOST_LINKS = 4_000_000
"""Largest number of links, a source word beside a target word, that are fitted: 330 MB, 5 seconds."""

NULL = 0

Words = Sequence[str]


def fitted_lexicon(pairs: Iterable[tuple[Words, Words]], rounds: int = ROUNDS) -> dict[str, str]:
    """Return the likeliest translation, argmax over e of t(e | f), of each source word f.

    >>> lexicon = fitted_lexicon([(["das", "haus"], ["the", "house"]), (["das", "buch"], ["the", "book"])])
    >>> lexicon["das"], lexicon["haus"]
    ('the', 'house')
    """
    given: dict[str, int] = {"": NULL}
    written: dict[str, int] = {}
    links = _linked(pairs, given, written)
    table = fitted(links, len(given), len(written), rounds)
    names, chosen = list(written), table.likeliest()
    return {word: names[chosen[number]] for word, number in given.items() if number in chosen and word}


class Links(NamedTuple):
    """All pairs of a source word and a target word that stand in one pair of sentences.

    Attributes:
        source: [links], the number of the source word.
        target: [links], the number of the target word.
        place: [links], which target word of the text it is: j, counted through all sentences.
    """

    source: NDArray[np.int32]
    target: NDArray[np.int32]
    place: NDArray[np.int32]


class Table(NamedTuple):
    """The probabilities t(e | f) that are not 0.

    Attributes:
        source, target: [entries], f and e, ordered by f and then by e.
        probability: [entries].
    """

    source: NDArray[np.int64]
    target: NDArray[np.int64]
    probability: NDArray[np.float64]

    def likeliest(self) -> dict[int, int]:
        """Return f -> the e with the largest t(e | f); of equals the first that the text shows."""
        import numpy as np

        order = np.lexsort((self.target, -self.probability, self.source))
        words, first = np.unique(self.source[order], return_index=True)
        return dict(zip(words.tolist(), self.target[order][first].tolist(), strict=True))


def fitted(links: Links, source_words: int, target_words: int, rounds: int) -> Table:
    """Maximise the likelihood of the target words (Brown et al. 1993, section 4.1), from equal probabilities.

    Args:
        links: of all pairs of sentences.
        source_words, target_words: how many words there are, NULL among the former.
        rounds: of expectation maximisation; each makes the likelihood larger, or leaves it.
    """
    import numpy as np

    entries, entry = np.unique(links.source.astype(np.int64) * target_words + links.target, return_inverse=True)
    source, target = entries // target_words, entries % target_words
    probability = np.full(len(entries), 1.0 / target_words)
    for _ in range(rounds):
        # Expectation: the share of each source word in each target word, t(e | f) / sum over f' of t(e | f').
        there = probability[entry]
        share = there / np.bincount(links.place, there)[links.place]
        # Maximisation: t(e | f) is c(e | f; sentences) divided by its sum over e.
        count = np.bincount(entry, share, minlength=len(entries))
        probability = count / np.bincount(source, count, minlength=source_words)[source]
    return Table(source, target, probability)


def _linked(pairs: Iterable[tuple[Words, Words]], given: dict[str, int], written: dict[str, int]) -> Links:
    """Number the words of pairs in the order in which they come, and link them; stop after MOST_LINKS."""
    import numpy as np

    numbered = list(_numbered(pairs, given, written))
    sources = [np.array([NULL, *source], np.int32) for source, _ in numbered]
    targets = np.fromiter(chain.from_iterable(target for _, target in numbered), np.int32)
    # Each target word is linked with the whole source sentence beside it.
    repeated = [np.tile(source, len(target)) for source, (_, target) in zip(sources, numbered, strict=True)]
    per_place = np.repeat([len(source) for source in sources], [len(target) for _, target in numbered])
    place = np.repeat(np.arange(len(targets), dtype=np.int32), per_place)
    return Links(np.concatenate(repeated), targets[place], place)


def _numbered(
    pairs: Iterable[tuple[Words, Words]], given: dict[str, int], written: dict[str, int]
) -> Iterator[tuple[list[int], list[int]]]:
    links = 0
    for source, target in pairs:
        links += (len(source) + 1) * len(target)
        if links > MOST_LINKS and written:
            return
        numbers = [given.setdefault(word, len(given)) for word in source]
        yield numbers, [written.setdefault(word, len(written)) for word in target]

"""Puts the sentences of the word-order task into splits that share no bag of words, and numbers their words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from seqbench import DataError, generator
from seqbench_word_order.sentences import SPECIALS, UNKNOWN, Sentence, sentences_in

if TYPE_CHECKING:
    from torch import Tensor

PARTS = ("train", "validation", "test")
BLANK, DELIMITER = 0, 1
LONGEST = 40
"""Longer sentences are left out, because decoding takes quadratic time."""


@dataclass(frozen=True, eq=False)
class Corpus:
    """Tokenised sentences, laid one after the other.

    Attributes:
        tokens: [total tokens], each sentence closed by its mark.
        offsets: [sentences + 1]; sentence i is ``tokens[offsets[i]:offsets[i + 1]]``.
        part: [sentences], the index in PARTS of the split that the sentence is in.
        vocabulary: the words, in the order of their token numbers.
        facts: what was left out, and why.
    """

    tokens: Tensor
    offsets: Tensor
    part: Tensor
    vocabulary: tuple[str, ...]
    facts: Mapping[str, int]

    def tensors(self) -> dict[str, Tensor]:
        """Return the corpus as tensors only, to be cached."""
        import torch

        letters = "\n".join(self.vocabulary).encode()
        facts = {f"fact {name}": torch.tensor(number) for name, number in self.facts.items()}
        vocabulary = torch.frombuffer(bytearray(letters), dtype=torch.uint8)
        tensors = {"tokens": self.tokens, "offsets": self.offsets, "part": self.part}
        return tensors | {"vocabulary": vocabulary} | facts

    @staticmethod
    def from_tensors(tensors: Mapping[str, Tensor]) -> Corpus:
        """Undo `tensors`."""
        vocabulary = tuple(bytes(tensors["vocabulary"].tolist()).decode().split("\n"))
        facts = {name[5:]: int(number) for name, number in tensors.items() if name.startswith("fact ")}
        return Corpus(tensors["tokens"], tensors["offsets"], tensors["part"], vocabulary, facts)


def build_corpus(
    texts: Mapping[str, Iterable[str]],
    *,
    lower: bool,
    vocabulary_size: int,
    seed: int,
    longest_sentence: int = LONGEST,
) -> Corpus:
    """Split lines of text into sentences, keep bags of words apart and number the words.

    Args:
        texts: split -> lines; ``all`` is taken for ``train``. A split that is missing gets a tenth of the
            bags of words in ``train``, drawn with the seed.
        lower: write words in small letters, but for "I".
        vocabulary_size: how many different words of the training text keep a number of their own.
        seed: decides the draw.
        longest_sentence: in tokens, its mark counted; longer ones are left out.

    Raises:
        DataError: a split has no sentence.
    """
    cut = {name: [s for line in lines for s in sentences_in(line, lower=lower)] for name, lines in texts.items()}
    everything = [sentence for sentences in cut.values() for sentence in sentences]
    usable = {
        "train" if name == "all" else name: [
            s for s in dict.fromkeys(sentences) if 3 <= len(s) <= longest_sentence
        ]
        for name, sentences in cut.items()
    }
    parts, overlapping = _kept_apart(_completed(usable, seed), longest_sentence)
    vocabulary = _vocabulary(parts["train"], vocabulary_size)
    facts = {
        "sentences_of_one_word": sum(len(s) < 3 for s in everything),
        "sentences_too_long": sum(len(s) > longest_sentence for s in everything),
        "sentences_in_two_splits": overlapping,
    }
    return _numbered(parts, vocabulary, facts)


def _completed(parts: Mapping[str, Sequence[Sentence]], seed: int) -> dict[str, Sequence[Sentence]]:
    """Draw missing splits from the training sentences, whole bags of words at a time."""
    import torch

    missing = [name for name in PARTS if name not in parts]
    if not missing:
        return dict(parts)
    if "train" in missing:
        raise DataError(f"word-order needs text to train on; the data has only {', '.join(parts)}")
    bags = list(dict.fromkeys(map(bag, parts["train"])))
    order = torch.randperm(len(bags), generator=generator(seed, "word-order", "splits")).tolist()
    tenth = -(-len(bags) // 10)
    drawn = {bags[row]: name for i, name in enumerate(missing) for row in order[i * tenth : (i + 1) * tenth]}
    groups: dict[str, list[Sentence]] = {"train": [], **{name: [] for name in missing}}
    for sentence in parts["train"]:
        groups[drawn.get(bag(sentence), "train")].append(sentence)
    return {**parts, **groups}


def bag(sentence: Sentence) -> Sentence:
    """Return the words in alphabetical order, without the mark: "you are late" is in the bag of "are you late"."""
    return tuple(sorted(sentence[:-1]))


def _kept_apart(
    parts: Mapping[str, Sequence[Sentence]], longest_sentence: int
) -> tuple[dict[str, Sequence[Sentence]], int]:
    """Drop sentences from training and validation that reorder a sentence of a later split, and count them."""
    taken: set[Sentence] = set()
    kept: dict[str, Sequence[Sentence]] = {}
    for name in reversed(PARTS):
        kept[name] = [sentence for sentence in parts[name] if bag(sentence) not in taken]
        taken.update(map(bag, kept[name]))
        if not kept[name]:
            raise DataError(
                f"word-order needs sentences of 2 to {longest_sentence - 1} words in every split, and {name}"
                " has none that is not in another split too; give more text, or raise longest_sentence"
            )
    return kept, sum(len(parts[name]) - len(kept[name]) for name in PARTS)


def _vocabulary(sentences: Iterable[Sentence], size: int) -> tuple[str, ...]:
    counts = Counter(word for sentence in sentences for word in sentence[:-1] if word not in SPECIALS)
    if not counts:
        raise DataError("not one word of the training text is known: every word is <unk>; give other text")
    return tuple(sorted(counts, key=lambda word: (-counts[word], word))[:size])


def _numbered(
    parts: Mapping[str, Sequence[Sentence]], vocabulary: tuple[str, ...], facts: Mapping[str, int]
) -> Corpus:
    import torch

    number = {word: i for i, word in enumerate((*SPECIALS, *vocabulary))}
    sentences = [sentence for name in PARTS for sentence in parts[name]]
    tokens = [number.get(word, UNKNOWN) for sentence in sentences for word in sentence]
    sizes = torch.tensor([0, *map(len, sentences)])
    part = [i for i, name in enumerate(PARTS) for _ in parts[name]]
    dtype = torch.int16 if len(number) < 2**15 else torch.int32
    return Corpus(torch.tensor(tokens, dtype=dtype), sizes.cumsum(0), torch.tensor(part), vocabulary, facts)

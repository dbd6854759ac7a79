"""Offers the task ``word-order``: put shuffled words back in order.

Sentences come from a small grammar, or from any text, and follow one another as running text.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from random import Random
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field
from seqbench_texts.columns import texts_in, texts_of

from seqbench import (
    UNSCORED,
    Baseline,
    Batch,
    DataError,
    Ragged,
    Split,
    StepClass,
    Task,
    TaskData,
    Tokens,
    cached_tensors,
    data_source,
    derive_seed,
    fingerprint,
    generated_only,
    generator,
    read_tables,
)
from seqbench_word_order.grammar import sentences as written_sentences
from seqbench_word_order.metrics import Bigrams, bigram_order, chance, metrics, place_order, rates, sentences_of
from seqbench_word_order.new_texts import encoded, ordered
from seqbench_word_order.rows import make_rows, packed, unpacked
from seqbench_word_order.sentences import SPECIALS, UNKNOWN
from seqbench_word_order.text import LONGEST, PARTS, Corpus, build_corpus

if TYPE_CHECKING:
    from torch import Tensor

Count = Annotated[int, Field(ge=1)]

_STORED = 3
"""Version of the cached tensors; it rises when the same settings mean other tensors."""

_MUCH_UNKNOWN = 0.5
"""Share of unknown words from which order is a guess between equal tokens."""

_DRAWS = 50
"""Most draws from the grammar for each sentence; after that it has too few."""


@dataclass(frozen=True)
class WordOrder(Task):
    """Put right a running text whose words were shuffled inside each sentence.

    The length is the number of tokens of text, words and sentence marks. After a delimiter ``|`` each word
    is asked for at a blank ``_`` (``^``); marks keep their places and are shown again at them::

        input   article am I an reading . you are late ? | _ _  _       _  _       . _   _   _    ?
        target                                             I am reading an article   are you late
        scored                                             ^ ^  ^       ^  ^         ^   ^   ^

    A sentence is read off greedily: at each step the word with the highest logit of those still unused in
    it, so that every answer is an order of the given words. Two equal words are interchangeable; so are two
    words outside the vocabulary, which share ``<unk>``.

    A row holds whole sentences, chosen so that they fill it; where no sentence fits the rest, it is shorter.
    Training rows use sentences again, in new company and newly shuffled; test rows use each at most once. No
    two splits share a bag of words, so a test sentence is never a reordering of a training sentence.

    Skill is measured from the best of four baselines: the order as given; a bigram model that continues with the
    word that most often came next; "commonest at each place", the best without remembering a word of the text; and
    chance, the exact mean over all orders of the test sentences' words.

    Letters are brought to NFC first, and a word keeps the marks on its letters; in scripts without spaces each
    letter with its marks is a word. Sentence ends of other scripts are read as ``.``, ``?`` and ``!``. There is a
    warning about an out-of-vocabulary rate of a half or more.

    Attributes:
        data: None for the sentences of a small grammar; else a text file (a sentence or more to a line), a
            folder with train, valid and test files, or a Hugging Face data set. Splits that are missing are
            a tenth of the training sentences each, drawn with the seed.
        column: where the text is, in a table.
        sentences: without ``data``: how many different sentences the grammar writes, all splits together.
        longest_sentence: tokens of a sentence at most, its mark counted; longer ones are left out.
        vocabulary_size: how many of the commonest training words keep a token of their own.
        lower: write words in small letters, one for one, except "I"; a capital would give the first word away.
        train_rows: training rows, at most.
        train_tokens: training rows times length, at most; there is always at least one row.
        test_rows: validation and test rows, at most.
    """

    name = "word-order"
    version = 2
    data: str | None = data_source()
    column: str = "text"
    sentences: Annotated[int, Field(ge=100, le=200_000)] = generated_only(30_000)
    longest_sentence: Annotated[int, Field(ge=3, le=LONGEST)] = LONGEST
    vocabulary_size: Count = 5_000
    lower: bool = True
    train_rows: Count = 10_000
    train_tokens: Count = 2_000_000
    test_rows: Count = 500

    def time_steps(self, length: int) -> int:
        """Return the text, the delimiter and a blank for each token of text."""
        return 2 * length + 1

    @property
    def divides_by_seed(self) -> bool:
        """True of text without a test split."""
        return self.data is not None and "test" not in read_tables(self.data)

    def load(self, length: int, seed: int) -> TaskData:
        """Make rows of ``length`` tokens of text.

        Raises:
            DataError: the text is missing, no sentence fits, or a split has less text than one row.
        """
        source = f"grammar {self.sentences}" if self.data is None else fingerprint(self.data)
        corpus = Corpus.from_tensors(self._kept(source, seed, (), lambda: self._built(seed).tensors()))
        train_rows = max(1, min(self.train_rows, self.train_tokens // length))
        most = {"train": train_rows, "validation": self.test_rows, "test": self.test_rows}

        def make() -> dict[str, Tensor]:
            """Pack the sentences of each part into rows."""
            rng = {part: generator(seed, self.name, part, length) for part in PARTS}
            return packed({part: make_rows(corpus, part, length, most[part], rng[part]) for part in PARTS})

        rows = self._kept(source, seed, ("rows", length, *most.values()), make)
        train, validation, test = (unpacked(rows, part) for part in PARTS)
        size = len(SPECIALS) + len(corpus.vocabulary)
        facts = _facts(corpus, test, length)
        _warn(facts)
        return TaskData(
            train=train,
            validation=validation,
            test=test,
            inputs=Tokens(size),
            targets=StepClass(size),
            metrics=metrics(),
            baselines=_baselines(corpus, test, size),
            show=lambda i: _shown(corpus.vocabulary, test, i),
            facts=facts,
            fitted={"words": [*SPECIALS, *corpus.vocabulary]},
        )

    def encode(self, rows: Sequence[Mapping[str, Any]], length: int, fitted: Mapping[str, Any]) -> Ragged:
        """Return texts as rows of the task: the words as they are given, a delimiter, and a blank for each.

        Raises:
            DataError: a row has no text, not one word, or more tokens than ``length``.
        """
        return encoded(texts_of(rows, self.column), length, fitted["words"], lower=self.lower)

    def answers(self, outputs: Tensor, batch: Batch, fitted: Mapping[str, Any]) -> list[str]:
        """Return each text with the words of its sentences in the order that the network gives them."""
        return ordered(outputs, batch, fitted["words"])

    def _kept(
        self, source: str, seed: int, further: tuple[str | int, ...], make: Callable[[], dict[str, Tensor]]
    ) -> dict[str, Tensor]:
        """Return the result of ``make`` for the text, from the cache if possible."""
        settings = (self.column, self.longest_sentence, self.vocabulary_size, self.lower, seed)
        return cached_tensors((self.name, self.version, _STORED, source, *settings, *further), make, source=source)

    def _built(self, seed: int) -> Corpus:
        return build_corpus(
            {"all": self._written(seed)} if self.data is None else _texts(self.data, self.column),
            lower=self.lower,
            vocabulary_size=self.vocabulary_size,
            seed=seed,
            longest_sentence=self.longest_sentence,
        )

    def _written(self, seed: int) -> list[str]:
        drawn: dict[str, None] = {}
        rng = Random(derive_seed(seed, self.name, "grammar"))
        for sentence in islice(written_sentences(rng), _DRAWS * self.sentences):
            # A mark stands at the last word, and is a token of its own.
            if len(sentence.split()) + 1 <= self.longest_sentence:
                drawn[sentence] = None
            if len(drawn) == self.sentences:
                return list(drawn)
        raise DataError(
            f"the grammar wrote only {len(drawn)} different sentences of at most {self.longest_sentence} tokens,"
            f" and {self.sentences} are asked for; lower word-order.sentences or raise longest_sentence"
        )


def _texts(data: str, column: str) -> dict[str, list[str]]:
    tables = read_tables(data)
    return {
        part: texts_in(table.reset_index(drop=True), column, "word-order.column", part)
        for part, table in tables.items()
    }


def _warn(facts: Mapping[str, float | int | str]) -> None:
    unknown = float(facts["oov_rate"])
    if unknown >= _MUCH_UNKNOWN:
        warnings.warn(
            f"{unknown:.0%} of the test words are not in the vocabulary, and all of them are one word"
            " to a model, in any order; give more training text, or raise vocabulary_size",
            stacklevel=3,
        )


def _baselines(corpus: Corpus, test: Split, size: int) -> tuple[Baseline, ...]:
    import torch

    sentences = sentences_of(test.batch(torch.arange(len(test))))
    is_train = (corpus.part == 0).repeat_interleave(corpus.offsets.diff())
    train = corpus.tokens[is_train]
    return (
        Baseline("order as given", rates(sentences.given, sentences)),
        Baseline("bigram greedy", rates(bigram_order(sentences, Bigrams.fit(train, size)), sentences)),
        Baseline("commonest at each place", rates(place_order(sentences, train, size), sentences)),
        Baseline("chance", chance(sentences)),
    )


def _facts(corpus: Corpus, test: Split, length: int) -> dict[str, float | int | str]:
    right = test.targets.values if isinstance(test.targets, Ragged) else test.targets
    words = right[right >= UNKNOWN]
    sizes = corpus.offsets.diff()
    return {
        **corpus.facts,
        "sentences_longer_than_length": int((sizes > length).sum()),
        **{f"{part}_sentences": int((corpus.part == i).sum()) for i, part in enumerate(PARTS)},
        "test_words": len(words),
        "oov_rate": float((words == UNKNOWN).double().mean()),
    }


def _shown(vocabulary: Sequence[str], test: Split, row: int) -> str:
    """Return the text as given above the right one."""
    import torch

    batch = test.batch(torch.tensor([row]))
    names = (*SPECIALS, *vocabulary)
    tokens = (int(batch.lengths[0]) - 1) // 2
    given = batch.inputs[0, :tokens].tolist()
    asked = batch.targets[0, tokens + 1 :].tolist()
    right = [mark if word == UNSCORED else word for mark, word in zip(given, asked, strict=True)]
    lines = (" ".join(names[token] for token in text) for text in (given, right))
    return "\n".join(f"{label:<8}{line}" for label, line in zip(("input", "target"), lines, strict=True))

"""Offers the task ``next-token``: predict each next token of running text."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field
from seqbench_texts.columns import texts_of

from seqbench import (
    Ragged,
    Split,
    StepClass,
    Task,
    TaskData,
    Tokens,
    cached_tensors,
    data_source,
    fingerprint,
    generated_only,
)
from seqbench_next_token.baselines import HIGHEST, Predictions, baselines
from seqbench_next_token.corpus import Corpus, documents, warn
from seqbench_next_token.grammar import START, VOCABULARY
from seqbench_next_token.judging import MEANINGS, judged
from seqbench_next_token.kneser_ney import KneserNey
from seqbench_next_token.showing import shown
from seqbench_next_token.text import PARTS, Shares, read_parts
from seqbench_next_token.units import BytePairs, Characters, Cut, Unit, Units, Words, unknown_note
from seqbench_next_token.windows import contexts, one_row, rows, windows

if TYPE_CHECKING:
    from torch import Tensor

Count = Annotated[int, Field(ge=1)]
Share = Annotated[float, Field(ge=0, le=0.4)]

_STORED = 3
"""Version of the cached tensors; it rises when the same settings mean other tensors."""


@dataclass(frozen=True, eq=False)
class Material:
    """What a task's data at one length are made of.

    Attributes:
        rows: part -> its rows.
        unit: what a token is.
        predictions: of n-gram models, at each test token.
        tokens_per_character: of the test text.
        facts: about the text.
        source: [test tokens], -ln p by the source of the text; None if it is not known.
    """

    rows: Mapping[str, Split]
    unit: Unit
    predictions: Predictions
    tokens_per_character: float
    facts: Mapping[str, float | int | str]
    source: Tensor | None = None


@dataclass(frozen=True)
class NextToken(Task):
    """Predict each next token of running text, from the tokens before it.

    The length is the number of tokens of context, from a fresh state: a row is a window of ``length`` inputs,
    windows do not overlap, and each next token is a target::

        context  1    2    3    4    5       6    7
        input    the  dogs that the  cat     sees run
        target   dogs that the  cat  sees    run  .
        scored   ^    ^    ^    ^    ^       ^    ^

    Without ``data`` the text is written by a grammar whose distribution of the next token is known, so that skill
    1 means the source itself; on real text the best loss is 0, which nothing reaches. Skill is measured from the
    best of unigrams and interpolated Kneser-Ney models of order 2 to 5 (Kneser & Ney 1995, with the discounts of
    Chen & Goodman 1999), which predict the same test tokens from the same context. The loss is told by tokens of
    context too.

    Attributes:
        data: None for the text of a grammar; else a text file, a folder with train, valid and test files, a table
            with a column of texts, or a Hugging Face data set.
        column: where the text is, in a table.
        unit: what a token is: a ``word``, a ``character``, or ``bpe``, frequent pairs of bytes joined.
        cut: what a word is: what stands between ``spaces``, or letters with each sign for itself, ``signs``.
        vocabulary_size: how many tokens there are at most; the commonest of the training text.
        validation_share, test_share: what is cut off the end of a text without such parts; 0 takes the training
            text itself.
        carry: score the test text as one too, with the state carried over.
        train_tokens, test_tokens: without ``data``: tokens in the training rows, and in those of each other split.
    """

    name = "next-token"
    version = 1
    reference = """
        @inproceedings{kneser1995,
          author = {Kneser, Reinhard and Ney, Hermann},
          title = {Improved Backing-off for M-gram Language Modeling},
          booktitle = {International Conference on Acoustics, Speech, and Signal Processing},
          volume = {1},
          pages = {181--184},
          year = {1995}
        }
        @article{chen1999,
          author = {Chen, Stanley F. and Goodman, Joshua},
          title = {An Empirical Study of Smoothing Techniques for Language Modeling},
          journal = {Computer Speech and Language},
          volume = {13},
          number = {4},
          pages = {359--394},
          year = {1999}
        }
    """
    needs_causal = True
    is_longer_harder = False
    judge_meanings = MEANINGS
    data: str | None = data_source()
    column: str = "text"
    unit: Literal["word", "character", "bpe"] = "word"
    cut: Cut = "spaces"
    vocabulary_size: Annotated[int, Field(ge=3)] = 10_000
    validation_share: Share = 0.05
    test_share: Share = 0.1
    carry: bool = False
    train_tokens: Count = generated_only(300_000)
    test_tokens: Count = generated_only(30_000)

    def __post_init__(self) -> None:
        """Refuse units that the text of the grammar does not have."""
        super().__post_init__()
        if self.data is None and (self.unit, self.cut) != ("word", "spaces"):
            raise ValueError(
                f"unit is {self.unit} and cut is {self.cut}, and without data the text is in words; name a text"
                " with data"
            )
        if self.unit == "bpe" and self.vocabulary_size < 256:
            raise ValueError(f"vocabulary_size is {self.vocabulary_size}, and bpe begins with 256 bytes; raise it")

    def load(self, length: int, seed: int) -> TaskData:
        """Make rows of ``length`` tokens.

        Raises:
            DataError: the text is missing, or too short for so much context.
        """
        from seqbench_next_token.scores import Items, Measures

        made = self._written(length, seed) if self.data is None else self._read(length)
        test = made.rows["test"]
        measures = Measures(int(test.lengths.max()), made.tokens_per_character, self.carry)
        source = {} if made.source is None else measures.scores(Items(made.source, contexts(test)))
        return TaskData(
            train=made.rows["train"],
            validation=made.rows["validation"],
            test=test,
            inputs=Tokens(made.unit.size),
            targets=StepClass(made.unit.size),
            metrics=measures.metrics(source),
            baselines=tuple(baselines(made.predictions, test, measures, Items)),
            show=lambda row: shown(test, row, made.unit),
            facts=made.facts,
            fitted=made.unit.told(),
            stream=one_row(test) if self.carry else None,
        )

    def encode(self, rows: Sequence[Mapping[str, Any]], length: int, fitted: Mapping[str, Any]) -> Ragged:
        """Turn texts, in the column that ``column`` names or in ``text``, into their last ``length`` tokens.

        Raises:
            DataError: a row has no text.

        Warns:
            UserWarning: words or characters of the texts are unknown.
        """
        import torch

        texts, unit = texts_of(rows, self.column, otherwise="text"), self._units[fitted]
        _warn_of_unknown(unit, texts, "the rows")
        tokens = [list(unit.encode(text)) or [unit.start] for text in texts]
        return Ragged.from_rows([torch.tensor(row[-length:]) for row in tokens])

    def decode(self, outputs: Tensor, fitted: Mapping[str, Any]) -> list[Any]:
        """Return the most probable next token of each text; `<eos>` for the end of a line."""
        is_real = ~outputs.isnan().any(-1)
        last = outputs[range(len(outputs)), is_real.sum(1) - 1]
        return [self._units[fitted].answer(token) for token in last.argmax(-1).tolist()]

    def prompt(self, text: str, fitted: Mapping[str, Any]) -> list[int]:
        """Return the tokens of a text; without any, the one after which texts begin.

        Warns:
            UserWarning: words or characters of the text are unknown.
        """
        unit = self._units[fitted]
        _warn_of_unknown(unit, [text], "the prompt")
        return list(unit.encode(text)) or [unit.start]

    def text(self, tokens: Sequence[int], fitted: Mapping[str, Any]) -> str:
        """Return the text of tokens."""
        return self._units[fitted].text(tokens)

    def judge(self, samples: Sequence[Sequence[int]], length: int, seed: int) -> dict[str, float]:
        """Score samples against the training text; see `seqbench_next_token.judging`.

        Their perplexity is that of the Kneser-Ney model whose order predicts the validation text best.
        """
        if self.data is None:
            made = self._kept_documents(length, seed)
            train, validation, size = made["train"].flatten(), made["validation"].flatten(), len(VOCABULARY)
        else:
            corpus = self._corpus()
            train, validation, size = corpus.tokens["train"], corpus.tokens["validation"], corpus.unit.size
        model = KneserNey.fit(train, size, HIGHEST)
        order = 1 + int(model.log_probabilities(validation).mean(1).argmax())
        return judged(samples, train, model, order)

    @cached_property
    def _units(self) -> Units:
        return Units()

    def _written(self, length: int, seed: int) -> Material:
        """Make the data of the grammar: each row begins a document."""
        kept = self._kept_documents(length, seed)
        unit = Words(VOCABULARY, before=START)
        words = kept["test"][:, 1:].flatten().tolist()
        facts = {"vocabulary": unit.size, "source_cross_entropy": float(kept["losses"].mean())}
        return Material(
            rows={part: rows(kept[part]) for part in PARTS},
            unit=unit,
            predictions=Predictions(kept["logs"], kept["is_commonest"]),
            tokens_per_character=len(words) / sum(len(VOCABULARY[word]) + 1 for word in words),
            facts=facts | {f"{part}_tokens": kept[part][:, 1:].numel() for part in PARTS},
            source=kept["losses"],
        )

    def _kept_documents(self, length: int, seed: int) -> dict[str, Tensor]:
        sizes = {"train": self.train_tokens, "validation": self.test_tokens, "test": self.test_tokens}

        def make() -> dict[str, Tensor]:
            made = documents({part: max(1, size // length) for part, size in sizes.items()}, length, seed)
            predictions = Predictions.of_documents(made["train"], made["test"], len(VOCABULARY))
            return made | predictions.tensors()

        return self._kept("grammar", ("rows", length, seed, *sizes.values()), make)

    def _read(self, length: int) -> Material:
        """Make the data of a text: windows that follow one another."""
        corpus = self._corpus()
        corpus.refuse_beyond(length)
        tokens, size = corpus.tokens, corpus.unit.size
        kept = self._kept(
            self._source, ("n-grams",), lambda: Predictions.of(tokens["train"], tokens["test"], size).tensors()
        )
        warn(corpus)
        return Material(
            rows={part: windows(tokens[part], length, keeps_rest=part != "train") for part in PARTS},
            unit=corpus.unit,
            predictions=Predictions(**kept),
            tokens_per_character=len(tokens["test"]) / corpus.characters["test"],
            facts=corpus.facts(),
        )

    def _corpus(self) -> Corpus:
        """Return the tokens of the text that ``data`` names."""

        def make() -> dict[str, Tensor]:
            texts = read_parts(str(self.data), self.column, self._shares)
            return Corpus.of(texts, self._unit(texts["train"])).tensors()

        return Corpus.from_tensors(self._kept(self._source, ("tokens",), make))

    def _unit(self, train: str) -> Unit:
        match self.unit:
            case "word":
                return Words.fitted(train, self.vocabulary_size, self.cut)
            case "character":
                return Characters.fitted(train, self.vocabulary_size)
        return BytePairs.fitted(train, self.vocabulary_size)

    @property
    def _shares(self) -> Shares:
        return Shares(self.validation_share, self.test_share)

    @property
    def _source(self) -> str:
        return fingerprint(str(self.data))

    def _kept(
        self, source: str, further: tuple[str | int, ...], make: Callable[[], dict[str, Tensor]]
    ) -> dict[str, Tensor]:
        """Return the result of ``make`` for a text, from the cache if possible."""
        settings = (self.column, self.unit, self.cut, self.vocabulary_size, self.validation_share, self.test_share)
        return cached_tensors((self.name, self.version, _STORED, source, *settings, *further), make, source=source)


def _warn_of_unknown(unit: Unit, texts: Sequence[str], where: str) -> None:
    if note := unknown_note(unit, texts, where):
        warnings.warn(note, stacklevel=3)

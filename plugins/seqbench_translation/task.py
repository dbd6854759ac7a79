"""Defines the task ``translation``: read a text in one language, write it in another."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib import metadata
from random import Random
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import Field
from seqbench_stepwise.rows import rows_within
from seqbench_texts.columns import texts_of

from seqbench import (
    Baseline,
    DataError,
    Decoding,
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
from seqbench_translation.baselines import baselines
from seqbench_translation.corpus import Corpus, built_corpus
from seqbench_translation.made_up import pairs as made_up_pairs
from seqbench_translation.pairs import PARTS, apart, read_pairs
from seqbench_translation.rows import TARGET_PER_SOURCE, Room, check_length, fitting_pairs, made_rows
from seqbench_translation.scores import BleuTokenizer, metrics
from seqbench_translation.show import shown, warn, warn_of_long
from seqbench_translation.stored import packed, unpacked
from seqbench_translation.units import Unit, normal
from seqbench_translation.vocabulary import STOP, Numbering

if TYPE_CHECKING:
    from torch import Tensor

Count = Annotated[int, Field(ge=1)]

_STORED = 2
"""Version of the cached tensors; it rises when the same settings mean other tensors."""


@dataclass(frozen=True)
class Translation(Task):
    """Read a text of at most ``length`` source tokens, and write its translation (Sutskever et al. 2014).

    Scored by chrF (Popovic 2015) and BLEU (Post 2018), beside a lexicon of single words (Brown et al. 1993).
    Without ``data`` a small English is translated into a made-up language, at T = 6::

        input   the dogs saw a cat .   >   kom tarne  na    mel vidunt .
        target                       kom tarne    na mel vidunt      . $
        scored                         ^     ^     ^   ^      ^      ^ ^

    A row is the source, a delimiter, the translation. In training the right translation is among the inputs; in a
    test the model reads the source alone, and is scored by what it writes until it writes ``$``.

    ``length`` counts source tokens. Pairs of sentences are taken in a random order and joined until no other fits:
    of the next 64 pairs the first is added whose source fits the rest of ``length``, and whose target fits the
    rest of 2 ``length``. If none does, the row ends, and may be shorter than ``length``; no sentence is cut.
    Pairs that fit no row are left out, and a length below the shortest sentence is refused. Training pairs are
    used again in new company; those of validation and test at most once.

    A model may write 2 ``length`` tokens and the one that ends the translation, whatever the data are: no
    reference is longer.

    A token is a word or a sign. Each language has its own; a word that training shows less than ``minimum_count``
    times, or that is not among the ``vocabulary_size`` commonest, is spelled: each byte of its UTF-8 is a token.
    So references are whole texts, and nothing but the right word scores.

    No pair of training or validation has a source that stands in a later split too, but for signs and capitals;
    ``facts`` tells how many were left out.

    Attributes:
        data: None for the made-up languages; else a table, a folder of splits, two parallel text files in a folder
            (``train.en`` and ``train.de``), or a Hugging Face data set. Splits that are missing are a tenth of the
            training sources each, drawn with the seed.
        source, target: the columns, the endings of parallel files, or the keys of objects in a column
            ``translation``.
        unit: ``word`` or ``character``.
        vocabulary_size: words of each language with a token of their own, at most; only with ``data``.
        minimum_count: how often training has to show such a word.
        join: whether sentences are joined; otherwise a row is one pair of at most ``length`` source tokens.
        sentences: without ``data``: how many different pairs are made, all splits together.
        beams: hypotheses of the beam search in a test; 1 writes the most probable token at each step.
        bleu_tokenizer: how sacrebleu cuts texts into the words of BLEU.
        train_rows: training rows, at most.
        train_tokens: training rows times length, at most, where sentences are joined; there is always one row.
        test_rows, test_tokens: the same for validation and for test.
    """

    name: ClassVar[str] = "translation"
    version: ClassVar[int] = 1
    needs_causal: ClassVar[bool] = True
    reference: ClassVar[str] = """
        @inproceedings{sutskever2014,
          author = {Sutskever, Ilya and Vinyals, Oriol and Le, Quoc V.},
          title = {Sequence to Sequence Learning with Neural Networks},
          booktitle = {Advances in Neural Information Processing Systems},
          volume = {27},
          year = {2014}
        }

        @inproceedings{popovic2015,
          author = {Popovi{\\'c}, Maja},
          title = {chr{F}: character n-gram {F}-score for automatic {MT} evaluation},
          booktitle = {Proceedings of the Tenth Workshop on Statistical Machine Translation},
          pages = {392--395},
          year = {2015}
        }

        @inproceedings{post2018,
          author = {Post, Matt},
          title = {A Call for Clarity in Reporting {BLEU} Scores},
          booktitle = {Proceedings of the Third Conference on Machine Translation: Research Papers},
          pages = {186--191},
          year = {2018}
        }

        @article{brown1993,
          author = {Brown, Peter F. and Della Pietra, Stephen A. and Della Pietra, Vincent J. and
                    Mercer, Robert L.},
          title = {The Mathematics of Statistical Machine Translation: Parameter Estimation},
          journal = {Computational Linguistics},
          volume = {19},
          number = {2},
          pages = {263--311},
          year = {1993}
        }
    """
    data: str | None = data_source()
    source: str = "source"
    target: str = "target"
    unit: Unit = "word"
    vocabulary_size: Annotated[int, Field(ge=1, le=1_000_000)] = 5_000
    minimum_count: Count = 2
    join: bool = True
    sentences: Annotated[int, Field(ge=100, le=200_000)] = generated_only(20_000)
    beams: Annotated[int, Field(ge=1, le=64)] = 1
    bleu_tokenizer: BleuTokenizer = "13a"
    train_rows: Count = 20_000
    train_tokens: Count = 2_000_000
    test_rows: Count = 500
    test_tokens: Count = 50_000

    def __post_init__(self) -> None:
        """Refuse one column for both sides, and settings without effect."""
        super().__post_init__()
        if self.data is None and (self.vocabulary_size, self.minimum_count) != (5_000, 2):
            raise ValueError(
                "vocabulary_size and minimum_count choose the words of data of yours, and data is not set; all"
                " words of the made-up languages have a token"
            )
        if self.source == self.target:
            raise ValueError(f"source and target are both {self.source!r}; name two columns or two endings")

    def time_steps(self, length: int) -> int:
        """Return the most steps of a row: the source, the delimiter, a target of twice as many tokens."""
        return (1 + TARGET_PER_SOURCE) * length + 1

    @property
    def divides_by_seed(self) -> bool:
        """True of pairs without a test split."""
        return self.data is not None and "test" not in read_tables(self.data)

    def load(self, length: int, seed: int) -> TaskData:
        """Make rows of at most ``length`` source tokens.

        Raises:
            DataError: the data are missing or unfit, no sentence is so short, or no test row half so long.
        """
        corpus = Corpus.from_tensors(self._kept(seed, (), lambda: self._corpus(seed).tensors()))
        numbering = corpus.numbering
        decoding = Decoding(
            prefix=numbering.delimiter,
            stop=STOP,
            most_tokens=TARGET_PER_SOURCE * length + 1,
            beams=self.beams,
        )
        rooms = self._rooms(length)
        sizes = (room.rows for room in rooms.values())
        # The baselines are kept with the rows.
        further = ("rows", length, self.join, self.bleu_tokenizer, metadata.version("sacrebleu"), *sizes)
        stored = self._kept(seed, further, lambda: self._rows(corpus, rooms, decoding, seed))
        splits, told = unpacked(stored)
        check_length(splits["test"], rooms["test"])
        facts = {**corpus.facts, **told["facts"]}
        warn(facts)
        return TaskData(
            train=splits["train"],
            validation=splits["validation"],
            test=splits["test"],
            inputs=Tokens(numbering.source.end),
            targets=StepClass(numbering.delimiter),
            metrics=metrics(numbering.target, numbering.delimiter, self.bleu_tokenizer),
            baselines=tuple(Baseline(**baseline) for baseline in told["baselines"]),
            show=lambda i: shown(splits["test"], i, decoding, numbering),
            facts=facts,
            decoding=decoding,
            fitted=numbering.fitted(),
        )

    def encode(self, rows: Sequence[Mapping[str, Any]], length: int, fitted: Mapping[str, Any]) -> Ragged:
        """Turn source texts, in the column ``source`` names or in ``text``, into tokens with the delimiter.

        Raises:
            DataError: a row has no text, or an empty one.

        Warns:
            UserWarning: texts are longer than ``length``.
        """
        import torch

        numbering = Numbering.from_fitted(fitted)
        texts = texts_of(rows, self.source, otherwise="text")
        for row, text in enumerate(texts, start=1):
            if not normal(text):
                raise DataError(
                    f"the text of row {row} is empty, and there is nothing to translate; leave the row out, or"
                    " give it a text"
                )
        tokens = [numbering.source_tokens(text) for text in texts]
        warn_of_long([len(row) for row in tokens], length)
        return Ragged.from_rows([torch.tensor([*row, numbering.delimiter]) for row in tokens])

    def decode(self, outputs: Tensor, fitted: Mapping[str, Any]) -> list[str]:
        """Turn written tokens into texts."""
        numbering = Numbering.from_fitted(fitted)
        return [numbering.target.text(row) for row in outputs.tolist()]

    def _kept(
        self, seed: int, further: tuple[Any, ...], make: Callable[[], dict[str, Tensor]]
    ) -> dict[str, Tensor]:
        """Return the tensors that ``make`` makes of the data, from the cache if possible."""
        source = f"made up {self.sentences}" if self.data is None else fingerprint(self.data)
        settings = (self.source, self.target, self.unit, self.vocabulary_size, self.minimum_count, seed)
        return cached_tensors((self.name, self.version, _STORED, source, *settings, *further), make, source=source)

    def _corpus(self, seed: int) -> Corpus:
        if self.data is None:
            pairs = apart({"all": self._made_up(seed)}, seed)
        else:
            pairs = read_pairs(self.data, self.source, self.target, seed)
        return built_corpus(
            pairs,
            self.unit,
            vocabulary_size=self.vocabulary_size,
            minimum_count=self.minimum_count,
            is_closed=self.data is None,
        )

    def _made_up(self, seed: int) -> list[tuple[str, str]]:
        drawn: dict[tuple[str, str], None] = {}
        coming = made_up_pairs(Random(derive_seed(seed, self.name, "made up")))
        while len(drawn) < self.sentences:  # there are millions
            source, target = next(coming)
            drawn[normal(source), normal(target)] = None
        return list(drawn)

    def _rooms(self, length: int) -> dict[str, Room]:
        """Return the room of each split; rows of one pair are as short as the pair, and only counted."""
        if not self.join:
            alone = [Room(length, rows, joins=False, repeats=False) for rows in (self.train_rows, self.test_rows)]
            return dict(zip(PARTS, (alone[0], alone[1], alone[1]), strict=True))
        test = Room(length, rows_within(self.test_rows, self.test_tokens, length), joins=True, repeats=False)
        train = Room(length, rows_within(self.train_rows, self.train_tokens, length), joins=True, repeats=True)
        return {"train": train, "validation": test, "test": test}

    def _rows(self, corpus: Corpus, rooms: Mapping[str, Room], decoding: Decoding, seed: int) -> dict[str, Tensor]:
        """Make the rows of each split and the baselines, as tensors for the cache."""
        splits: dict[str, Split] = {}
        for part in PARTS:
            rng = generator(seed, self.name, part, rooms[part].length)
            splits[part] = made_rows(corpus, part, rooms[part], rng)
        found = baselines(
            splits["test"],
            decoding,
            self.bleu_tokenizer,
            numbering=corpus.numbering,
            lexicon=corpus.lexicon,
            rng=generator(seed, self.name, "random tokens", rooms["test"].length),
        )
        told = {"baselines": [asdict(each) for each in found], "facts": self._told(corpus, rooms)}
        return packed(splits, told)

    def _told(self, corpus: Corpus, rooms: Mapping[str, Room]) -> dict[str, float | int | str]:
        from seqbench_translation.corpus_score import signatures

        left_out = {
            f"{part}_pairs_that_fit_no_row": int(corpus.facts[f"{part}_pairs"])
            - len(fitting_pairs(corpus, part, room.length))
            for part, room in rooms.items()
        }
        return {**left_out, **signatures(self.bleu_tokenizer)}

"""Offers the task ``sentiment``: the class of a text of which ``length`` tokens are read.

The texts are labelled ones of any source, or generated reviews with an opinion at a place set by a parameter.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field
from seqbench_stepwise.classes import one_class_splits
from seqbench_texts.columns import texts_of

from seqbench import (
    Baseline,
    DataError,
    Ragged,
    SequenceClass,
    Split,
    Task,
    TaskData,
    Tokens,
    cached_tensors,
    data_source,
    fingerprint,
    generated_only,
    read_tables,
)
from seqbench_sentiment.new_texts import decoded, encoded
from seqbench_sentiment.reviews import CLASSES, SHORTEST, WORDS, made_up_splits
from seqbench_sentiment.rows import Columns, Folds, given_parts, split_examples
from seqbench_sentiment.scores import baselines, is_too_large, metrics
from seqbench_sentiment.tensors import as_bytes, from_bytes, numbered, split_from, to_tensors, unknown_rate
from seqbench_sentiment.texts import (
    PARTS,
    Truncate,
    alike,
    class_names,
    excerpt,
    remarks,
    text_facts,
    vocabulary,
)

if TYPE_CHECKING:
    import pandas as pd
    from torch import Tensor

Examples = Annotated[int, Field(ge=2)]
"""Least number of generated texts in a split: one of each class."""

Evidence = Literal["start", "middle", "end", "anywhere"]
"""The place of the opinion in a made-up review."""

_STORED = 3
"""Version of the cached tensors; it rises when the same parameters mean other tensors."""

_SHOWN = 100  # tokens of a text that a person is shown


@dataclass(frozen=True)
class Sentiment(Task):
    """Tell a text's class after reading ``length`` tokens of it; scored once, at the last token read.

    ``evidence="start"`` at length 16::

        input   although dull , the plot was clever . the sailor meets a busy writer in paris
        target                                                                       positive
        scored                                                                              ^

    Without ``data`` the texts are made up: exactly ``length`` tokens, one sentence of opinion at the place
    that ``evidence`` names, and around it sentences that say nothing of the film. With the opinion at the
    start, the default, the task shows *memory*: what was understood in the first 4 to 8 tokens has to be
    carried to the last. It does not show how well a model understands language. The opinion is worded
    (``not``, ``but``, ``although``) so that adding up words finds little; see ``seqbench_sentiment.reviews``. No
    review is in two splits. Every label follows from the opinion, so a model that keeps it can reach a
    balanced accuracy of 1 at any length, and one that loses it falls to 0.5. ``evidence="end"`` is the
    control: the same opinions, next to the answer.

    With ``data``, real texts: a file, a folder, or a Hugging Face data set (see `seqbench.read_tables`) with a
    column of texts and one of labels. Longer texts are cut to ``length`` tokens, shorter ones stay shorter.
    The data's own splits are used: separate files, otherwise a split column (train, validation, test), otherwise a
    fold column. A missing part is a tenth of the training texts, drawn by the seed, stratified by class, with
    copies on the same side. Empty texts are left out, with a warning and their number in the facts. There are
    warnings and facts, too, about test texts that equal training texts up to signs, spaces and capitals, and about
    an out-of-vocabulary rate of a half or more.

    A token is a word with the marks that stand on its letters, or any other visible character; in scripts without
    spaces (Chinese, Japanese, Thai, Lao, Khmer, Burmese) it is one letter with its marks. Letters are brought to
    NFC first; see ``seqbench_texts``.

    Attributes:
        data: the data set; None makes texts up.
        text_column: the column of texts.
        label_column: the column of labels: words, whole numbers or truth values, two classes or more.
        split_column: the column that says train, validation or test.
        fold_column: the column of fold numbers or names, looked at where there is no split column.
        validation_fold: the fold to validate on; None takes the last but one, or the last that is not tested on.
        test_fold: the fold to test on; None takes the last.
        truncate: which tokens of a longer text are read: ``head``, ``tail`` or ``middle``.
        lower: whether capitals are read as small letters, one for one.
        vocabulary_size: different tokens at most, with the two that stand for padding and for unknown words.
            The vocabulary comes from the training texts only, from the whole of them at any length.
        minimum_count: how often a word has to stand in the training texts to be known.
        evidence: made-up texts: where the opinion stands: ``start``, ``middle``, ``end`` or ``anywhere``.
        train_examples, validation_examples, test_examples: made-up texts: how many.

    Source: whole-text polarity after Pang and Lee (2004), "A Sentimental Education"; bag of words by presence
    after Pang, Lee and Vaithyanathan (2002), section 6.1.
    """

    name: ClassVar[str] = "sentiment"
    version: ClassVar[int] = 2
    reference: ClassVar[str] = """
        @inproceedings{pang2004,
          author = {Pang, Bo and Lee, Lillian},
          title = {A Sentimental Education: Sentiment Analysis Using Subjectivity Summarization Based on Minimum
                   Cuts},
          booktitle = {Proceedings of the 42nd Annual Meeting of the Association for Computational Linguistics},
          pages = {271--278},
          year = {2004}
        }

        @inproceedings{pang2002,
          author = {Pang, Bo and Lee, Lillian and Vaithyanathan, Shivakumar},
          title = {Thumbs up? {S}entiment Classification using Machine Learning Techniques},
          booktitle = {Proceedings of the 2002 Conference on Empirical Methods in Natural Language Processing},
          pages = {79--86},
          year = {2002}
        }
    """
    data: str | None = data_source()
    text_column: str = "text"
    label_column: str = "label"
    split_column: str = "split"
    fold_column: str = "fold"
    validation_fold: str | int | None = None
    test_fold: str | int | None = None
    truncate: Truncate = "head"
    lower: bool = True
    vocabulary_size: Annotated[int, Field(ge=3)] = 10_000
    minimum_count: Annotated[int, Field(ge=1)] = 2
    evidence: Evidence = generated_only("start")
    train_examples: Examples = generated_only(4000)
    validation_examples: Examples = generated_only(256)
    test_examples: Examples = generated_only(512)

    @property
    def is_longer_harder(self) -> bool:
        """Whether texts are made up; of a real text a greater length reads more."""
        return self.data is None

    @property
    def divides_by_seed(self) -> bool:
        """True of texts without a test split, a column of splits, or folds."""
        return self.data is not None and "test" not in given_parts(read_tables(self.data), *self._where)

    def load(self, length: int, seed: int) -> TaskData:
        """Make up or read the texts, or take them from the cache, with the baselines' scores.

        Raises:
            DataError: the data are missing or unfit, or a made-up review would be too short for its opinion.
        """
        if self.data is None and length < SHORTEST:
            raise DataError(
                f"sentiment: length {length} leaves no room for an opinion; made-up reviews need {SHORTEST} tokens"
            )
        source = "made up" if self.data is None else fingerprint(self.data)
        identity = [self.name, self.version, _STORED, source, *self._choices(), length, seed]
        stored = cached_tensors(identity, lambda: self._prepare(length, seed), source=source)
        about = from_bytes(stored["about"])
        splits = {part: split_from(stored, part) for part in PARTS}
        one_class = [] if self.data is None else one_class_splits(splits, about["classes"], "texts")
        for remark in (*remarks(about["facts"]), *one_class):
            warnings.warn(remark, stacklevel=2)
        return TaskData(
            train=splits["train"],
            validation=splits["validation"],
            test=splits["test"],
            inputs=Tokens(len(about["words"])),
            targets=SequenceClass(len(about["classes"])),
            metrics=metrics(len(about["classes"])),
            baselines=tuple(Baseline(**baseline) for baseline in about["baselines"]),
            show=lambda i: _shown(splits["test"], i, about["words"], about["classes"]),
            facts=about["facts"],
            fitted={"words": about["words"], "classes": about["classes"]},
        )

    def encode(self, rows: Sequence[Mapping[str, Any]], length: int, fitted: Mapping[str, Any]) -> Ragged:
        """Return at most ``length`` tokens of each text, as numbers of the training vocabulary.

        Raises:
            DataError: a row has no text.
        """
        texts = texts_of(rows, self.text_column)
        return encoded(texts, length, fitted["words"], truncate=self.truncate, lower=self.lower)

    def decode(self, outputs: Tensor, fitted: Mapping[str, Any]) -> list[dict[str, str | float]]:
        """Return the class of each text with its probability, as the network gives it."""
        return decoded(outputs, fitted["classes"])

    def _choices(self) -> list[str | int | None]:
        """Return the parameters that the tensors depend on, without those for the other kind of data."""
        if self.data is None:
            return [self.evidence, self.train_examples, self.validation_examples, self.test_examples]
        columns = [self.text_column, self.label_column, self.split_column, self.fold_column]
        folds = [self.validation_fold, self.test_fold]
        return [*columns, *folds, self.truncate, self.lower, self.vocabulary_size, self.minimum_count]

    def _prepare(self, length: int, seed: int) -> dict[str, Tensor]:
        """Return everything that `load` needs, as tensors for the cache."""
        made = self._made_up(length, seed) if self.data is None else self._read(self.data, length, seed)
        about = {
            "words": made.words,
            "classes": made.classes,
            "baselines": [vars(baseline) for baseline in made.baselines()],
            "facts": {
                "classes": ", ".join(made.classes),
                "vocabulary_size": len(made.words),
                **{f"{part}_examples": len(split) for part, split in made.splits.items()},
                **made.facts,
            },
        }
        return {**to_tensors(made.splits), "about": as_bytes(about)}

    def _made_up(self, length: int, seed: int) -> _Prepared:
        # Test texts come first, so that they stay the same whatever the number of training texts.
        sizes = {"test": self.test_examples, "validation": self.validation_examples, "train": self.train_examples}
        splits = made_up_splits(sizes, length, self.evidence, seed)
        return _Prepared(splits, WORDS, CLASSES, {"evidence": self.evidence})

    @property
    def _where(self) -> tuple[Columns, Folds]:
        columns = Columns(self.text_column, self.label_column, self.split_column, self.fold_column)
        return columns, Folds(self.validation_fold, self.test_fold)

    def _read(self, data: str, length: int, seed: int) -> _Prepared:
        tables = read_tables(data)
        examples, empty = split_examples(tables, *self._where, seed, lower=self.lower)
        read = {
            part: [excerpt(example.tokens, length, self.truncate) for example in found]
            for part, found in examples.items()
        }
        # Whole texts, whatever the length: a network is tested at other lengths with the same tokens.
        words = vocabulary((e.tokens for e in examples["train"]), self.vocabulary_size, self.minimum_count)
        classes = class_names(example.label for example in examples["train"])
        too_large = is_too_large(len(examples["train"]), len(words), len(classes))
        splits = {part: numbered(read[part], examples[part], words, classes) for part in PARTS}
        facts = {
            "oov_rate": unknown_rate(splits["test"]),
            "oov_rate_validation": unknown_rate(splits["validation"]),
            **text_facts(examples, length),
            "empty_texts_left_out": empty,
            **_left_out(tables),
            **({"baselines_left_out": "bag of words"} if too_large else {}),
            **({"labels_alike": ", ".join(same[:8])} if (same := alike(classes)) else {}),
        }
        return _Prepared(splits, tuple(words), tuple(classes), facts)


@dataclass(frozen=True)
class _Prepared:
    """Prepared data without metrics and baselines: token numbers, and the meaning of tokens and classes."""

    splits: Mapping[str, Split]
    words: tuple[str, ...]
    classes: tuple[str, ...]
    facts: Mapping[str, float | int | str]

    def baselines(self) -> tuple[Baseline, ...]:
        train, test = self.splits["train"], self.splits["test"]
        return baselines(train, test, words=len(self.words), classes=len(self.classes))


def _left_out(tables: Mapping[str, pd.DataFrame]) -> dict[str, str]:
    """Return as a fact what `read_tables` left out of a folder; empty if nothing was."""
    told = [table.attrs["left_out"] for table in tables.values() if "left_out" in table.attrs]
    return {"left_out": ", ".join(told)} if told else {}


def _shown(split: Split, i: int, words: Sequence[str], classes: Sequence[str]) -> str:
    import torch

    batch = split.batch(torch.tensor([i]))
    read = [words[token] for token in batch.inputs[0].tolist()]
    if len(read) > _SHOWN:
        half = _SHOWN // 2
        read = [*read[:half], f"[... {len(read) - 2 * half} tokens ...]", *read[-half:]]
    return f"input   {' '.join(read)}\ntarget  {classes[int(batch.targets)]}"

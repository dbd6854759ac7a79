"""Scores the baselines of the translation task on its test rows, as texts."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from seqbench import UNSCORED, Baseline, Decoding, Split
from seqbench_translation.scores import BleuTokenizer
from seqbench_translation.units import normal, words_of
from seqbench_translation.vocabulary import Numbering

if TYPE_CHECKING:
    from torch import Generator

Texts = Sequence[str]


def baselines(
    test: Split,
    decoding: Decoding,
    tokenizer: BleuTokenizer,
    *,
    numbering: Numbering,
    lexicon: Mapping[str, str],
    rng: Generator,
) -> tuple[Baseline, ...]:
    """Return word by word, the copied source, and random tokens; the best of them counts.

    Args:
        test: the rows.
        decoding: says where a source ends.
        tokenizer: of BLEU.
        numbering: turns tokens into texts.
        lexicon: word of the source -> its translation.
        rng: draws the random tokens.
    """
    sources, references = texts_of(test, decoding, numbering)

    def scores(written: Texts) -> dict[str, float]:
        return text_scores(written, references, tokenizer)

    by_word = [translated(source, lexicon) for source in sources]
    chance = {"token_accuracy": 1 / numbering.delimiter, "loss": math.log(numbering.delimiter)}
    return (
        Baseline("word by word", scores(by_word)),
        Baseline("copy the source", scores(sources)),
        Baseline("random tokens", scores(_at_random(test, decoding, numbering, rng)) | chance),
    )


def texts_of(test: Split, decoding: Decoding, numbering: Numbering) -> tuple[list[str], list[str]]:
    """Return the sources and the references of all rows."""
    import torch

    given = decoding.prompts(test.batch(torch.arange(len(test))))
    sources = [row[: n - 1] for row, n in zip(given.inputs.tolist(), given.lengths.tolist(), strict=True)]
    return _texts(numbering.source.text, sources), _texts(numbering.target.text, given.targets.tolist())


def text_scores(written: Texts, references: Texts, tokenizer: BleuTokenizer) -> dict[str, float]:
    """Return the scores of translations that are texts, each beside its reference."""
    from seqbench_translation.corpus_score import bleu, chrf

    is_right = [ours == its for ours, its in zip(written, references, strict=True)]
    return {
        "chrf": chrf(written, references),
        "bleu": bleu(written, references, tokenizer),
        "exact_match": sum(is_right) / len(is_right),
    }


def translated(source: str, lexicon: Mapping[str, str]) -> str:
    """Translate a text word by word; a word that the lexicon does not have is copied.

    >>> translated("Das Haus.", {" Das": " the", " Haus": " house"})
    'the house.'
    """
    return "".join(lexicon.get(word, word) for word in words_of(normal(source))).strip()


def _texts(text: Callable[[Sequence[int]], str], rows: Sequence[Sequence[int]]) -> list[str]:
    return [text(row) for row in rows]


def _at_random(test: Split, decoding: Decoding, numbering: Numbering, rng: Generator) -> list[str]:
    """Write as many tokens as each reference has, all equally probable and independent, to the first STOP."""
    import torch

    sizes = (test.batch(torch.arange(len(test))).targets != UNSCORED).sum(1)
    drawn = torch.randint(numbering.delimiter, (len(test), int(sizes.max())), generator=rng)
    is_beyond = torch.arange(drawn.shape[1]) >= sizes[:, None]
    written = decoding.cut(drawn.masked_fill(is_beyond, UNSCORED))
    return _texts(numbering.target.text, written.tolist())

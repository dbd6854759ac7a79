"""Tests that translations are counted, that none drops out, and that known traps of BLEU are closed.

Modules: seqbench_translation.scores.
"""

from __future__ import annotations

import pytest
import torch
from sacrebleu.metrics import BLEU, CHRF
from seqbench_translation.corpus_score import CorpusScore, bleu, chrf, signatures

from seqbench import UNSCORED, ContractError

WRITTEN = ["the cat sat on the mat .", "a dog barks loudly at night .", "yes"]
REFERENCES = ["the cat is on the mat .", "a dog barks at night .", "yes"]


def test_scores_are_those_of_sacrebleu_over_the_whole_corpus() -> None:
    assert chrf(WRITTEN, REFERENCES) == CHRF().corpus_score(WRITTEN, [REFERENCES]).score
    assert bleu(WRITTEN, REFERENCES) == BLEU(force=True).corpus_score(WRITTEN, [REFERENCES]).score
    assert 0 < bleu(WRITTEN, REFERENCES) < chrf(WRITTEN, REFERENCES) < 100


@pytest.mark.parametrize("score", [chrf, bleu])
def test_the_references_score_100_also_where_no_sentence_has_four_words(score) -> None:
    assert score(REFERENCES, REFERENCES) == 100
    short = ["good day", "yes"]
    assert score(short, short) == 100
    assert BLEU().corpus_score(short, [short]).score == 0, "sacrebleu's own default"


@pytest.mark.parametrize("score", [chrf, bleu])
def test_an_empty_translation_is_a_wrong_one(score) -> None:
    perfect = ["one two three four five", "six seven eight nine ten"]
    half = score([perfect[0], ""], perfect)
    assert 0 < half < 70
    assert score(["", ""], perfect) == 0


@pytest.mark.parametrize("score", [chrf, bleu])
@pytest.mark.parametrize(
    ("written", "references"),
    [
        (["a b c d", "e f g h"], [["a b c d"], ["e f g h"]]),
        (["a b c d", "e f g h"], [["a b c d", "e f g h"]]),
        (["a b c d", "e f g h"], ["a b c d"]),
        (["a b c d"], ["a b c d", "e f g h"]),
        ("abcd", "abcd"),
        ([], []),
    ],
)
def test_references_that_do_not_match_are_refused(score, written, references) -> None:
    with pytest.raises(ContractError, match="translation"):
        score(written, references)


def test_sacrebleu_itself_drops_sentences_if_references_are_the_wrong_way_round() -> None:
    assert CHRF().corpus_score(["a b c d", "wrong"], [["a b c d"], ["e f g h"]]).score == 100


def test_a_metric_counts_every_row_of_every_batch() -> None:
    texts = {(1, 2): "the cat", (3,): "sleeps", (): ""}

    def text(row: list[int]) -> str:
        return texts[tuple(token for token in row if token != UNSCORED)]

    metric = CorpusScore(chrf, text)
    metric.update(torch.tensor([[1, 2], [3, UNSCORED]]), torch.tensor([[1, 2], [3, UNSCORED]]))
    assert float(metric.compute()) == 100
    metric.update(torch.tensor([[UNSCORED, UNSCORED]]), torch.tensor([[1, 2]]))
    expected = chrf(["the cat", "sleeps", ""], ["the cat", "sleeps", "the cat"])
    assert float(metric.compute()) == expected < 100
    metric.reset()
    metric.update(torch.tensor([[3]]), torch.tensor([[3]]))
    assert float(metric.compute()) == 100


def test_signatures_tell_version_and_settings() -> None:
    found = signatures("char")
    assert "eff:yes|tok:char|smooth:exp|version:" in found["bleu_signature"]
    assert "nc:6|nw:0|space:no|version:" in found["chrf_signature"]
    assert found["chrf_signature"].startswith("nrefs:1|")

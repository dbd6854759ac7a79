"""Tests that the word-order task shuffles, splits, decodes and scores as documented.

Modules: seqbench_word_order.lexicon, seqbench_word_order.phrases, seqbench_word_order.rows.
"""

from __future__ import annotations

import time
from dataclasses import replace
from itertools import pairwise, permutations
from math import isnan
from pathlib import Path
from random import Random

import datasets
import pytest
import torch
from scipy.stats import kendalltau
from seqbench_word_order.grammar import sentences as written_sentences
from seqbench_word_order.metrics import (
    PADDING,
    Bigrams,
    Sentences,
    bigram_order,
    chance,
    decode,
    place_order,
    rates,
    sentences_of,
)
from seqbench_word_order.sentences import UNKNOWN, sentences_in
from seqbench_word_order.task import WordOrder
from seqbench_word_order.text import DELIMITER

from seqbench import UNSCORED, Batch, DataError, Ragged, Split, TaskData, evaluate
from seqbench.testing.outcome import CheckFailed
from seqbench.testing.tasks import scores as task_scores

A, B, C, D = range(UNKNOWN + 1, UNKNOWN + 5)
STOP, QUESTION = 2, 3


def lines(split: Split) -> list[list[int]]:
    """Return the right text of each row, with its marks, read with plain Python."""
    batch = split.batch(torch.arange(len(split)))
    rows = []
    for inputs, targets, steps in zip(*(part.tolist() for part in batch), strict=True):
        n = (steps - 1) // 2
        asked = targets[n + 1 : steps]
        rows.append([given if word == UNSCORED else word for given, word in zip(inputs, asked, strict=False)])
    return rows


def cut(tokens: list[int]) -> list[list[int]]:
    """Return the sentences of a text without their marks."""
    found: list[list[int]] = [[]]
    for token in tokens:
        if token < UNKNOWN:
            found.append([])
        else:
            found[-1].append(token)
    return [words for words in found if words]


def side_by_side(given: list[list[int]], right: list[list[int]]) -> Sentences:
    longest = max(map(len, given))
    tables = [torch.tensor([row + [PADDING] * (longest - len(row)) for row in rows]) for rows in (given, right)]
    return Sentences(torch.arange(len(given)), torch.zeros_like(tables[0]), *tables)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> TaskData:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SEQBENCH_CACHE", str(tmp_path_factory.mktemp("cache")))
        return WordOrder().load(16, seed=0)


def test_rows_are_text_delimiter_and_blanks_with_words_shuffled_inside_their_sentence(data: TaskData) -> None:
    for split in (data.train, data.validation, data.test):
        batch = split.batch(torch.arange(min(len(split), 500)))
        for inputs, right, steps in zip(batch.inputs.tolist(), lines(split), batch.lengths.tolist(), strict=False):
            n = (steps - 1) // 2
            given = inputs[:n]
            assert n <= 16
            assert inputs[n] == DELIMITER
            marks = [token if token < UNKNOWN else None for token in right]
            assert [token if token < UNKNOWN else None for token in given] == marks
            assert inputs[n + 1 : steps] == [token or 0 for token in marks]
            assert [sorted(words) for words in cut(given)] == [sorted(words) for words in cut(right)]
    assert (data.train.lengths == 33).double().mean() > 0.6


def test_splits_of_one_text_share_no_bag_of_words_and_test_sentences_come_once(data: TaskData) -> None:
    bags = [
        [tuple(sorted(words)) for row in lines(split) for words in cut(row)]
        for split in (data.train, data.validation, data.test)
    ]
    assert len(set(bags[0])) > 10_000
    assert not set(bags[0]) & set(bags[2])
    assert not set(bags[0]) & set(bags[1])
    assert not set(bags[1]) & set(bags[2])
    texts = [tuple(words) for row in lines(data.test) for words in cut(row)]
    # A question and a statement may have the same words in the same order ("you sleep." "you sleep?").
    assert len(texts) - len(set(texts)) <= 2


def test_a_perfect_predictor_scores_best_on_every_metric(data: TaskData) -> None:
    size = data.inputs.vocabulary_size

    def perfect(batch: Batch) -> torch.Tensor:
        return 100.0 * torch.nn.functional.one_hot(batch.targets.clamp(min=0), size)

    scores = evaluate(data.metrics, data.test, perfect)
    assert scores == pytest.approx({metric.name: metric.best for metric in data.metrics}, abs=1e-12)


def test_random_logits_and_the_order_as_given_sit_at_the_chance_values(data: TaskData) -> None:
    expected = next(b.scores for b in data.baselines if b.name == "chance")
    as_given = next(b.scores for b in data.baselines if b.name == "order as given")
    rng = torch.Generator().manual_seed(0)
    size = data.inputs.vocabulary_size
    scores = evaluate(data.metrics, data.test, lambda batch: torch.rand(*batch.inputs.shape, size, generator=rng))
    # 5 standard errors at about 860 sentences of 7 words; tau of a random order of n has variance
    # 2 (2n + 5) / (9 n (n - 1)), 0.1 at n = 7.
    for found in (scores, as_given):
        assert found["position_accuracy"] == pytest.approx(expected["position_accuracy"], abs=0.025)
        assert found["perfect_sentences"] == pytest.approx(expected["perfect_sentences"], abs=0.015)
        assert found["kendall_tau"] == pytest.approx(expected["kendall_tau"], abs=0.06)


def test_scores_of_a_sentence_with_equal_words_are_the_hand_worked_ones() -> None:
    # Right: A B A C. Said: A A B C; the equal A's count as first and second: one swap of neighbours of 6 pairs.
    sentences = side_by_side([[A, A, B, C]], [[A, B, A, C]])
    scores = rates(sentences.given, sentences)
    assert scores["position_accuracy"] == 2 / 4
    assert scores["perfect_sentences"] == 0
    assert scores["kendall_tau"] == pytest.approx(1 - 2 * 1 / 6)
    assert rates(sentences.right, sentences)["kendall_tau"] == 1


def test_position_accuracy_counts_words_and_the_other_two_count_sentences() -> None:
    # Two words swapped, and four words right.
    sentences = side_by_side([[B, A], [A, B, C, D]], [[A, B], [A, B, C, D]])
    assert rates(sentences.given, sentences) == {
        "position_accuracy": 4 / 6,
        "perfect_sentences": 1 / 2,
        "kendall_tau": 0.0,
    }


def test_kendall_tau_of_different_words_is_scipys() -> None:
    rng = Random(0)
    for _ in range(20):
        said = rng.sample(range(UNKNOWN, UNKNOWN + 9), 9)
        sentences = side_by_side([said], [sorted(said)])
        assert rates(sentences.given, sentences)["kendall_tau"] == pytest.approx(
            kendalltau(range(9), said).statistic
        )


def test_chance_values_are_the_means_over_every_order_of_the_words() -> None:
    for right in ([A, B], [A, B, A], [A, A, A], [A, B, A, B, C], [B, A, A, C, A], [A, B, C, C, B, A]):
        orders = [list(order) for order in permutations(right)]
        sentences = side_by_side(orders, [right] * len(orders))
        assert chance(side_by_side([right], [right])) == pytest.approx(rates(sentences.given, sentences))


def slow_order(words: list[int], logits: list[list[float]]) -> list[int]:
    free, said = list(words), []
    for step in logits:
        best = max(free, key=lambda word: step[word])
        free.remove(best)
        said.append(best)
    return said


def test_decoding_equals_a_slow_decoder_on_rows_of_different_lengths() -> None:
    rng, noise = Random(0), torch.Generator().manual_seed(0)
    texts = []
    for _ in range(40):
        sizes = [rng.randint(1, 9) for _ in range(rng.randint(1, 6))]
        texts.append([[rng.randrange(UNKNOWN, UNKNOWN + 12) for _ in range(size)] for size in sizes])
    rows = []
    for text in texts:
        tokens = [token for words in text for token in (*words, rng.choice((STOP, QUESTION)))]
        rows.append([*tokens, DELIMITER, *[0] * len(tokens)])
    lengths = torch.tensor([len(row) for row in rows])
    steps = int(lengths.max())
    inputs = torch.tensor([row + [0] * (steps - len(row)) for row in rows])
    outputs = torch.randn(len(rows), steps, UNKNOWN + 12, generator=noise)
    sentences = sentences_of(Batch(inputs, inputs, lengths))

    said = [[word for word in row if word != PADDING] for row in decode(outputs, sentences).tolist()]
    expected = []
    for i, text in enumerate(texts):
        step = sum(len(words) + 1 for words in text) + 1
        for words in text:
            expected.append(slow_order(words, outputs[i, step : step + len(words)].tolist()))
            step += len(words) + 1
    assert said == expected


def test_decoding_uses_each_word_once_whatever_the_logits() -> None:
    inputs = torch.tensor([[C, A, B, STOP, DELIMITER, 0, 0, 0, 0]])
    sentences = sentences_of(Batch(inputs, inputs, torch.tensor([9])))
    for filling in (float("-inf"), float("nan"), float("inf"), 0.0):
        said = decode(torch.full((1, 9, 20), filling), sentences)
        assert sorted(said[0].tolist()) == [A, B, C]


def test_bigram_order_takes_the_commonest_next_word() -> None:
    # Starts: A twice, B once. After A: C twice. After C: D once, B once; B is given first.
    train = torch.tensor([A, C, D, STOP, A, C, B, STOP, B, D, QUESTION])
    sentences = side_by_side([[B, C, A, D], [D, B, B, A]], [[A, C, B, D], [B, D, B, A]])
    assert bigram_order(sentences, Bigrams.fit(train, 20)).tolist() == [[A, C, B, D], [A, D, B, B]]


def test_place_order_takes_the_commonest_word_of_the_place() -> None:
    # First: A, A, B. Second: C, C, D. Third: D, B, nothing.
    train = torch.tensor([A, C, D, STOP, A, C, B, STOP, B, D, QUESTION])
    sentences = side_by_side([[D, B, C], [C, D, PADDING]], [[B, C, D], [C, D, PADDING]])
    assert place_order(sentences, train, 20).tolist() == [[B, C, D], [C, D, PADDING]]


def test_baselines_are_scored_on_the_test_rows(data: TaskData) -> None:
    by_name = {b.name: b for b in data.baselines}
    hits = words = 0
    batch = data.test.batch(torch.arange(len(data.test)))
    for inputs, right in zip(batch.inputs.tolist(), lines(data.test), strict=True):
        pairs = [(g, r) for g, r in zip(inputs, right, strict=False) if r >= UNKNOWN]
        hits, words = hits + sum(g == r for g, r in pairs), words + len(pairs)
    assert by_name["order as given"].scores["position_accuracy"] == pytest.approx(hits / words)
    assert data.facts["test_words"] == words
    assert by_name["bigram greedy"].scores["position_accuracy"] > 0.25
    # None of them remembers a word of the text, so none may be better than what skill is measured from.
    assert all(b.is_reference for b in data.baselines)


def test_data_depends_on_the_seed_and_on_nothing_else() -> None:
    task = WordOrder(sentences=400, train_rows=50)
    first, same, other = (task.load(32, seed) for seed in (0, 0, 1))
    assert torch.equal(first.train.inputs.values, same.train.inputs.values)
    assert torch.equal(first.test.targets.values, same.test.targets.values)
    assert lines(first.test) != lines(other.test)


@pytest.mark.parametrize(
    "length", [8, pytest.param(64, marks=pytest.mark.slow), pytest.param(1000, marks=pytest.mark.slow), 8192]
)
def test_every_length_loads_quickly_and_holds_that_many_tokens(length: int) -> None:
    started = time.process_time()
    data = WordOrder().load(length, seed=0)
    # 2 s on a quiet core, with the sentences to be written first.
    assert time.process_time() - started < 6
    assert int(data.test.lengths.max()) == WordOrder().time_steps(length)
    assert data.train.inputs.values.dtype == torch.int16
    assert len(data.train) * length <= 2_000_000


def test_a_length_that_no_sentence_fits_or_that_is_longer_than_the_text_is_refused() -> None:
    for length in (1, 2, 100_000):
        with pytest.raises(DataError, match=f"at length {length} needs {length} tokens"):
            WordOrder(sentences=400).load(length, seed=0)
    with pytest.raises(ValueError, match="train_rows is 0"):
        WordOrder(train_rows=0)


def test_lines_become_sentences_of_words_and_a_mark() -> None:
    assert sentences_in("I've heard it, Tom. Is that true?!", lower=True) == [
        ("I've", "heard", "it", "tom", "."),
        ("is", "that", "true", "!"),
    ]
    assert sentences_in('"Mrs. Lee," he said at 2:30 p.m. today', lower=False) == [
        ("Mrs.", "Lee", "he", "said", "at", "2:30", "p.m.", "today", ".")
    ]
    assert sentences_in("So am I.", lower=True) == [("so", "am", "I", ".")]
    assert sentences_in(" - ... ", lower=True) == []


def test_a_mark_among_brackets_ends_the_sentence_and_is_never_a_word(tmp_path: Path) -> None:
    for chunk in (".*", '?,"', ".—", '.".', "|"):
        words = [word for s in sentences_in(f"you are {chunk} late {chunk} now", lower=True) for word in s[:-1]]
        assert words == ["you", "are", "late", "now"]
    path = tmp_path / "text.txt"
    path.write_text("\n".join(f"a{i} {chunk} b{i} c{i}." for i in range(50) for chunk in (".*", '.".', "|")))
    data = WordOrder(data=str(path), vocabulary_size=1000).load(16, seed=0)
    for row in range(len(data.test)):
        given = data.show(row).splitlines()[0].split()[1:]
        marks = sum(word == "." for word in given)
        asked = int((data.test.batch(torch.tensor([row])).targets != UNSCORED).sum())
        assert marks >= 1
        assert asked == len(given) - marks


def test_a_literal_unk_in_the_text_is_a_word_outside_the_vocabulary(tmp_path: Path) -> None:
    path = tmp_path / "text.txt"
    path.write_text("\n".join(f"the <unk> of a{i % 7} is b{i % 10}" for i in range(70)))
    data = WordOrder(data=str(path)).load(7, seed=0)
    assert data.facts["oov_rate"] == pytest.approx(1 / 6)
    assert data.inputs.vocabulary_size == UNKNOWN + 1 + 3 + 7 + 10
    right = data.test.targets.values if isinstance(data.test.targets, Ragged) else data.test.targets
    assert int((right == UNKNOWN).sum()) == len(data.test)


def offer_on_hub(monkeypatch: pytest.MonkeyPatch, rows: dict[str, list[str]]) -> None:
    """Have `datasets` give these rows, as a hub data set may that was changed since."""
    given = datasets.DatasetDict(train=datasets.Dataset.from_dict(rows))
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(datasets, "load_dataset", lambda *_, **__: given)


def test_a_hub_data_set_that_changed_is_read_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    for word in ("old", "new"):
        offer_on_hub(monkeypatch, {"text": [f"{word} a{i % 5} meets b{i % 11}." for i in range(50)]})
        assert word in WordOrder(data="someone/things").load(5, seed=0).show(0)


def test_a_loss_that_is_not_a_number_is_not_dropped(data: TaskData) -> None:
    def broken(batch: Batch) -> torch.Tensor:
        logits = torch.zeros(*batch.inputs.shape, data.inputs.vocabulary_size)
        logits[0] = float("nan")
        return logits

    assert isnan(evaluate(data.metrics, data.test, broken)["loss"])


def test_a_folder_of_text_loses_training_sentences_that_are_reordered_test_sentences(tmp_path: Path) -> None:
    nouns = [f"noun{i}" for i in range(12)]
    train = [f"{noun} sees {other}." for noun in nouns for other in nouns[:6]]
    (tmp_path / "train.txt").write_text("\n".join([*train, "You are late.", "Is this it?", "Yes!"]))
    (tmp_path / "valid.txt").write_text("This is it.\n")
    (tmp_path / "test.txt").write_text("Are you late?\nA zebra is rare.\n")
    (tmp_path / "_about.txt").write_text("Not text to learn from.\n")
    with pytest.warns(UserWarning, match="100% of the test words are not in the vocabulary"):
        data = WordOrder(data=str(tmp_path), vocabulary_size=20).load(4, seed=0)
    assert data.facts["sentences_in_two_splits"] == 2
    assert data.facts["sentences_of_one_word"] == 1
    assert data.facts["test_sentences"] == 2
    # The longer test sentence does not fit into 4 tokens; "are", "you" and "late" are not in training.
    assert data.facts["oov_rate"] == 1.0


def test_a_file_of_one_split_is_split_by_bag_and_a_wrong_column_is_named(tmp_path: Path) -> None:
    path = tmp_path / "text.txt"
    path.write_text("\n".join(f"a{i} b{i % 5} c{i % 3}.\nc{i % 3} a{i} b{i % 5}!" for i in range(50)))
    data = WordOrder(data=str(path)).load(8, seed=0)
    assert [data.facts[f"{part}_sentences"] for part in ("train", "validation", "test")] == [80, 10, 10]
    with pytest.raises(
        DataError, match="no column 'body'; there are: text. Name it with --set word-order.column=text"
    ):
        WordOrder(data=str(path), column="body").load(8, seed=0)


def test_tatoeba_loads_with_little_unknown_and_quickly_the_second_time(shared_data: Path) -> None:
    task = WordOrder(data=str(shared_data / "word-order-tatoeba"))
    task.load(64, seed=0)
    started = time.process_time()
    data = task.load(64, seed=0)
    assert time.process_time() - started < 3
    assert data.facts["train_sentences"] > 35_000
    assert 0 < float(data.facts["oov_rate"]) < 0.1
    top, bottom = data.show(0).splitlines()
    assert sorted(top.split()[1:]) == sorted(bottom.split()[1:])


def test_written_sentences_are_english_in_what_can_be_checked() -> None:
    drawn = written_sentences(Random(0))
    seen = [next(drawn) for _ in range(5000)]
    words = [sentence[:-1].lower().split() for sentence in seen]
    assert len(set(seen)) > 4500
    assert {sentence[-1] for sentence in seen} == {".", "?", "!"}
    pairs = {pair for sentence in words for pair in pairwise(sentence)}
    assert all((article == "an") == (word[0] in "aeiou") for article, word in pairs if article in ("a", "an"))
    wrong = {("he", "have"), ("they", "has"), ("i", "is"), ("she", "are"), ("we", "was"), ("does", "reads")}
    assert not pairs & wrong
    assert 2 <= min(map(len, words)) <= max(map(len, words)) < 20


def test_kit_when_the_places_tell_more_than_the_reference_then_says_so(tmp_path: Path) -> None:
    rng = Random(0)
    lines = [" ".join(f"w{place}x{rng.randrange(40)}" for place in range(6)) + "." for _ in range(600)]
    (tmp_path / "a.txt").write_text("\n".join(lines))
    task = WordOrder(data=str(tmp_path / "a.txt"))
    data = task.load(14, 0)
    task_scores.check_reference(task, lambda _: data)
    weaker = replace(
        data, baselines=tuple(replace(b, is_reference=b.name == "bigram greedy") for b in data.baselines)
    )
    with pytest.raises(CheckFailed, match="the commonest class at each place"):
        task_scores.check_reference(task, lambda _: weaker)

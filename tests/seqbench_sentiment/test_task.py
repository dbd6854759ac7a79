"""Tests the sentiment task: opinions in order, nothing leaked, real texts read whole.

Modules: seqbench_sentiment.tensors.
"""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Iterable
from pathlib import Path

import datasets
import pandas as pd
import pytest
import torch
from seqbench_sentiment.reviews import WORDS, made_up_splits
from seqbench_sentiment.rows import Columns, Folds, split_examples
from seqbench_sentiment.scores import is_too_large, metrics
from seqbench_sentiment.task import Sentiment
from torch import Tensor

from seqbench import Batch, DataError, Ragged, Split, TaskData, evaluate
from seqbench.contracts.metrics import reference

SMALL = {"train_examples": 200, "validation_examples": 20, "test_examples": 100}


def rows(split: Split) -> list[tuple[int, ...]]:
    batch = split.batch(torch.arange(len(split)))
    return [tuple(row[:n].tolist()) for row, n in zip(batch.inputs, batch.lengths.tolist(), strict=True)]


def perfect(batch: Batch, classes: int = 2) -> Tensor:
    return torch.nn.functional.one_hot(batch.targets, classes) * 1e4


def scores(data: TaskData, name: str) -> dict[str, float]:
    return dict(next(baseline.scores for baseline in data.baselines if baseline.name == name))


def opinion_of(words: list[str]) -> str:
    """Read a made-up review as a person would: the last judgement counts, and ``not`` turns it round."""
    good = ["good", "great", "charming", "clever", "moving", "witty"]
    bad = ["bad", "awful", "boring", "clumsy", "dull", "silly"]
    place = max(i for i, word in enumerate(words) if word in good + bad)
    return "positive" if (words[place] in good) != (words[place - 1] == "not") else "negative"


def write_csv(path: Path, columns: str, lines: Iterable[str]) -> str:
    path.write_text("\n".join([columns, *lines]) + "\n", encoding="utf-8")
    return str(path)


# ---- made-up reviews ----


@pytest.mark.parametrize("length", [8, 16, 100])
@pytest.mark.parametrize("evidence", ["start", "middle", "end", "anywhere"])
def test_made_up_reviews_when_read_by_a_person_then_every_label_is_right(length: int, evidence: str) -> None:
    data = Sentiment(evidence=evidence, **SMALL).load(length, 0)
    classes = str(data.facts["classes"]).split(", ")
    for split in (data.train, data.validation, data.test):
        assert split.lengths.tolist() == [length] * len(split)
        for row, target in zip(rows(split), split.targets.tolist(), strict=True):
            assert opinion_of([WORDS[token] for token in row]) == classes[target]


@pytest.mark.parametrize(
    ("evidence", "where"), [("start", range(9)), ("middle", range(45, 56)), ("end", range(91, 100))]
)
def test_evidence_at_a_place_then_no_opinion_elsewhere(evidence: str, where: range) -> None:
    told = {WORDS.index(word) for word in ("not", "but", "although", "good", "dull")}
    data = Sentiment(evidence=evidence, **SMALL).load(100, 0)
    places = {place for row in rows(data.train) for place, token in enumerate(row) if token in told}
    assert places
    assert places <= set(where)


def test_evidence_anywhere_then_spread_over_the_text() -> None:
    told = WORDS.index("not"), WORDS.index("but"), WORDS.index("although")
    found = [
        i for row in rows(Sentiment(evidence="anywhere").load(64, 0).train) for i in range(64) if row[i] in told
    ]
    counts = torch.histc(torch.tensor(found, dtype=torch.float), bins=8, min=0, max=64)
    assert (counts / counts.sum()).min() > 0.05


@pytest.mark.parametrize("length", [8, 16, 257])
def test_made_up_reviews_with_default_sizes_then_none_stands_twice(length: int) -> None:
    data = Sentiment().load(length, 3)
    everything = [row for split in (data.train, data.validation, data.test) for row in rows(split)]
    assert len(set(everything)) == len(everything) == 4000 + 256 + 512


def test_same_and_other_seeds_then_same_and_other_reviews() -> None:
    task = Sentiment(**SMALL)
    again = [rows(task.load(16, seed).train) for seed in (0, 0, 1)]
    assert again[0] == again[1] != again[2]
    larger = Sentiment(**{**SMALL, "train_examples": 300})
    assert rows(larger.load(16, 0).test) == rows(task.load(16, 0).test)


@pytest.mark.parametrize("length", [8, 16, 64])
def test_bag_of_words_on_made_up_reviews_then_near_chance_and_below_its_bound(length: int) -> None:
    data = Sentiment(test_examples=4000).load(length, 0)
    words = scores(data, "bag of words")["balanced_accuracy"]
    # Adding up words is right in 0.25 * 0.75 + 0.75 * 0.5 = 56% at most; 4000 texts give it 0.8% of spread.
    assert 0.48 < words < 0.5625 + 0.025


def test_reader_of_the_last_judgement_then_perfect_where_the_bag_of_words_is_not() -> None:
    data = Sentiment(**SMALL).load(32, 0)

    def read(batch: Batch) -> Tensor:
        opinions = [opinion_of([WORDS[token] for token in row]) for row in batch.inputs.tolist()]
        return torch.tensor([[o == "negative", o == "positive"] for o in opinions]) * 1e4

    assert evaluate(data.metrics, data.test, read)["balanced_accuracy"] == 1.0


def test_length_below_the_longest_opinion_then_says_so() -> None:
    with pytest.raises(DataError, match="length 7 leaves no room for an opinion; made-up reviews need 8"):
        Sentiment().load(7, 0)


def test_more_reviews_than_there_are_then_says_so() -> None:
    with pytest.raises(DataError, match="different train reviews of 8 tokens are not found; ask for fewer"):
        made_up_splits({"train": 40_000}, 8, "start", 0, attempts=1)


def test_long_reviews_then_made_in_seconds_and_kept() -> None:
    Sentiment(**SMALL).load(8192, 0)
    start = time.process_time()
    data = Sentiment(**SMALL).load(8192, 0)
    assert time.process_time() - start < 0.5
    assert data.train.batch(torch.arange(3)).inputs.shape == (3, 8192)


# ---- metrics and baselines ----


def test_perfect_and_chance_predictors_then_best_and_the_declared_baseline() -> None:
    data = Sentiment(test_examples=4000, train_examples=50).load(16, 0)
    best = evaluate(data.metrics, data.test, perfect)
    assert all(best[metric.name] == pytest.approx(metric.best, abs=1e-6) for metric in data.metrics)
    rng = torch.Generator().manual_seed(0)
    guessed = evaluate(data.metrics, data.test, lambda b: torch.rand(len(b.targets), 2, generator=rng) * 1e-6)
    for name, score in scores(data, "guess").items():
        assert guessed[name] == pytest.approx(score, abs=0.03)
    assert scores(data, "majority class")["balanced_accuracy"] == 0.5
    assert all(baseline.is_reference for baseline in data.baselines)


def test_unequal_classes_by_hand_then_balanced_accuracy_sees_through_the_majority(tmp_path: Path) -> None:
    train = [f"{'fine' if i % 4 == 0 else 'poor'} film number {i},{int(i % 4 == 0)},train" for i in range(40)]
    test = [f"{'fine' if i == 0 else 'poor'} number film {i},{int(i == 0)},test" for i in range(5)]
    valid = ["fine one,1,valid", "poor one,0,valid"]
    path = write_csv(tmp_path / "a.csv", "text,label,split", [*train, *test, *valid])
    data = Sentiment(data=path).load(10, 0)
    majority = scores(data, "majority class")
    assert majority["accuracy"] == pytest.approx(4 / 5)
    assert majority["balanced_accuracy"] == pytest.approx(1 / 2)
    assert majority["macro_f1"] == pytest.approx((2 * 4 / (2 * 4 + 1) + 0) / 2)
    assert majority["loss"] == pytest.approx(-(4 * math.log(0.75) + math.log(0.25)) / 5)
    assert scores(data, "bag of words")["balanced_accuracy"] == 1.0
    assert reference(data.baselines, data.metrics[0]).name == "bag of words"


@pytest.mark.parametrize(("said", "score"), [([0, 2, 1, 1], (1 / 2 + 1) / 2), ([0, 1, 1, 1], (1 / 2 + 1) / 2)])
def test_class_without_texts_in_a_split_then_recall_of_the_others(said: list[int], score: float) -> None:
    test = Split(torch.zeros(4, 1, dtype=torch.uint8), torch.tensor([0, 0, 1, 1]))
    logits = torch.nn.functional.one_hot(torch.tensor(said), 3).double()
    assert evaluate(metrics(3), test, lambda _: logits)["balanced_accuracy"] == score
    assert evaluate(metrics(3), test, lambda batch: perfect(batch, 3))["balanced_accuracy"] == 1.0


def test_very_many_classes_then_memory_grows_with_the_texts_and_not_with_pairs_of_classes() -> None:
    classes = 200_000  # all pairs of them would be 298 GiB
    test = Split(torch.zeros(4, 1, dtype=torch.uint8), torch.tensor([0, 0, 7, classes - 1]))
    said = torch.nn.functional.one_hot(torch.tensor([0, 7, 7, classes - 1]), classes).float()
    found = evaluate(metrics(classes), test, lambda _: said)
    assert found["balanced_accuracy"] == pytest.approx((1 / 2 + 1 + 1) / 3)
    assert found["macro_f1"] == pytest.approx((2 / 3 + 2 / 3 + 1) / 3)
    assert is_too_large(90_000, 10_000, 30_000)
    assert not is_too_large(25_000, 10_000, 10)


def test_loss_that_is_not_a_number_then_not_dropped() -> None:
    test = Split(torch.zeros(2, 1, dtype=torch.uint8), torch.tensor([0, 1]))
    logits = torch.tensor([[0.0, 0.0], [0.0, math.nan]])
    assert math.isnan(evaluate(metrics(2), test, lambda _: logits)["loss"])


# ---- real texts ----

LINES = [f'"{word} words, {i}!",{label}' for i in range(40) for word, label in (("Fine", "pos"), ("Poor", "neg"))]


@pytest.mark.parametrize(("truncate", "kept"), [("head", "One two"), ("tail", "five !"), ("middle", "three four")])
def test_truncation_then_the_first_last_or_middle_tokens(tmp_path: Path, truncate: str, kept: str) -> None:
    text = "One two three four five!"
    lines = [f"{text},{label},{part}" for part in ("train", "valid", "test") for label in ("pos", "neg")]
    path = write_csv(tmp_path / "a.csv", "text,label,split", lines)
    with pytest.warns(UserWarning, match="2 of 2 test texts are also training texts"):
        data = Sentiment(data=path, truncate=truncate, lower=False, minimum_count=1).load(2, 0)
    assert data.show(0) == f"input   {kept}\ntarget  pos"
    assert data.facts["test_texts_also_in_train"] == 2


def test_vocabulary_then_of_read_training_text_only_and_unknown_rate_by_hand(tmp_path: Path) -> None:
    lines = ["a a b c unread,x,train", "A b d,y,train", "a e f b,x,test", "b,y,test", "a a,x,valid", "g,y,valid"]
    path = write_csv(tmp_path / "a.csv", "text,label,split", lines)
    data = Sentiment(data=path, minimum_count=2).load(4, 0)
    assert data.inputs.vocabulary_size == data.facts["vocabulary_size"] == 4  # two markers, a and b
    assert rows(data.train) == [(2, 2, 3, 1), (2, 3, 1)]
    assert rows(data.test) == [(2, 1, 1, 3), (3,)]
    assert (data.facts["oov_rate"], data.facts["oov_rate_validation"]) == (2 / 5, 1 / 3)
    assert data.facts["truncated_rate"] == 1 / 6
    assert isinstance(data.test.inputs, Ragged)
    with pytest.warns(UserWarning, match="80% of the tokens that are read of the test texts are not in the voc"):
        assert Sentiment(data=path, minimum_count=1, vocabulary_size=3).load(4, 0).inputs.vocabulary_size == 3


def test_no_split_given_then_tenths_with_equal_texts_on_one_side() -> None:
    lines = [line.rsplit(",", 1) for i, line in enumerate(LINES) for _ in range(1 + i % 3)]  # up to three times
    rows_of_all = {"all": pd.DataFrame(lines, columns=["t", "l"])}
    columns = Columns("t", "l", "split", "fold")
    parts, left_out = split_examples(rows_of_all, columns, Folds(), 0, lower=True)
    texts = {part: {example.tokens for example in examples} for part, examples in parts.items()}
    assert left_out == 0
    assert sum(len(examples) for examples in parts.values()) == len(lines)
    for one, other in itertools.combinations(texts.values(), 2):
        assert not one & other
    for part in ("validation", "test"):
        for label in ("pos", "neg"):
            assert 8 <= sum(e.label == label for e in parts[part]) <= 8 + 2  # the last text may stand three times
    again = [split_examples(rows_of_all, columns, Folds(), seed, lower=True)[0] for seed in (0, 1)]
    assert again[0] == parts
    assert again[1]["test"] != parts["test"]


def test_train_and_test_files_then_validation_from_train_and_test_untouched(tmp_path: Path) -> None:
    write_csv(tmp_path / "train.csv", "text,label", LINES)
    write_csv(tmp_path / "test.csv", "text,label", ["poor words,neg", "new words,pos"])
    data = Sentiment(data=str(tmp_path)).load(10, 0)
    assert (len(data.train), len(data.validation), len(data.test)) == (72, 8, 2)
    assert torch.bincount(data.validation.targets.long()).tolist() == [4, 4]


def test_folds_then_the_last_two_or_those_named(tmp_path: Path) -> None:
    lines = [f"word{fold},{label},{fold}" for fold in (2, 10, 1, 9) for label in ("a", "b")]
    path = write_csv(tmp_path / "a.csv", "text,label,fold", lines)
    rows_of_all = {"all": pd.read_csv(path)}
    for folds, held in [
        (Folds(), "word9 word10"),
        (Folds(test=2), "word10 word2"),
        (Folds("1", "9"), "word1 word9"),
    ]:
        parts, _ = split_examples(rows_of_all, Columns("text", "label", "split", "fold"), folds, 0, lower=True)
        assert [parts[part][0].tokens for part in ("validation", "test")] == [(word,) for word in held.split()]
        assert {e.tokens[0] for e in parts["train"]} | set(held.split()) == {"word1", "word2", "word9", "word10"}
        assert [len(parts[part]) for part in ("train", "validation", "test")] == [4, 2, 2]
    with pytest.raises(DataError, match="test_fold is 7, and the column 'fold' holds 1, 2, 9, 10"):
        Sentiment(data=path, test_fold=7).load(5, 0)
    with pytest.raises(DataError, match="both 2; they have to differ"):
        Sentiment(data=path, test_fold=2, validation_fold=2).load(5, 0)


@pytest.mark.parametrize(
    ("columns", "lines", "said"),
    [
        ("text,label", ["x,1", "y,1"], "every training text has the label '1'; two classes"),
        (
            "review,label",
            ["x,1"],
            "no column 'text'; there are: review, label. Name it with --set sentiment.text_column=review",
        ),
        (
            "text,stars",
            ["x,1"],
            "no column 'label'; there are: text, stars. Name it with --set sentiment.label_column=stars",
        ),
        (
            "text,label",
            ["x,1", "y,", "z,"],
            r"2 of 3 rows \(train\) have no label in 'label', the first of them line 3",
        ),
        ("text,label", ["x,1.5", "y,2"], r"the label 1.5 in 'label' at line 2 \(train\) is no class but a number"),
        ("text,label", [" ,1", ",0"], r"all 2 texts \(train\) in 'text' are empty"),
        ("text,label", ["x,1", "y,0"], "the label '1' has 1 different texts, too few"),
        ("text,label,split", ["x,1,train", "y,0,train", "z,2,test"], "test texts have labels .*: 2"),
        (
            "text,label,split",
            ["x,1,train", "y,0,other"],
            "says 'other' in 1 rows, the first of them line 3; it may say train, validation",
        ),
        (
            "text,label,fold",
            ["x,1,1", '"y\nz",0,2', "z,1,"],
            "1 of 3 rows have nothing in the column 'fold', the first of them line 5; name the fold",
        ),
        ("text,label,fold", ["x,1,1", "y,0,2"], r"holds 2 folds \(1, 2\); three are needed"),
    ],
)
def test_unfit_rows_then_one_clear_sentence(tmp_path: Path, columns: str, lines: list[str], said: str) -> None:
    with pytest.raises(DataError, match=said):
        Sentiment(data=write_csv(tmp_path / "a.csv", columns, lines)).load(5, 0)


def test_empty_texts_then_left_out_with_a_warning_and_counted(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "a.csv", "text,label", [*LINES, " ,pos", ",neg"])
    for _ in range(2):  # made, and from the cache
        with pytest.warns(UserWarning, match="2 empty texts were left out"):
            data = Sentiment(data=path).load(5, 0)
        assert data.facts["empty_texts_left_out"] == 2


def test_labels_that_differ_in_capitals_only_then_a_warning(tmp_path: Path) -> None:
    lines = [f"one word other{n},{('pos', 'Pos', 'neg')[n % 3]}" for n in range(60)]
    path = write_csv(tmp_path / "texts.csv", "text,label", lines)
    with pytest.warns(UserWarning, match="classes of their own: Pos, pos"):
        data = Sentiment(data=path, minimum_count=1).load(8, seed=0)
    assert data.facts["labels_alike"] == "Pos, pos"


def test_three_classes_and_length_one_then_one_token_each(tmp_path: Path) -> None:
    lines = [f"{word} {i},{label}" for i in range(20) for word, label in (("good", 10), ("fair", 2), ("bad", 1))]
    data = Sentiment(data=write_csv(tmp_path / "a.csv", "text,label", lines)).load(1, 0)
    assert data.facts["classes"] == "1, 2, 10"
    assert data.test.lengths.tolist() == [1] * 6
    assert scores(data, "bag of words")["balanced_accuracy"] == 1.0
    assert scores(data, "majority class")["balanced_accuracy"] == pytest.approx(1 / 3)
    best = evaluate(data.metrics, data.test, lambda batch: perfect(batch, 3))
    assert best == pytest.approx({m.name: m.best for m in data.metrics})


def test_class_whose_texts_are_all_another_classes_too_then_says_so(tmp_path: Path) -> None:
    negative = [f"poor {i},neg" for i in range(20)]
    lines = ["so so,pos", "so so,meh", "good,pos", "fine,pos", *negative]
    path = write_csv(tmp_path / "a.csv", "text,label", lines)
    said = []
    for seed in range(4):
        try:
            Sentiment(data=path).load(5, seed)
        except DataError as error:
            said.append(str(error))
    assert said  # the one text of "meh" is held out for two of three seeds
    assert all("texts have labels that no training text has: meh; give training texts" in text for text in said)


def offer_on_hub(monkeypatch: pytest.MonkeyPatch, rows: dict[str, list[str]]) -> None:
    """Have `datasets` give these rows, as a hub data set may that was changed since."""
    given = datasets.DatasetDict(train=datasets.Dataset.from_dict(rows))
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(datasets, "load_dataset", lambda *_, **__: given)


def test_hub_data_set_changed_then_fresh_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("first", "second"):
        texts = [f"{name} text {i}" for i in range(40)]
        offer_on_hub(monkeypatch, {"text": texts, "label": ["pos", "neg"] * 20})
        assert name in Sentiment(data="someone/things").load(5, 0).show(0)


def test_file_changed_then_fresh_rows(tmp_path: Path) -> None:
    for name in ("first", "second"):
        path = write_csv(tmp_path / "a.csv", "text,label", [line.replace("words", name) for line in LINES])
        assert name in Sentiment(data=path).load(5, 0).show(0)


@pytest.mark.parametrize(
    "wrong", [{"truncate": "left"}, {"evidence": "nowhere"}, {"vocabulary_size": 2}, {"train_examples": 0}]
)
def test_parameter_that_makes_no_sense_then_value_error(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=f"{next(iter(wrong))} is "):
        Sentiment(**wrong)  # type: ignore[arg-type]


def test_whole_movie_reviews_then_bag_of_words_as_published(shared_data: Path) -> None:
    data = Sentiment(data=str(shared_data / "sentiment-movie-reviews" / "reviews.csv.gz")).load(4000, 0)
    assert [len(s) for s in (data.train, data.validation, data.test)] == [1600, 200, 200]
    assert data.facts["truncated_rate"] == 0
    # Pang and Lee (2004): 82.8 to 87.2% over ten folds; one fold of 200 texts is within 5% of that.
    assert 0.78 < scores(data, "bag of words")["accuracy"] < 0.93
    start = time.process_time()
    Sentiment(data=str(shared_data / "sentiment-movie-reviews" / "reviews.csv.gz")).load(4000, 0)
    assert time.process_time() - start < 0.5


def test_sentence_polarity_then_bag_of_words_as_published(shared_data: Path) -> None:
    data = Sentiment(data=str(shared_data / "sentiment-mr")).load(64, 0)
    assert data.facts["classes"] == "neg, pos"
    assert (len(data.train), len(data.validation), len(data.test)) == (8529 + 1, 1066, 1066)
    # Wang and Manning (2012), table 2: 76 to 79% for unigram classifiers.
    assert 0.72 < scores(data, "bag of words")["accuracy"] < 0.81

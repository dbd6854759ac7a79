"""Tests the task whole: the perfect translator, the baselines, new rows, real data, and what a network learns.

Modules: seqbench_translation.baselines, seqbench_translation.corpus, seqbench_translation.show,
seqbench_translation.stored.
"""

from __future__ import annotations

import gzip
import json
import warnings
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from seqbench_translation.baselines import text_scores, texts_of
from seqbench_translation.made_up import translated
from seqbench_translation.task import Translation
from seqbench_translation.vocabulary import Numbering
from torch import Tensor

from seqbench import UNSCORED, Batch, DataError, Decoding, Experiment, Split, TaskData, evaluate, load_trained, run
from seqbench.decoding.decode import decode
from seqbench.records.store import Store

FEW = {"sentences": 2000, "train_rows": 100, "test_rows": 60}


def loaded(length: int = 16, seed: int = 0, **parameters: Any) -> TaskData:
    return Translation(**{**FEW, **parameters}).load(length, seed)


@pytest.fixture(scope="module")
def made_up(tmp_path_factory: pytest.TempPathFactory) -> TaskData:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SEQBENCH_CACHE", str(tmp_path_factory.mktemp("cache")))
        return loaded()


def numbering_of(data: TaskData) -> Numbering:
    return Numbering.from_fitted(json.loads(json.dumps(data.fitted)))


def written_by(data: TaskData, translate: Callable[[str], str], test: Split | None = None) -> dict[str, float]:
    """Return the scores of a translator of texts, by the way of tokens that a model goes."""
    numbering, decoding = numbering_of(data), data.decoding
    assert decoding is not None

    def write(batch: Batch) -> Tensor:
        given = decoding.prompts(batch)
        sources = [row[: n - 1] for row, n in zip(given.inputs.tolist(), given.lengths.tolist(), strict=True)]
        texts = [translate(numbering.source.text(source)) for source in sources]
        return padded(numbering.target_tokens(text) for text in texts)

    decoded = [metric for metric in data.metrics if metric.of == "decoded"]
    return evaluate(decoded, test or data.test, write, batch_size=25, decoding=decoding)


def padded(rows: Iterable[list[int]]) -> Tensor:
    tensors = [torch.tensor([*row, UNSCORED]) for row in rows]
    return torch.nn.utils.rnn.pad_sequence(tensors, batch_first=True, padding_value=UNSCORED)


def each_sentence(text: str) -> str:
    return " ".join(translated(f"{sentence}.") for sentence in text.removesuffix(".").split("."))


def test_the_perfect_translator_scores_100_from_the_source_alone(made_up: TaskData) -> None:
    assert written_by(made_up, each_sentence) == {"chrf": 100, "bleu": 100, "exact_match": 1}


def test_writing_nothing_scores_0_and_leaving_out_some_rows_scores_less(made_up: TaskData) -> None:
    assert written_by(made_up, lambda source: "") == {"chrf": 0, "bleu": 0, "exact_match": 0}
    silent = written_by(made_up, lambda source: each_sentence(source) if len(source) % 2 else "")
    assert 20 < silent["chrf"] < 90
    assert 0.2 < silent["exact_match"] < 0.8


def test_word_by_word_is_the_best_baseline_and_clearly_below_perfect(made_up: TaskData) -> None:
    scores = {baseline.name: baseline.scores["chrf"] for baseline in made_up.baselines}
    assert list(scores) == ["word by word", "copy the source", "random tokens"]
    assert scores["copy the source"] < scores["random tokens"] < scores["word by word"] < 60


def test_baselines_as_texts_score_as_their_tokens_do(made_up: TaskData) -> None:
    known = {word.strip() for word in numbering_of(made_up).target.units}
    assert made_up.decoding is not None
    sources, references = texts_of(made_up.test, made_up.decoding, numbering_of(made_up))

    def backwards(source: str) -> str:
        return " ".join(word for word in reversed(each_sentence(source).split()) if word in known)

    expected = text_scores([backwards(source) for source in sources], references, "13a")
    assert written_by(made_up, backwards) == pytest.approx(expected, rel=1e-12)


def test_the_worked_example_of_the_docstring_is_one() -> None:
    data = loaded(6, join=False)
    text = data.show(0)
    source, target, scored = text.splitlines()
    assert " >" in source
    assert target.endswith(" $")
    assert scored.count("^") == len(target.split()) - 1


def test_rows_differ_with_the_seed_and_are_the_same_again_from_the_cache() -> None:
    first, again, other = loaded(), loaded(), loaded(seed=1)
    assert first.show(3) == again.show(3) != other.show(3)
    assert first.baselines == again.baselines
    assert first.facts == again.facts


def test_kinds_are_the_same_at_every_length_so_that_networks_are_tested_at_others() -> None:
    short, long = loaded(8), loaded(100)
    assert (short.inputs, short.targets) == (long.inputs, long.targets)
    assert int(long.test.lengths.max()) > 150


@pytest.fixture
def pairs_file(tmp_path: Path) -> str:
    rows = [
        (f"The {animal} has {n} {thing}.", f"{tier.capitalize()} hat {n} {ding}.")
        for n in range(2, 12)
        for animal, tier in (("dog", "der Hund"), ("cat", "die Katze"), ("bird", "der Vogel"))
        for thing, ding in (("bones", "Knochen"), ("houses", "Häuser"))
    ]
    path = tmp_path / "pairs.tsv"
    path.write_text("\n".join("\t".join(row) for row in [("en", "de"), *rows, ("Zoë?", "Zoë!")]) + "\n")
    return str(path)


def test_new_rows_are_translated_by_tokens_that_know_unseen_words(pairs_file: str) -> None:
    task = Translation(data=pairs_file, source="en", target="de")
    data = task.load(20, 0)
    fitted = json.loads(json.dumps(data.fitted))
    numbering = numbering_of(data)
    inputs = task.encode([{"en": "The dog has 3 wombats."}, {"text": "Zoë?"}], 20, fitted)
    rows = [inputs.take(torch.tensor([i]), 0)[0].tolist() for i in (0, 1)]  # type: ignore[union-attr]
    assert [row[-1] for row in rows] == [numbering.delimiter] * 2
    assert [numbering.source.text(row[:-1]) for row in rows] == ["The dog has 3 wombats.", "Zoë?"]
    answers = padded([numbering.target_tokens("Der Hund hat 3 Wombats."), []])
    assert task.decode(answers, fitted) == ["Der Hund hat 3 Wombats.", ""]
    with pytest.raises(DataError, match="row 2 has no column 'en'.*there are: de"):
        task.encode([{"en": "The dog."}, {"de": "Der Hund."}], 20, fitted)
    for row, words in (
        ({"en": None}, "row 1 has no text in the column 'en'"),
        ({"en": 7}, "the column 'en' is to hold texts, and row 1 holds 7"),
        *(
            ({"text": empty}, "the text of row 1 is empty, and there is nothing to translate")
            for empty in (" ", "\u200b", "<br>", "&nbsp;", "\ufeff")
        ),
    ):
        with pytest.raises(DataError, match=words):
            task.encode([row], 20, fitted)


@pytest.mark.parametrize("unit", ["word", "character"])
def test_references_of_given_data_are_their_texts_to_the_last_letter(pairs_file: str, unit: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        data = Translation(data=pairs_file, source="en", target="de", unit=unit, vocabulary_size=9).load(60, 0)
    assert data.decoding is not None
    sources, references = texts_of(data.test, data.decoding, numbering_of(data))
    lines = dict(line.split("\t") for line in Path(pairs_file).read_text().splitlines())
    for source, reference in zip(sources, references, strict=True):
        told = [f"{sentence}." for sentence in source.removesuffix(".").split(". ")]
        assert " ".join(lines[sentence] for sentence in told) == reference
    assert written_by(data, lambda source: dict(zip(sources, references, strict=True))[source])["chrf"] == 100


def test_pairs_in_two_splits_and_many_unknown_words_are_told(tmp_path: Path) -> None:
    for part, first, last in (("train", 0, 30), ("valid", 28, 40), ("test", 40, 50)):
        rows = "".join(f"{{'en': 'a{i} b', 'de': 'x{i} y'}}\n".replace("'", '"') for i in range(first, last))
        (tmp_path / f"{part}.jsonl").write_text(rows)
    with pytest.warns(UserWarning, match="left out|no token") as told:
        data = Translation(data=str(tmp_path), source="en", target="de").load(16, 0)
    said = [str(warning.message) for warning in told]
    assert said[0].startswith("2 pairs of training and validation were left out")
    assert said[1].startswith("50% of the test words of one side have no token of their own")
    assert data.facts["pairs_in_two_splits"] == 2
    assert data.facts["oov_rate_target"] == 0.5


def test_new_rows_longer_than_any_of_training_are_counted(made_up: TaskData) -> None:
    task, fitted = Translation(), json.loads(json.dumps(made_up.fitted))
    exact = "the dogs saw a cat."
    task.encode([{"text": exact}], 6, fitted)
    with pytest.warns(UserWarning, match="2 of 3 rows are longer than the 6 source tokens.*the longest has 18: "):
        task.encode([{"text": text} for text in (exact, f"{exact} {exact}", " ".join([exact] * 3))], 6, fitted)


def test_pairs_with_an_empty_side_are_warned_of(pairs_file: str) -> None:
    with Path(pairs_file).open("a") as file:
        file.write("The dog.\t\n\tDer Hund.\n")
    with pytest.warns(UserWarning, match="pairs with an empty side were left out: 2;"):
        data = Translation(data=pairs_file, source="en", target="de").load(20, 0)
    assert data.facts["pairs_with_an_empty_side"] == 2


def test_source_and_target_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="source and target are both 'en'"):
        Translation(source="en", target="en")


@pytest.mark.parametrize("setting", [{"vocabulary_size": 50}, {"minimum_count": 1}])
def test_a_setting_of_given_data_without_data_is_refused(setting: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="choose the words of data of yours, and data is not set"):
        Translation(**setting)


def test_sentences_shorter_than_any_are_refused() -> None:
    with pytest.raises(
        DataError, match="shortest has 4 source tokens and [45] target tokens; ask for length 4 or"
    ):
        loaded(3)


@pytest.mark.slow
def test_tatoeba_is_read_and_no_reference_is_changed(shared_data: Path, tmp_path: Path) -> None:
    for part in ("train", "valid", "test"):
        with gzip.open(
            shared_data / "translation-tatoeba-en-de" / f"{part}.tsv.gz", "rt", encoding="utf-8"
        ) as file:
            lines = [line.rstrip("\n") for _, line in zip(range(3000), file, strict=False)]
        (tmp_path / f"{part}.tsv").write_text("\n".join(["en\tde", *lines]) + "\n", encoding="utf-8")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        data = Translation(
            data=str(tmp_path), source="en", target="de", join=False, train_rows=10, test_rows=2000
        ).load(64, 0)
    assert data.decoding is not None
    _, references = texts_of(data.test, data.decoding, numbering_of(data))
    originals = {line.split("\t")[1] for line in (tmp_path / "test.tsv").read_text(encoding="utf-8").splitlines()}
    assert len(references) > 1900
    assert len(set(references) - originals) < 0.01 * len(references)
    word_by_word = data.baselines[0].scores
    assert 30 < word_by_word["chrf"] < 45


@pytest.mark.slow
def test_a_gru_learns_the_made_up_language_and_writes_it_greedily_and_with_beams(tmp_path: Path) -> None:
    fields = {
        "tasks": ["translation"],
        "models": ["gru"],
        "lengths": [6],
        "parameters": {"gru": {"hidden_size": 128}, "translation": {"test_rows": 200, "join": False}},
        "training": {"steps": 1500, "batch_size": 64, "validate_every": 500, "schedule": "cosine"},
        "gradients": {"measure": False},
    }
    run(Experiment.model_validate(fields), tmp_path, executor="serial", keep_weights=True)
    (record,) = Store(tmp_path).read()
    trained = load_trained(tmp_path, record.key)
    assert isinstance(trained.task, Translation)
    data = trained.task.load(6, 0)
    assert record.test is not None
    assert data.decoding is not None
    for beams in (1, 2, 4):
        decoding = replace(data.decoding, beams=beams)

        def write(batch: Batch, decoding: Decoding = decoding) -> Tensor:
            return decode(trained.network, decoding.prompts(batch), decoding).tokens

        decoded = [metric for metric in data.metrics if metric.of == "decoded"]
        scores = evaluate(decoded, data.test, write, decoding=decoding)
        assert scores["chrf"] > 95, beams
        assert scores["exact_match"] > 0.9, beams
        if beams == 1:
            assert scores["chrf"] == pytest.approx(record.test.scores["chrf"], abs=1e-9)
    sources, references = texts_of(data.test, data.decoding, numbering_of(data))
    answers = trained.predict([{"source": source} for source in sources])
    assert text_scores(answers, references, "13a")["chrf"] == pytest.approx(record.test.scores["chrf"], abs=0.5)

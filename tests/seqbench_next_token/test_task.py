"""Tests the data, the scores and the generation of the task next-token.

Modules: seqbench_next_token.baselines, seqbench_next_token.corpus, seqbench_next_token.scores,
seqbench_next_token.showing, seqbench_next_token.windows.
"""

from __future__ import annotations

import gzip
import math
import warnings
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner
from seqbench_next_token.corpus import Corpus, documents
from seqbench_next_token.scores import stretches
from seqbench_next_token.task import NextToken
from seqbench_next_token.units import Words
from seqbench_next_token.windows import contexts, one_row, windows
from torch.nn.functional import cross_entropy

from seqbench import (
    Batch,
    DataError,
    Experiment,
    Ragged,
    TaskData,
    evaluate,
    load_results,
    load_trained,
    run,
)
from seqbench.cli.main import cli
from seqbench.testing.tasks.predictors import perfect
from seqbench.training.load_network import Trained

SMALL = NextToken(train_tokens=4000, test_tokens=1200)

TEN = """please stay at home
please stay in bed
please come at noon
we stay at home
they come at night
we go to school
they go to work
the children play at school
the teachers work at night
please go to bed
"""


@pytest.fixture(scope="module")
def ten(tmp_path_factory: pytest.TempPathFactory) -> str:
    file = tmp_path_factory.mktemp("ten") / "ten.txt"
    file.write_text(TEN)
    return str(file)


@pytest.fixture(scope="module")
def data() -> TaskData:
    return SMALL.load(16, 0)


def logits(data: TaskData) -> dict[bytes, torch.Tensor]:
    """Return logits that depend on the row alone."""
    generator = torch.Generator().manual_seed(0)
    batch = data.test.batch(torch.arange(len(data.test)))
    size = data.targets.head_size
    return {row.numpy().tobytes(): torch.randn(len(row), size, generator=generator) for row in batch.inputs}


def test_windows_do_not_overlap_and_every_token_but_the_first_is_a_target_once() -> None:
    text = torch.arange(100, 123)
    split = windows(text, 5, keeps_rest=True)
    assert split.lengths.tolist() == [5, 5, 5, 5, 2]
    assert contexts(split).tolist() == [1, 2, 3, 4, 5] * 4 + [1, 2]
    row = one_row(split)
    assert isinstance(row.inputs, torch.Tensor)
    assert isinstance(row.targets, torch.Tensor)
    assert torch.equal(row.inputs[0], text[:-1])
    assert torch.equal(row.targets[0], text[1:])
    assert len(windows(text, 5, keeps_rest=False)) == 4
    assert windows(text, 50, keeps_rest=False).lengths.tolist() == [22]


def test_rows_of_the_grammar_begin_a_document_and_its_best_score_is_the_source_s(data: TaskData) -> None:
    made = documents({"test": 1200 // 16}, 16, 0)
    assert set(data.test.batch(torch.arange(len(data.test))).inputs[:, 0].tolist()) == {0}
    best = {metric.name: metric.best for metric in data.metrics}
    assert best["cross_entropy"] == pytest.approx(float(made["losses"].mean()), abs=1e-12)
    assert best["perplexity"] == pytest.approx(math.exp(best["cross_entropy"]))
    assert best["loss_at_1"] == pytest.approx(math.log(8))
    assert data.facts["source_cross_entropy"] == best["cross_entropy"]


def test_metrics_are_the_cross_entropies_computed_by_hand(data: TaskData) -> None:
    known = logits(data)

    def predict(batch: Batch) -> torch.Tensor:
        return torch.stack([known[row.numpy().tobytes()] for row in batch.inputs])

    found = evaluate(data.metrics, data.test, predict, targets=data.targets, batch_size=7)
    batch = data.test.batch(torch.arange(len(data.test)))
    outputs = predict(batch)
    losses = cross_entropy(outputs.flatten(0, 1), batch.targets.flatten(), reduction="none").view(len(outputs), 16)
    mean = float(losses.double().mean())
    assert found["cross_entropy"] == pytest.approx(mean, rel=1e-6)
    assert found["perplexity"] == pytest.approx(math.exp(mean), rel=1e-6)
    assert found["loss_at_1"] == pytest.approx(float(losses[:, 0].double().mean()), rel=1e-6)
    assert found["loss_at_4_7"] == pytest.approx(float(losses[:, 3:7].double().mean()), rel=1e-6)
    assert found["loss_at_8_16"] == pytest.approx(float(losses[:, 7:].double().mean()), rel=1e-6)
    assert found["accuracy"] == pytest.approx(float((outputs.argmax(-1) == batch.targets).double().mean()))


def test_stretches_end_at_the_length_and_cover_it() -> None:
    for length in range(1, 70):
        found = list(stretches(length))
        assert [n for first, last in found for n in range(first, last + 1)] == list(range(1, length + 1))


def test_unigrams_are_scored_as_the_shares_of_the_training_targets_would_be(data: TaskData) -> None:
    targets = data.train.batch(torch.arange(len(data.train))).targets.flatten()
    counts = torch.bincount(targets, minlength=data.targets.head_size).double() + 1e-3
    known = (counts / counts.sum()).log().float()
    shares = evaluate(data.metrics[:1], data.test, lambda batch: known.expand(*batch.targets.shape, -1))
    assert data.baselines[0].scores["cross_entropy"] == pytest.approx(shares["cross_entropy"], rel=0.005)


def test_baselines_do_not_expect_the_first_token_of_documents_inside_them() -> None:
    shortest = SMALL.load(1, 0)
    order_2 = shortest.baselines[1].scores["cross_entropy"]
    # Eight topics are equally probable after the first token; the second token is always a topic.
    assert shortest.baselines[0].scores["accuracy"] > 0.05
    for baseline in shortest.baselines:
        assert baseline.scores["cross_entropy"] == pytest.approx(order_2, abs=0.02)
        assert baseline.scores["cross_entropy"] == pytest.approx(math.log(8), abs=0.05)


def test_carried_context_helps_where_windows_are_short(tmp_path: Path) -> None:
    file = tmp_path / "text.txt"
    file.write_text(TEN * 30)
    with pytest.warns(UserWarning, match="stands in the training text"):
        data = NextToken(data=str(file), carry=True).load(2, 0)
    scores = data.baselines[-1].scores
    assert scores["stream_loss"] < scores["cross_entropy"]
    assert data.baselines[0].scores["stream_loss"] == data.baselines[0].scores["cross_entropy"]
    assert [metric.name for metric in data.metrics if metric.of == "stream"] == [
        "stream_loss",
        "stream_perplexity",
    ]
    assert data.stream is not None
    assert data.stream.inputs.shape == data.stream.targets.shape == (1, int(data.test.lengths.sum()))  # type: ignore[union-attr]


@pytest.mark.filterwarnings("ignore:test_share is 0")
def test_bits_per_character_count_the_characters_of_the_text_whatever_the_unit(ten: str) -> None:
    for unit in ("word", "character"):
        data = NextToken(data=ten, unit=unit, test_share=0, validation_share=0).load(8, 0)
        scores, facts = data.baselines[0].scores, data.facts
        tokens, characters = int(facts["test_tokens"]), int(facts["test_characters"])
        assert characters == len(TEN)
        per_token = scores["cross_entropy"] / math.log(2)
        assert scores["bits_per_character"] == pytest.approx(per_token * tokens / characters)


def test_ten_sentences_are_enough_and_a_test_on_the_training_text_is_told(ten: str) -> None:
    whole = NextToken(data=ten, test_share=0, validation_share=0)
    with pytest.warns(UserWarning, match="learned by heart"):
        data = whole.load(16, 0)
    assert data.facts["tested_on_training_text"] == 1
    assert data.facts["oov_rate"] == 0
    cut = NextToken(data=ten).load(4, 0)
    # The last sentence has five tokens, so that no target has more than four before it.
    assert [metric.name for metric in cut.metrics][-2:] == ["loss_at_1", "loss_at_2_4"]
    with pytest.raises(DataError, match="length 5 needs a test text of 6 tokens or more, and it has 5; ask for"):
        NextToken(data=ten).load(5, 0)
    assert "tested_on_training_text" not in cut.facts


def test_longer_text_of_new_words_is_warned_of(tmp_path: Path) -> None:
    (tmp_path / "train.txt").write_text("a b c\n" * 9)
    (tmp_path / "test.txt").write_text("x y z\n" * 9)
    with pytest.warns(UserWarning, match="not in the vocabulary"):
        NextToken(data=str(tmp_path)).load(4, 0)


def test_text_without_spaces_is_to_be_cut_in_another_way(tmp_path: Path) -> None:
    file = tmp_path / "chinese.txt"
    file.write_text(
        "".join(f"{chr(0x4E00 + n)}今天天气{chr(0x4E80 + n)}好。\n" for n in range(60)), encoding="utf-8"
    )
    with pytest.warns(UserWarning, match="50% .* set next-token.cut=signs or next-token.unit=character$"):
        NextToken(data=str(file)).load(4, 0)
    assert NextToken(data=str(file), cut="signs").load(4, 0).facts["oov_rate"] < 0.5  # type: ignore[operator]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a" * 400, r"so set next-token.unit=character(, ask for a length of at most 1|$)"),
        ("我们今天去公园散步然后回家" * 40, "so set next-token.unit=character or next-token.cut=signs(, ask|$)"),
    ],
)
@pytest.mark.parametrize("share", [0, 0.1])
def test_text_without_spaces_and_few_words_is_told_what_helps(
    tmp_path: Path, text: str, words: str, share: float
) -> None:
    (tmp_path / "text.txt").write_text(text, encoding="utf-8")
    task = NextToken(data=str(tmp_path / "text.txt"), test_share=share, validation_share=share)
    with pytest.raises(DataError, match=words):
        task.load(2, 0)


@pytest.mark.parametrize(
    ("short", "words"), [("train", "give more text$"), ("test", "or set next-token.validation_share")]
)
def test_part_of_one_token_is_told_with_what_makes_it_longer(short: str, words: str) -> None:
    texts = {part: "a" if part == short else "a b c" for part in ("train", "validation", "test")}
    with pytest.raises(DataError, match=f"too few are in: {short}; .*{words}"):
        Corpus.of(texts, Words.fitted("a b c", 9, "spaces"))


def test_second_load_makes_nothing_anew(ten: str, monkeypatch: pytest.MonkeyPatch) -> None:
    first = NextToken(data=ten).load(4, 0)

    def refuse(*args: object) -> None:
        raise AssertionError("it is read again")

    for name in ("read_parts", "Predictions.of"):
        monkeypatch.setattr(f"seqbench_next_token.task.{name}", refuse)
    again = NextToken(data=ten).load(2, 1)
    assert again.fitted == first.fitted


def test_kept_values_turn_prompts_into_tokens_and_predictions_into_words(ten: str) -> None:
    task = NextToken(data=ten, test_share=0, validation_share=0)
    with pytest.warns(UserWarning, match="learned by heart"):
        fitted = task.load(16, 0).fitted
    tokens = task.prompt("please stay at", fitted)
    assert task.text(tokens, fitted) == "please stay at"
    assert task.text(task.prompt("", fitted), fitted) == "\n"
    rows = task.encode([{"text": "please stay at"}, {"text": "home"}], 2, fitted)
    assert isinstance(rows, Ragged)
    assert rows.lengths.tolist() == [2, 1]
    outputs = torch.zeros(2, 2, len(fitted["vocabulary"]))
    outputs[1, 1] = torch.nan
    outputs[0, 1, tokens[0]] = outputs[1, 0, tokens[1]] = 1
    assert task.decode(outputs, fitted) == ["please", "stay"]
    outputs[1, 0, task.prompt("", fitted)[0]] = 2
    assert task.decode(outputs, fitted) == ["please", "<eos>"]
    with pytest.warns(UserWarning, match="1 of 3 words of the rows are unknown"):
        task.encode([{"text": "please fly"}, {"text": "<unk>"}], 2, fitted)
    for row in ({"words": "a"}, {}, {"text": None}, {"text": 7}, {"text": 0.5}, {"text": ["a"]}, {"text": {}}):
        with pytest.raises(DataError, match="row 2 h(as|olds) "):
            task.encode([{"text": "a"}, row, {"text": "b"}], 2, fitted)
    with pytest.raises(DataError, match="there is no row"):
        task.encode([], 2, fitted)
    named = NextToken(data=ten, column="line").encode([{"line": "please stay", "text": "we"}], 2, fitted)
    assert isinstance(named, Ragged)
    assert named.values.tolist() == tokens[:2]
    judged = task.judge([tokens, task.prompt("please stay in bed", fitted)], 16, 0)
    assert judged["longest_copied_run"] == 4
    assert set(judged) < set(task.judge_meanings)
    with pytest.warns(UserWarning, match="1 of 2 words of the prompt are unknown"):
        assert len(task.prompt("please fly", fitted)) == 2
    assert judged["distinct_1"] == 5 / 7


def test_grammar_s_text_is_judged_against_its_own_rows() -> None:
    row = SMALL.load(16, 0).train.batch(torch.tensor([3])).inputs[0].tolist()
    assert SMALL.judge([row], 16, 0)["longest_copied_run"] == 16


def test_example_is_shown_with_input_above_target(ten: str) -> None:
    shown = NextToken(data=ten, test_share=0.3).load(14, 0).show(0)
    lines = shown.split("\n")
    assert [line.split()[0] for line in lines] == ["context", "input", "target"]
    assert lines[1].split()[2:] == lines[2].split()[1:-1]
    assert "↵" in shown


def test_units_and_shares_that_contradict_are_refused() -> None:
    with pytest.raises(ValueError, match="without data the text is in words"):
        NextToken(unit="character")
    with pytest.raises(ValueError, match="bpe begins with 256 bytes"):
        NextToken(data="x.txt", unit="bpe", vocabulary_size=100)


def test_byte_pairs_without_their_library_say_which_command_installs_it(ten: str) -> None:
    try:
        import tokenizers
    except ImportError:
        with pytest.raises(DataError, match=r"pip install 'seqbench\[text\]'"):
            NextToken(data=ten, unit="bpe").load(8, 0)
    else:
        assert tokenizers
        assert NextToken(data=ten, unit="bpe", vocabulary_size=280).load(8, 0).targets.head_size <= 280


def test_perfect_predictor_scores_nothing_below_zero(data: TaskData) -> None:
    found = evaluate(data.metrics, data.test, perfect(data.targets).predict, targets=data.targets)
    assert found["cross_entropy"] == pytest.approx(0, abs=1e-4)


@pytest.mark.slow
def test_real_texts_have_the_tokens_that_are_published(shared_data: Path) -> None:
    folder = shared_data / "text-wikitext-2"
    facts = NextToken(data=str(folder), vocabulary_size=40_000).load(35, 0).facts
    assert (facts["train_tokens"], facts["validation_tokens"]) == (2_088_628, 217_646)
    assert (facts["test_tokens"], facts["vocabulary"]) == (245_569, 33_278)
    with gzip.open(folder / "test.txt.gz", "rt", encoding="utf-8") as file:
        assert facts["test_characters"] == len(file.read())
    shakespeare = NextToken(data=str(shared_data / "text-tinyshakespeare" / "input.txt"), unit="character")
    assert shakespeare.load(64, 0).facts["vocabulary"] == 66


@pytest.fixture(scope="module")
def learned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the file ten.txt, and with the results of a network that was trained on it."""
    folder = tmp_path_factory.mktemp("learned")
    (folder / "ten.txt").write_text(TEN)
    experiment = Experiment.model_validate(
        {
            "tasks": ["next-token"],
            "models": ["gru"],
            "lengths": [16],
            "parameters": {
                "next-token": {"data": str(folder / "ten.txt"), "test_share": 0, "validation_share": 0}
            },
            "training": {"steps": 100, "learning_rate": 0.02},
            "gradients": {"measure": False},
        }
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        run(experiment, folder / "results", executor="serial", keep_weights=True)
    return folder


def trained_on(folder: Path) -> Trained:
    return load_trained(folder / "results", load_results(folder / "results")["key"].iloc[0])


@pytest.mark.slow
def test_the_article_s_sentence_is_learned_and_rows_of_any_length_are_predicted_as_they_are_alone(
    learned: Path,
) -> None:
    trained = trained_on(learned)
    rows = [{"text": text} for text in ("please stay at", "we", "please come")]
    together = trained.predict(rows)
    assert together[0] == "home"
    assert together == [trained.predict([row])[0] for row in rows]


def test_wrong_arguments_of_a_trained_network_are_told(learned: Path) -> None:
    trained = trained_on(learned)
    assert str(trained) == f"<Trained {trained.record.title}, {trained.record.key}>"
    assert len(str(trained)) < 200
    for wrong in ({"tokens": 0}, {"tokens": 2.5}, {"tokens": 1, "seed": -1}, {"tokens": 1, "sample": -2}):
        with pytest.raises(ValueError, match="it must be a whole number, at least"):
            trained.generate("we", **wrong)  # type: ignore[arg-type]
    with pytest.raises(DataError, match="it must be a list of rows"):
        trained.predict({"text": "we"})  # type: ignore[arg-type]


def test_texts_are_judged_against_the_text_that_was_trained_on_and_no_other(learned: Path) -> None:
    file = learned / "ten.txt"
    command = ["generate", str(learned / "results"), "--prompt", "we", "--tokens", "2", "--score"]

    def refused() -> str:
        done = CliRunner().invoke(cli, command)
        assert not done.stdout
        return str(done.exception)

    try:
        assert CliRunner().invoke(cli, command).exit_code == 0
        file.write_text("quite another text\n" * 20)
        assert "ten.txt has changed since next-token" in refused()
        file.unlink()
        assert "leave --score out" in refused()
        assert CliRunner().invoke(cli, command[:-1]).exit_code == 0
    finally:
        file.write_text(TEN)

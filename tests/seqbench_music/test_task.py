"""Tests the task: rows and targets, both metrics and baselines against other computations, sources and sentences.

Modules: seqbench_music.baselines, seqbench_music.instrument, seqbench_music.judging, seqbench_music.pieces,
seqbench_music.rolls, seqbench_music.scores, seqbench_music.showing.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from seqbench_music.baselines import fitted, regression
from seqbench_music.midi import midi_bytes
from seqbench_music.rolls import Keys, Rolls, piece_of, pitches_of
from seqbench_music.task import Music
from sklearn.linear_model import LogisticRegression

from seqbench import Batch, DataError, StepLabels, TaskData, evaluate, load_catalog
from seqbench.plugins.grid import fingerprints
from tests.answering import everything


def test_rows_hold_each_step_but_the_first_once_whatever_the_length_is() -> None:
    pieces = [piece_of([(60 + step,) for step in range(steps)]) for steps in (2, 5, 8)]
    rolls = Rolls.of([*pieces, piece_of([(60,)])], Keys())
    for length, lengths in ((1, [1] * 12), (3, [1, 3, 1, 3, 3, 1]), (7, [1, 4, 7]), (100, [1, 4, 7])):
        rows = rolls.windows(length)
        assert rows.lengths.tolist() == lengths
        batch = everything(rows)
        held = [[step for step in steps if step] for steps in map(pitches_of, batch.targets.clamp(min=0))]
        assert [label - 39 for row in held for (label,) in row] == [1, *range(1, 5), *range(1, 8)]
        is_real = batch.targets[:, :, 0] >= 0
        # The next key is the one above.
        assert batch.targets[is_real].argmax(-1).equal(batch.inputs[is_real].argmax(-1) + 1)
    assert batch.inputs.dtype == torch.float32


def bernoulli(logits: torch.Tensor, batch: Batch) -> tuple[float, float]:
    """Return the mean -ln p of a step and TP / (TP + FP + FN), step by step and key by key."""
    losses, right, wrong = [], 0, 0
    for row, length in enumerate(batch.lengths.tolist()):
        for step in range(length):
            total = 0.0
            for score, target in zip(logits[row, step].tolist(), batch.targets[row, step].tolist(), strict=True):
                chance = 1 / (1 + math.exp(-score))
                total -= math.log(chance if target else 1 - chance)
                right += chance > 0.5 and target == 1
                wrong += (chance > 0.5) != (target == 1)
            losses.append(total)
    return math.fsum(losses) / len(losses), right / (right + wrong)


def test_metrics_are_means_over_all_steps_of_all_pieces() -> None:
    data = Music(train_steps=200, test_steps=1).load(8, 0)
    rng = torch.Generator().manual_seed(0)
    logits = torch.randn(everything(data.test).targets.shape, generator=rng)
    rows = iter(logits.split(3))
    found = evaluate(data.metrics, data.test, lambda batch: next(rows), batch_size=3, targets=data.targets)
    nll, accuracy = bernoulli(logits, everything(data.test))
    assert found["nll"] == pytest.approx(nll, rel=1e-6)
    assert found["frame_accuracy"] == pytest.approx(accuracy, rel=1e-9)


def test_short_pieces_count_by_their_steps_not_by_their_number(tmp_path: Path) -> None:
    """A predictor that is right on a long piece and knows nothing of a short one."""
    data = Music(data=str(collection(tmp_path, test=[[(60,)] * 10, [(62,)] * 2]))).load(9, 0)

    def answer(batch: Batch) -> torch.Tensor:
        known = 50 * (2 * batch.targets.double() - 1)
        return torch.where((batch.lengths == 9)[:, None, None], known, 0.0)

    found = evaluate(data.metrics, data.test, answer, targets=data.targets)
    assert found["nll"] == pytest.approx(88 * math.log(2) / 10)


def collection(folder: Path, **parts: Any) -> Path:
    path = folder / "pieces.json"
    piece = [(60,), (62, 65), (64,), (60,)]
    path.write_text(json.dumps({"train": [piece] * 3, "valid": [piece], "test": [piece]} | parts))
    return path


def test_regression_is_that_of_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    before = (rng.random((300, 6)) < 0.4).astype(float)
    weights = rng.normal(size=(6, 3))
    after = (rng.random((300, 3)) < 1 / (1 + np.exp(-before @ weights))).astype(float)
    ours, bias = regression(torch.from_numpy(before), torch.from_numpy(after))
    for note in range(3):
        its = LogisticRegression(C=1.0, tol=1e-8, max_iter=1000).fit(before, after[:, note])
        assert ours[note].numpy() == pytest.approx(its.coef_[0], abs=1e-3)
        assert float(bias[note]) == pytest.approx(float(its.intercept_[0]), abs=1e-3)


def test_frequencies_are_those_of_the_predicted_training_steps() -> None:
    rolls = Rolls.of([piece_of([(60,), (60, 64), (62,)]), piece_of([(72,), (60,)])], Keys())
    found = fitted(rolls)
    shares = found["frequency"].sigmoid()
    assert shares[[*Keys().labels([60, 62, 64, 72])]].tolist() == pytest.approx(
        [2.5 / 4, 1.5 / 4, 1.5 / 4, 0.5 / 4]
    )
    # A key that never sounds keeps its frequency, whatever was before.
    assert not found["weights"][Keys().labels([72])[0]].any()


@pytest.fixture(scope="module")
def chorales() -> TaskData:
    return Music(train_steps=4000, test_steps=1000).load(32, 0)


def test_source_beats_the_baselines_and_is_the_best_score(chorales: TaskData) -> None:
    by_name = {each.name: each.scores["nll"] for each in chorales.baselines}
    frequency, regressed = by_name["frequency of each key"], by_name["logistic regression on the step before"]
    best = chorales.metrics[0].best
    assert 0 < best < regressed < frequency < 40
    assert best == chorales.facts["source_nll"]
    assert not chorales.metrics[0].is_bound


def test_show_draws_what_is_given_and_what_is_scored(chorales: TaskData) -> None:
    lines = chorales.show(0).splitlines()
    assert lines[0] == "step    0         10        20        30"
    assert lines[-1] == f"scored   {'^' * 32}"
    first = everything(chorales.test).inputs[0, 0].nonzero().flatten().tolist()
    assert sum(line[8] == "=" for line in lines[1:-1]) == len(first) == 4


def test_folder_of_midi_files_is_read_by_its_splits_or_split(tmp_path: Path) -> None:
    pytest.importorskip("mido", reason="mido is not installed")
    for number in range(12):
        (tmp_path / f"{number:02}.mid").write_bytes(midi_bytes([(60 + number,), (62,), (64,)], 4))
    data = Music(data=str(tmp_path)).load(2, 0)
    assert [len(split) for split in (data.train, data.validation, data.test)] == [10, 1, 1]
    firsts = [
        row.argmax() for split in (data.train, data.validation, data.test) for row in split.inputs.values[::2]
    ]
    assert len({int(first) for first in firsts}) == 12
    for part, number in (("train", 0), ("valid", 1), ("test", 2)):
        (tmp_path / part).mkdir()
        (tmp_path / f"{number:02}.mid").rename(tmp_path / part / "a.MID")
    with pytest.raises(DataError, match=r"03\.mid is in none of them \(9 in all\); the folders are called train"):
        Music(data=str(tmp_path)).load(2, 0)
    for path in tmp_path.glob("*.mid"):
        path.unlink()
    data = Music(data=str(tmp_path)).load(2, 0)
    assert [len(split) for split in (data.train, data.validation, data.test)] == [1, 1, 1]
    assert data.test.inputs.values[0].argmax() == 62 - 21


def test_folder_of_several_collections_is_told_and_hidden_files_are_left_out(tmp_path: Path) -> None:
    for name in ("a.mat", "b.pickle", "._c.mat"):
        (tmp_path / name).write_bytes(b"x")
    with pytest.raises(DataError, match=r"has 2 collections of pieces \(a\.mat, b\.pickle\); name one of these"):
        Music(data=str(tmp_path)).load(8, 0)
    for name in ("a.mat", "b.pickle"):
        (tmp_path / name).unlink()
    collection(tmp_path)
    assert len(Music(data=str(tmp_path)).load(3, 0).train) == 3


def test_fingerprint_is_of_the_content_and_not_of_the_place(tmp_path: Path) -> None:
    pytest.importorskip("mido", reason="mido is not installed")
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.mid").write_bytes(midi_bytes([(60,)], 1))
        (tmp_path / name / "notes.txt").write_text(name)
    one, two = (fingerprints(Music(data=str(tmp_path / name))) for name in ("one", "two"))
    assert one == two
    assert one["data"].startswith("midi:sha256:")
    (tmp_path / "two" / "a.mid").write_bytes(midi_bytes([(61,)], 1))
    assert fingerprints(Music(data=str(tmp_path / "two"))) != one
    path = collection(tmp_path)
    assert fingerprints(Music(data=str(path)))["data"].startswith("json:sha256:")


def test_table_with_a_column_of_pieces_is_read(tmp_path: Path) -> None:
    rows = [{"melody": [[60, 64], [62], [60 + number]]} for number in range(10)]
    rows += [{"melody": "C4 E4 | D4 | C4"}]
    path = tmp_path / "pieces.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)))
    data = Music(data=str(path), column="melody").load(2, 0)
    assert [len(split) for split in (data.train, data.validation, data.test)] == [9, 1, 1]
    pd.DataFrame(rows[:10]).to_parquet(tmp_path / "pieces.parquet")
    data = Music(data=str(tmp_path / "pieces.parquet"), column="melody").load(2, 0)
    assert [len(split) for split in (data.train, data.validation, data.test)] == [8, 1, 1]
    with pytest.raises(DataError, match=r"has no column 'notes'; it has melody\. Set music\.column"):
        Music(data=str(path)).load(2, 0)
    path.write_text(json.dumps(rows[0]) + '\n\n{"melody": 3}\n')
    with pytest.raises(DataError, match=r"pieces\.jsonl, line 3: a piece is a list of steps.*, and here is 3"):
        Music(data=str(path), column="melody").load(2, 0)


@pytest.mark.parametrize(
    ("task", "words"),
    [
        (Music(data="missing.mat"), "missing.mat cannot be read"),
        (Music(data="missing/"), "no such file|not cached|cannot be reached|hub"),
        (Music(data="a.mid"), "a.mid is one piece"),
    ],
)
def test_missing_and_single_pieces_are_told(task: Music, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(DataError, match=words):
        task.load(8, 0)


def test_chorale_shorter_than_a_phrase_and_splits_without_a_note_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="phrases of 8 steps, and length is 7"):
        Music().load(7, 0)
    with pytest.raises(DataError, match="no test piece of .* has a note from key 21 to 108"):
        Music(data=str(collection(tmp_path, test=[[(), ()]]))).load(3, 0)


def test_copies_in_training_and_test_and_short_pieces_are_counted(tmp_path: Path) -> None:
    same = [(60,), (62, 65), (64,), (60,)]
    data = Music(data=str(collection(tmp_path, test=[same, [(60,), (61,)], [(60,)]]))).load(3, 0)
    assert data.facts["pieces_below_two_steps"] == 1
    assert data.facts["test_pieces_also_in_train"] == 1


def test_length_far_beyond_the_pieces_is_refused(tmp_path: Path) -> None:
    task = Music(data=str(collection(tmp_path)))
    assert task.load(6, 0).test.lengths.tolist() == [3]
    with pytest.raises(DataError, match="length 7 is more than twice the 3 predicted steps .*; ask for 3"):
        task.load(7, 0)


def test_notes_beyond_the_keys_are_left_out_and_counted(tmp_path: Path) -> None:
    task = Music(data=str(collection(tmp_path)), lowest_key=60, highest_key=62)
    data = task.load(3, 0)
    assert data.targets == StepLabels(3)
    assert data.facts["notes_beyond_the_keys"] == 2 * 5


def test_training_pieces_stand_in_twelve_keys_and_others_in_their_own(tmp_path: Path) -> None:
    plain, moved = (Music(data=str(collection(tmp_path)), transpose=how).load(3, 0) for how in ("none", "all"))
    assert len(moved.train) == 12 * len(plain.train)
    assert moved.test.inputs.values.equal(plain.test.inputs.values)
    starts = {int(row[0].argmax()) for row in everything(moved.train).inputs}
    assert starts == {39 + semitones for semitones in range(-5, 7)}


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"lowest_key": 70, "highest_key": 60, "data": "x"}, "the lowest below the highest"),
        ({"transpose": "c"}, "data is not set"),
        ({"column": "a"}, "data is not set"),
        ({"resolution": 0}, "at least 1"),
    ],
)
def test_settings_without_sense_are_refused(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Music(**settings)


FITTED = {"lowest_key": 21, "highest_key": 108, "resolution": 1, "first_step": [39, 43]}


def test_prompts_are_notes_or_a_file_and_begin_as_training_pieces_do(tmp_path: Path) -> None:
    task = Music()
    assert task.prompt("", FITTED) == [(39, 43)]
    assert task.prompt("C4 E4 | - | 62", FITTED) == [(39, 43), (), (41,)]
    assert task.text([(39, 43), ()], FITTED) == "C4 E4\n-\n"
    with pytest.raises(DataError, match="'H4' is no note"):
        task.prompt("H4", FITTED)
    with pytest.warns(UserWarning, match="1 note is beyond the keys"):
        assert task.prompt("C4 C-1", FITTED) == [(39,)]
    pytest.importorskip("mido", reason="mido is not installed")
    (tmp_path / "a.mid").write_bytes(task.file([(39, 43), (40,)], ".mid", FITTED))
    assert task.prompt(str(tmp_path / "a.mid"), FITTED) == [(39, 43), (40,)]


def test_rows_are_answered_with_the_notes_of_the_next_step() -> None:
    task = Music()
    inputs = task.encode([{"notes": "C4 | E4 | G4"}, {"notes": "C4"}], 2, FITTED)
    assert inputs.lengths.tolist() == [2, 1]
    outputs = torch.full((2, 2, 88), -1.0)
    outputs[0, 1, [39, 43]] = 1
    outputs[1, 1] = torch.nan
    assert task.decode(outputs, FITTED) == ["C4 E4", "-"]
    held = task.encode([{"notes": [[60], [64], [67, 72]]}], 2, FITTED)
    assert pitches_of(held.values) == [(43,), (46, 51)]
    for rows, words in [
        ([{"text": "C4"}], r"row 1 has no piece in the column 'notes' \(there are: text\)"),
        ([{"notes": "C4"}, {"notes": []}], "row 2 has a piece without a step"),
        ([{"notes": 5}], "row 1: a piece is a list of steps"),
        ([{"notes": "C4"}, {"notes": "H4"}], "row 2: 'H4' is no note"),
        ([], "there is no row"),
    ]:
        with pytest.raises(DataError, match=words):
            task.encode(rows, 2, FITTED)


def test_samples_are_judged_against_the_training_pieces(tmp_path: Path) -> None:
    piece = [(60 + step,) for step in range(10)]
    task = Music(data=str(collection(tmp_path, train=[piece, piece])))
    copied = [Keys().labels(step) for step in piece]
    found = task.judge([copied, [(0,), (1,)]], 3, 0)
    assert set(found) == set(task.judge_meanings)
    assert found["copied_steps"] == pytest.approx(10 / 12)
    assert found["copied_8_steps"] == 1
    assert found["notes_a_step"] == 1
    assert set(task.judge_meanings) - set(task.judge([copied[:2]], 3, 0)) == {"copied_8_steps"}
    assert task.judge([[]], 3, 0) == {}


@pytest.mark.slow
def test_real_chorales_have_the_sizes_that_papers_report(shared_data: Path) -> None:
    path = shared_data / "music-jsb-chorales"
    if not path.is_dir():
        pytest.skip("no chorales")
    data = Music(data=str(path)).load(160, 0)
    assert [len(split) for split in (data.train, data.validation, data.test)] == [229, 76, 77]
    # All pieces are whole.
    assert int(data.train.lengths.max()) <= 160
    frequency = data.baselines[0].scores["nll"]
    assert 10 < frequency < 13
    assert 8.5 < data.baselines[1].scores["nll"] < frequency


def test_task_is_offered() -> None:
    assert load_catalog().task("music").predicts()
    assert load_catalog().task("music").generates()

"""Tests the task whole: what is read at a length, who is in which split, answers to new recordings, real digits.

Modules: seqbench_speech.word_goal.
"""

from __future__ import annotations

import json
import math
import time
import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from seqbench_speech import seqbench_tasks
from seqbench_speech.task import Speech
from torch import nn

from seqbench import Batch, DataError, Ragged, Split, TaskData, Transcript, Values, evaluate
from seqbench.network.network import Network

PARTS = ("train", "validation", "test")
SMALL: dict[str, Any] = {"voices": 6, "takes": 2}


def everything(split: Split) -> Batch:
    return split.batch(torch.arange(len(split)))


@pytest.fixture(scope="module")
def words(tmp_path_factory: pytest.TempPathFactory) -> TaskData:
    return Speech(**SMALL).load(64, seed=0)


@pytest.fixture(scope="module")
def utterances() -> TaskData:
    return Speech(**SMALL, goal="transcript", train_rows=50, beams=4).load(150, seed=0)


@pytest.fixture
def recordings(tmp_path: Path) -> Path:
    """Write recordings of two words by four speakers, tones of other pitches, without a library."""
    for place in range(24):
        word, speaker, take = ("low", "high")[place % 2], f"s{place // 6}", place % 6
        samples = np.sin(2 * math.pi * (300, 1500)[place % 2] * (1 + 0.01 * place) * np.arange(3000) / 8000)
        write_wav(tmp_path / "sounds" / f"{word}_{speaker}_{take}.wav", samples)
    return tmp_path / "sounds"


def write_wav(path: Path, samples: np.ndarray, rate: int = 8000) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, rate, 0, "NONE", ""))
        file.writeframes((samples * 8000).astype("<i2").tobytes())


def needs_soundfile() -> None:
    for package in ("soundfile", "soxr"):
        pytest.importorskip(package, reason=f"{package} is not installed: pip install 'seqbench[audio]'")


def test_plugin_yields_the_task() -> None:
    assert list(seqbench_tasks()) == [Speech]


def test_words_are_laid_out_at_any_length_and_short_ones_lose_detail(words: TaskData) -> None:
    task = Speech(**SMALL)
    for length in (8, 300):
        data = task.load(length, seed=0)
        assert everything(data.test).inputs.shape == (20, length, 40)
        assert torch.equal(data.test.targets, words.test.targets)  # type: ignore[arg-type]
    read = everything(words.train).inputs
    assert read.dtype == torch.float32
    assert read.isfinite().all()
    assert (len(words.train), len(words.validation), len(words.test)) == (80, 20, 20)
    assert words.facts["test_speakers_also_in_train"] == 0


def test_word_does_not_depend_on_the_length_and_background_does_on_the_filler() -> None:
    long, silent = (Speech(**SMALL, filler=filler).load(200, seed=0) for filler in ("noise", "silence"))
    short = Speech(**SMALL).load(120, seed=0)
    one, other, still = (everything(data.test).inputs for data in (long, short, silent))
    assert torch.equal(one[:, :20], other[:, :20])
    assert torch.equal(one[:, :20], still[:, :20])
    assert still[:, -10:].std(dim=1).max() == 0
    assert one[:, -10:].std(dim=1).min() > 0


def test_baselines_of_words_stand_in_their_order(words: TaskData) -> None:
    scores = {each.name: each.scores["accuracy"] for each in words.baselines}
    assert scores["majority word"] == scores["guess"] == pytest.approx(0.1)
    assert scores["nearest by time warping"] > 0.4
    assert [each.name for each in words.baselines if each.is_reference] == ["majority word", "guess"]


def test_mixed_speakers_are_told_and_takes_can_be_the_test_split() -> None:
    data = Speech(**SMALL, speakers="mixed", test_takes="0").load(32, seed=0)
    assert len(data.test) == 60
    assert data.facts["test_speakers_also_in_train"] == 6


def test_second_load_comes_from_the_cache_with_the_same_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    first = Speech(**SMALL).load(40, seed=1)
    monkeypatch.setattr("seqbench_speech.task.made_up", None)
    again = Speech(**SMALL).load(40, seed=1)
    for part in PARTS:
        assert torch.equal(everything(getattr(first, part)).inputs, everything(getattr(again, part)).inputs)
    assert first.baselines == again.baselines


def test_words_and_utterances_of_the_same_data_share_no_cached_answers() -> None:
    for goal in ("word", "transcript", "word"):
        data = Speech(**SMALL, goal=goal).load(64, seed=0)  # type: ignore[arg-type]
        scores = {each.name: each.scores for each in data.baselines}["nearest by time warping"]
        assert set(scores) == {"accuracy" if goal == "word" else "word_error_rate"}


def test_utterances_are_ragged_and_fit_their_frames(utterances: TaskData) -> None:
    assert isinstance(utterances.test.inputs, Ragged)
    assert utterances.test.inputs.values.dtype == torch.float16
    assert 75 < int(utterances.test.lengths.max()) <= 150
    assert utterances.targets == Transcript(10)
    for part in PARTS:
        split = getattr(utterances, part)
        assert utterances.targets.unfit(split, part) is None
    assert len(utterances.train) == 50
    assert [metric.name for metric in utterances.metrics] == ["word_error_rate", "loss", "beam_word_error_rate"]
    assert utterances.facts["symbols_of_a_test_utterance"] > 1.5
    rates = {each.name: each.scores["word_error_rate"] for each in utterances.baselines}
    assert rates["nothing written"] == 1
    assert rates["nearest by time warping"] < 0.6 < min(rates["commonest word once"], rates["random words"])


def test_outputs_and_gradients_of_an_utterance_do_not_depend_on_padding(utterances: TaskData) -> None:
    torch.manual_seed(0)
    network = Network(nn.GRU(40, 8, batch_first=True), Values(40), utterances.targets, 0).double()
    order = utterances.train.lengths.argsort()
    short, long = int(order[0]), int(order[-1])
    gradients, losses = [], []
    for rows in ([short], [short, long]):
        batch = utterances.train.batch(torch.tensor(rows))
        network.zero_grad()
        loss, numbers = utterances.targets.losses(network.hidden(batch.inputs.double())[0], batch, network.head)
        loss[0].backward()
        losses.append(loss[0].item())
        gradients.append(network.layer.weight_hh_l0.grad.clone())
        assert numbers.tolist() == list(range(len(rows)))
    assert utterances.train.lengths[short] < utterances.train.lengths[long]
    assert losses[0] == pytest.approx(losses[1], rel=1e-12)
    assert torch.allclose(gradients[0], gradients[1], rtol=1e-9, atol=1e-12)


def test_scores_of_utterances_do_not_depend_on_padding(utterances: TaskData) -> None:
    torch.manual_seed(0)
    network = Network(nn.GRU(40, 8, batch_first=True), Values(40), utterances.targets, 0)
    with torch.no_grad():
        alone, together = (
            evaluate(utterances.metrics, utterances.test, network, batch_size=size, targets=utterances.targets)
            for size in (1, 64)
        )
    assert together == pytest.approx(alone, rel=1e-6)


def test_utterances_with_pauses_end_in_background_and_templates_pass_over_it() -> None:
    task = Speech(**SMALL, goal="transcript", train_rows=50, pause_ms=150)
    data = task.load(150, seed=0)
    assert data.fitted["symbols"] == Speech(**SMALL, goal="transcript").load(150, seed=0).fitted["symbols"]
    quiet = torch.tensor(data.fitted["quiet_mean"]), torch.tensor(data.fitted["quiet_deviation"])
    batch = everything(data.test)
    for row, steps in zip(batch.inputs, batch.lengths.tolist(), strict=True):
        assert ((row[steps - 7 : steps] - quiet[0]).abs() < 6 * quiet[1] + 1e-3).all()
    rates = {each.name: each.scores["word_error_rate"] for each in data.baselines}
    assert rates["nearest by time warping"] < 0.6


def test_examples_are_shown_as_a_spectrogram_above_what_was_said(words: TaskData, utterances: TaskData) -> None:
    lines = words.show(0).splitlines()
    assert lines[0].startswith("input   ")
    assert " of background" in lines[0]
    assert len(lines) == 12
    assert all(line.startswith("|") for line in lines[1:-1])
    said = utterances.show(0).splitlines()[-1].removeprefix("target  ").split()
    assert set(said) <= {"zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"}


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"pattern": "{label}"}, "pattern is '{label}' and would count for nothing: data is not set"),
        ({"beams": 4}, "beams is 4 and would count for nothing: goal is word"),
        ({"hop_ms": 50}, "hop_ms is 50 and window_ms 25, so that sound between frames would not be heard"),
        ({"pause_ms": 100}, "pause_ms is 100 and would count for nothing: goal is word"),
        ({"goal": "transcript", "filler": "silence"}, "without pause_ms nothing follows a word"),
        ({"test_takes": "0-4"}, "set speakers=mixed"),
        ({"speakers": "mixed", "test_takes": "x"}, "names no takes"),
        ({"data": "x", "pattern": "{take}"}, "no {label}"),
    ],
)
def test_settings_that_mean_nothing_are_refused(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Speech(**settings)


def test_missing_data_are_told(tmp_path: Path) -> None:
    needs_soundfile()
    with pytest.raises(DataError, match="no such file or folder"):
        Speech(data=str(tmp_path / "none.csv")).load(16, 0)


def test_folder_of_recordings_is_read_and_new_ones_are_answered(recordings: Path) -> None:
    needs_soundfile()
    task = Speech(data=str(recordings))
    data = task.load(50, seed=0)
    assert (data.facts["train_recordings"], data.facts["test_recordings"]) == (12, 6)
    assert data.facts["words"] == "high, low"
    fitted = json.loads(json.dumps(dict(data.fitted)))
    rows = [{"path": str(recordings / f"{word}.wav")} for word in ("low_s0_0", "high_s3_3")]
    rows[1]["path"] = str(next(recordings.glob("high_s3_*.wav")))
    found = task.encode(rows, 50, fitted)
    assert isinstance(found, torch.Tensor)
    batch = everything(data.train)
    assert any(
        torch.equal(found[0, :30], row[:30])
        for row in torch.cat([batch.inputs, everything(data.test).inputs, everything(data.validation).inputs])
    )
    answers = task.answers(torch.tensor([[0.0, 9.0], [9.0, 0.0]]), batch, fitted)
    assert [each["word"] for each in answers] == ["low", "high"]
    with pytest.raises(DataError, match="row 1 has no column 'path'"):
        task.encode([{"file": "x.wav"}], 50, fitted)


def test_copies_are_left_out_and_those_with_another_text_are_told(recordings: Path) -> None:
    needs_soundfile()
    sound = next(recordings.glob("low_s1_*.wav")).read_bytes()
    (recordings / "low_s1_90.wav").write_bytes(sound)
    (recordings / "other_s1_91.wav").write_bytes(sound)
    with pytest.warns(UserWarning, match="1 recording has the sound of an earlier one and another text"):
        data = Speech(data=str(recordings)).load(50, seed=0)
    assert (data.facts["copies_left_out"], data.facts["copies_with_another_text"]) == (2, 1)
    for path in recordings.glob("*.wav"):
        path.write_bytes(sound)
    with (
        pytest.warns(UserWarning, match="have the sound of an earlier one"),
        pytest.raises(DataError, match="1 speaker .*25 recordings are left out as copies"),
    ):
        Speech(data=str(recordings)).load(50, seed=0)


def test_utterances_of_new_recordings_are_written(recordings: Path) -> None:
    needs_soundfile()
    task = Speech(data=str(recordings), goal="transcript", unit="character", speakers="mixed", train_rows=8)
    data = task.load(80, seed=0)
    fitted = json.loads(json.dumps(dict(data.fitted)))
    assert fitted["symbols"] == [" ", "g", "h", "i", "l", "o", "w"]
    inputs = task.encode([{"path": str(next(recordings.glob("low_s0_*.wav")))}], 80, fitted)
    batch = Split(inputs, torch.zeros(1, 1, dtype=torch.int64)).batch(torch.tensor([0]))
    outputs = torch.full((1, batch.inputs.shape[1], 8), -50.0)
    for step, output in enumerate([5, 6, 7]):
        outputs[0, step, output] = 0.0
    outputs[0, 3:, 0] = 0.0
    assert task.answers(outputs, batch, fitted) == [{"text": "low"}]
    paused = Speech(data=str(recordings), goal="transcript", unit="character", speakers="mixed", pause_ms=200)
    longer = paused.encode([{"path": str(next(recordings.glob("low_s0_*.wav")))}], 80, fitted)
    assert isinstance(inputs, Ragged)
    assert isinstance(longer, Ragged)
    assert torch.equal(longer.values[:-20], inputs.values)


def test_transcript_that_cannot_be_aligned_is_told_when_it_is_loaded(recordings: Path) -> None:
    needs_soundfile()
    write_wav(recordings / "low_s0_90.wav", np.sin(np.arange(400)))
    table = recordings.parent / "long.csv"
    names = sorted(path.name for path in recordings.glob("*.wav"))
    rows = [
        f"sounds/{name},{name.split('_')[0] * (1 + 9 * ('_90' in name))},{name.split('_')[1]}" for name in names
    ]
    table.write_text("\n".join(["path,text,speaker", *rows]))
    task = Speech(data=str(table), goal="transcript", unit="character", train_rows=40, speakers="mixed")
    with pytest.raises(DataError, match=r"low_s0_90.wav needs 30 frames.* and the recording has"):
        task.load(30, seed=0)


@pytest.mark.slow
def test_real_digits_are_split_by_the_official_rule_of_takes(shared_data: Path) -> None:
    needs_soundfile()
    task = Speech(data=str(shared_data / "speech-fsdd-subset"), speakers="mixed", test_takes="0-4")
    data = task.load(64, seed=0)
    assert (data.facts["test_recordings"], data.facts["train_recordings"]) == (300, 540)
    assert data.facts["words"] == ", ".join(map(str, range(10)))
    assert {each.name: each.scores["accuracy"] for each in data.baselines}["nearest by time warping"] > 0.8


@pytest.mark.slow
def test_ten_thousand_recordings_load_the_second_time_in_two_seconds() -> None:
    task = Speech(voices=200, takes=5, bands=40)
    task.load(100, seed=0)
    begin = time.process_time()
    data = task.load(100, seed=0)
    assert time.process_time() - begin < 2
    assert sum(len(getattr(data, part)) for part in PARTS) == 10_000

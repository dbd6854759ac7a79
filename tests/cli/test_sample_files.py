"""Tests that what a network writes becomes files, whole or not at all, and that music is generated end to end."""

from __future__ import annotations

import json
import sys
import wave
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from seqbench import ContractError, Experiment, load_trained, run
from seqbench.cli.main import cli
from seqbench.cli.sample_files import SampleFiles
from seqbench.records.store import Store
from tests.spelling import Spelling


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Return the results of a network of chorales that learned little."""
    folder = tmp_path_factory.mktemp("music")
    experiment = Experiment.model_validate(
        {
            "tasks": ["music"],
            "models": ["gru"],
            "lengths": [16],
            "parameters": {"music": {"train_steps": 300, "test_steps": 40}, "gru": {"hidden_size": 8}},
            "training": {"steps": 20, "batch_size": 4},
            "gradients": {"measure": False},
        }
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SEQBENCH_CACHE", str(folder / "cache"))
        run(experiment, folder / "results", executor="serial", keep_weights=True)
    return Store(folder / "results")


def generate(store: Store, *options: str | Path) -> Result:
    return CliRunner().invoke(cli, ["generate", str(store.path), *map(str, options)])


def test_record_holds_the_notes_that_were_written_as_text_and_as_labels(store: Store) -> None:
    (record,) = store.read()
    assert record.test is not None
    ((given, text),) = record.test.samples or ()
    (roll,) = record.test.rolls or ()
    assert given == ""
    assert len(roll) == 61 == len(text.split("\n"))
    assert len(roll[0]) == 4
    notes = [line.replace("-", "").split() for line in text.split("\n")[:-1]]
    assert list(map(len, roll[1:])) == list(map(len, notes))
    names = record.test.label_names or ()
    assert (len(names), names[0], names[39]) == (88, "A0", "C4")
    assert [[names[label] for label in step] for step in roll[1:]] == notes


def test_a_piece_goes_on_and_stands_in_files(store: Store, tmp_path: Path) -> None:
    pytest.importorskip("mido", reason="mido is not installed")
    first = generate(
        store, "--prompt", "C3 E4 G4 C5 | G3 D4 G4 B4", "--tokens", "6", "--output", tmp_path / "a.mid"
    )
    assert first.exit_code == 0, first.output
    assert first.stdout.startswith("C3 E4 G4 C5\nG3 D4 G4 B4\n")
    assert f"bytes into {tmp_path / 'a.mid'}" in first.stderr
    done = generate(
        store, "--prompt", tmp_path / "a.mid", "--tokens", "4", "--json", "--score", "--wav", tmp_path / "a.wav"
    )
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    # What sounds after the last note of a file is not in it.
    assert 2 <= len(found["prompt_tokens"]) <= 8
    assert found["prompt_tokens"][0] == [27, 43, 46, 51]
    assert len(found["samples"][0]["tokens"]) == 4
    assert set(found["scores"]) >= {"copied_steps", "regression_nll"}
    with wave.open(str(tmp_path / "a.wav")) as sound:
        steps = len(found["prompt_tokens"]) + 4
        assert sound.getnframes() / sound.getframerate() == pytest.approx(steps * 60 / 90 + 0.05, abs=0.01)
    (record,) = store.read()
    again = load_trained(store.path, record.key).generate(str(tmp_path / "a.mid"), tokens=4)
    assert [list(step) for step in again.tokens] == found["samples"][0]["tokens"]


def test_each_of_several_samples_has_a_file(store: Store, tmp_path: Path) -> None:
    done = generate(store, "--samples", "2", "--tokens", "3", "--output", tmp_path / "a.wav")
    assert done.exit_code == 0, done.output
    assert sorted(path.name for path in tmp_path.iterdir() if path.suffix) == ["a-1.wav", "a-2.wav"]


def test_what_cannot_be_written_is_told_before_anything_is_generated(store: Store, tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(b"mine")
    for options, words in [
        (("--output", tmp_path / "a.wav"), "is there already; --force replaces it"),
        (("--output", tmp_path / "a.txt"), "the task music makes no files .txt; give it the ending .mid or .wav"),
        (("--wav", tmp_path / "no" / "a.wav"), f"--wav {tmp_path / 'no' / 'a.wav'} cannot be written"),
        (("--output", tmp_path / "b.wav", "--wav", tmp_path / "b.wav"), "--output and --wav both name"),
        (("--output", tmp_path / "no" / "a.mid"), "there is no folder"),
        (("--wav", tmp_path / "a.mid"), "a sound has the ending .wav"),
        (("--top-k", "3"), "top-k and top-p choose among tokens"),
    ]:
        done = generate(store, *options)
        assert done.exit_code != 0
        assert words in f"{done.exception} {done.output}"
        assert done.stdout == ""
    assert (tmp_path / "a.wav").read_bytes() == b"mine"
    assert generate(store, "--tokens", "2", "--output", tmp_path / "a.wav", "--force").exit_code == 0
    assert (tmp_path / "a.wav").read_bytes().startswith(b"RIFF")


def test_missing_package_is_told_before_anything_is_generated(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "mido", None)
    done = generate(store, "--output", tmp_path / "a.mid")
    assert done.stdout == ""
    assert "needs mido, which is not installed: pip install 'seqbench[music]'" in str(done.exception)
    assert not (tmp_path / "a.mid").exists()


def test_task_of_texts_makes_no_files(tmp_path: Path) -> None:
    asked = SampleFiles.asked(tmp_path / "a.mid", None, samples=1, is_replaced=False)
    with pytest.raises(ContractError, match=r"the task spelling makes no files \.mid; .* stand on stdout"):
        asked.check(Spelling())
    with pytest.raises(ContractError, match="the task spelling makes no files"):
        Spelling().file([], ".mid", {})


def test_next_notes_are_predicted(store: Store, tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("notes\nC3 E4 G4 C5 | G3 D4 G4 B4\n")
    done = CliRunner().invoke(cli, ["predict", str(store.path), "--input", str(tmp_path / "rows.csv")])
    assert done.exit_code == 0, done.output
    assert done.stdout.splitlines()[0] == "input,answer"

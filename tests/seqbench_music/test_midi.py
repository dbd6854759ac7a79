"""Tests which notes a MIDI file has, those on which readers differ too, and that written files are read back."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

import pytest
from seqbench_music.midi import midi_bytes, read_midi

from seqbench import DataError

STEPS = [(48, 60, 64), (48, 62), (), (62,), (60,)]


def written(folder: Path, *messages: tuple[str, int, int], ticks: int = 100, channel: int = 0) -> Path:
    """Write a file of one track; each message is a kind, a note and the ticks since the last one."""
    mido = pytest.importorskip("mido", reason="mido is not installed")
    track = mido.MidiTrack(
        [mido.Message(kind, note=note, time=time, channel=channel) for kind, note, time in messages]
    )
    path = folder / "piece.mid"
    mido.MidiFile(ticks_per_beat=ticks, tracks=[track]).save(path)
    return path


ON, OFF = "note_on", "note_off"


@pytest.mark.parametrize(
    ("messages", "steps"),
    [
        pytest.param([(ON, 60, 0), (OFF, 60, 200)], [{60}, {60}], id="two quarters"),
        pytest.param([(ON, 60, 0), (OFF, 60, 149)], [{60}], id="rounded down"),
        pytest.param([(ON, 60, 50), (OFF, 60, 150)], [set(), {60}], id="half a step is rounded up"),
        pytest.param([(ON, 60, 0), (OFF, 60, 0), (ON, 62, 100), (OFF, 62, 100)], [{60}, {62}], id="no duration"),
        pytest.param(
            [(ON, 60, 0), (ON, 60, 200), (OFF, 60, 100), (OFF, 60, 200)], [{60}] * 3, id="struck again while down"
        ),
        pytest.param([(OFF, 61, 0), (ON, 60, 0), (OFF, 60, 100)], [{60}], id="an end without a start"),
        pytest.param([(ON, 60, 0), (ON, 64, 0), (OFF, 64, 300)], [{60, 64}] * 3, id="a start without an end"),
    ],
)
def test_notes_of_a_file(tmp_path: Path, messages: list[tuple[str, int, int]], steps: list[set[int]]) -> None:
    assert read_midi(written(tmp_path, *messages), 1) == steps


def test_note_of_loudness_0_is_an_end(tmp_path: Path) -> None:
    mido = pytest.importorskip("mido", reason="mido is not installed")
    track = mido.MidiTrack(
        [mido.Message(ON, note=60, velocity=90, time=0), mido.Message(ON, note=60, velocity=0, time=100)]
    )
    mido.MidiFile(ticks_per_beat=100, tracks=[track]).save(tmp_path / "a.mid")
    assert read_midi(tmp_path / "a.mid", 2) == [{60}, {60}]


def test_file_with_a_key_that_there_is_not_is_told(tmp_path: Path) -> None:
    mido = pytest.importorskip("mido", reason="mido is not installed")
    path = written(tmp_path, (ON, 60, 0), (OFF, 60, 100))
    mido.MidiFile(path).save(path)
    path.write_bytes(path.read_bytes().replace(b"\x00\xff\x2f\x00", b"\x00\xff\x59\x02\x10\x00"))
    with pytest.raises(DataError, match=r"piece\.mid cannot be read as MIDI \(.*\); save it again"):
        read_midi(path, 1)


def test_drums_are_left_out_and_a_file_of_drums_alone_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, (ON, 38, 0), (OFF, 38, 100), channel=9)
    with pytest.raises(DataError, match="has no note, drums left out"):
        read_midi(path, 1)


def test_piece_that_is_written_is_read_back(tmp_path: Path) -> None:
    pytest.importorskip("mido", reason="mido is not installed")
    for resolution in (1, 4):
        path = tmp_path / "piece.mid"
        path.write_bytes(midi_bytes(STEPS, resolution))
        assert read_midi(path, resolution) == [set(step) for step in STEPS]


@pytest.mark.parametrize("reader", ["symusic", "pretty_midi"])
def test_other_readers_find_the_same_notes(tmp_path: Path, reader: str) -> None:
    pytest.importorskip("mido", reason="mido is not installed")
    if not importlib.util.find_spec(reader):
        pytest.skip(f"{reader} is not installed")
    path = tmp_path / "piece.mid"
    path.write_bytes(midi_bytes(STEPS, 1))
    quarter = 60 / 90
    notes = [(48, 0, 2), (60, 0, 1), (64, 0, 1), (62, 1, 2), (62, 3, 4), (60, 4, 5)]
    assert found_by(reader, path) == sorted(
        (pitch, round(start * quarter, 3), round(end * quarter, 3)) for pitch, start, end in notes
    )


def found_by(reader: str, path: Path) -> list[Any]:
    """Return pitch, start and end in seconds of each note."""
    module: Any = importlib.import_module(reader)
    if reader == "pretty_midi":
        notes = [note for each in module.PrettyMIDI(str(path)).instruments for note in each.notes]
    else:
        notes = [note for track in module.Score(path).to("second").tracks for note in track.notes]
    return sorted((note.pitch, round(note.start, 3), round(note.end, 3)) for note in notes)


def test_broken_file_is_told(tmp_path: Path) -> None:
    pytest.importorskip("mido", reason="mido is not installed")
    for content in (b"", b"no midi at all", b"MThd\x00\x00\x00\x06\x00\x00\x00\x01\x00"):
        (tmp_path / "broken.mid").write_bytes(content)
        with pytest.raises(DataError, match=r"broken\.mid cannot be read as MIDI"):
            read_midi(tmp_path / "broken.mid", 1)
    with pytest.raises(DataError, match="there is no MIDI file .*missing.mid"):
        read_midi(tmp_path / "missing.mid", 1)


def test_file_of_a_very_long_rest_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, (ON, 60, 100_000_000), (OFF, 60, 100))
    with pytest.raises(DataError, match="has 96,000,096 steps, and 1,000,000 are the most"):
        read_midi(path, 96)


def test_without_mido_the_sentence_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mido", None)
    with pytest.raises(DataError, match=r"needs mido, which is not installed: pip install 'seqbench\[music\]'"):
        read_midi(tmp_path / "a.mid", 1)

"""Reads the steps of a MIDI file, and writes one. Needs mido, which the extra ``music`` installs.

A key that is struck again while it is down begins a new note, its next end ends that, further ends mean nothing. A
note without an end lasts to the end of its track. Starts and ends are rounded to the nearest step, a half up; a
note lasts one step at least, so that one of no duration is heard. Drums (channel 10) are left out, pedals ignored.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

from seqbench import DataError
from seqbench_music.notes import Note, held, steps_of

INSTALL = "pip install 'seqbench[music]'"
ENDINGS = (".mid", ".midi")
QUARTERS_A_MINUTE = 90
"""The tempo of a file that is written."""

_DRUMS = 9
_TICKS = 120
"""Ticks of a step in a file that is written."""
_LOUDNESS = 80
_MOST_STEPS = 1_000_000


def read_midi(path: Path, resolution: int) -> list[set[int]]:
    """Return the keys that are down at each step of a file.

    Args:
        path: of the file.
        resolution: steps of a quarter note.

    Raises:
        DataError: mido is not installed, or the file is no MIDI file, has no notes, or is too long.
    """
    mido = _mido(f"{path} is a MIDI file, and reading it")
    if not path.is_file():
        raise DataError(f"there is no MIDI file {path} (looked at {path.absolute()}); correct its name")
    try:
        file = mido.MidiFile(path, clip=True)
    except Exception as error:
        # Broken files cause many kinds of errors; mido has some of its own, as for keys that there are not.
        why = str(error) or ("it ends too early" if isinstance(error, EOFError) else type(error).__name__)
        raise DataError(f"{path} cannot be read as MIDI ({why}); save it again, or leave it out") from error
    if file.ticks_per_beat <= 0:
        raise DataError(f"{path} has no ticks a quarter note, by which time is counted here; save it with some")
    if file.type == 2:
        raise DataError(f"{path} holds patterns of their own times (type 2), not a piece; save each as a file")
    notes = [_on_grid(note, resolution, file.ticks_per_beat) for track in file.tracks for note in _notes_of(track)]
    if not notes:
        raise DataError(f"{path} has no note, drums left out; leave the file out")
    if (last := max(note.end for note in notes)) > _MOST_STEPS:
        raise DataError(f"{path} has {last:,} steps, and {_MOST_STEPS:,} are the most; set a lower resolution")
    return steps_of(notes)


def midi_bytes(steps: Sequence[Iterable[int]], resolution: int) -> bytes:
    """Return a MIDI file of one track; a key that is down at steps in a row is one note.

    Args:
        steps: the keys that are down at each, as numbers in MIDI.
        resolution: steps of a quarter note.

    Raises:
        DataError: mido is not installed.
    """
    mido = _mido("writing a MIDI file")
    track = mido.MidiTrack([mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(QUARTERS_A_MINUTE))])
    now = 0
    for step, kind, pitch in sorted(_events(steps)):
        track.append(mido.Message(kind, note=pitch, velocity=_LOUDNESS, time=(step - now) * _TICKS))
        now = step
    track.append(mido.MetaMessage("end_of_track", time=(len(steps) - now) * _TICKS))
    written = BytesIO()
    mido.MidiFile(ticks_per_beat=resolution * _TICKS, tracks=[track], type=0).save(file=written)
    return written.getvalue()


def _events(steps: Sequence[Iterable[int]]) -> Iterator[tuple[int, str, int]]:
    """Yield starts and ends; in order, ends stand before the starts of a step: "note_off" is before "note_on"."""
    for note in held(steps):
        yield note.start, "note_on", note.pitch
        yield note.end, "note_off", note.pitch


def _notes_of(track: Iterable[Any]) -> Iterator[Note]:
    """Yield the notes of a track, their starts and ends in ticks."""
    now, down = 0, dict[tuple[int, int], int]()
    for message in track:
        now += message.time
        if message.type not in ("note_on", "note_off") or message.channel == _DRUMS:
            continue
        key = message.channel, message.note
        if key in down:
            yield Note(message.note, down.pop(key), now)
        if message.type == "note_on" and message.velocity > 0:
            down[key] = now
    yield from (Note(pitch, start, now) for (_, pitch), start in down.items())


def _on_grid(note: Note, resolution: int, ticks: int) -> Note:
    start, end = ((2 * time * resolution + ticks) // (2 * ticks) for time in (note.start, note.end))
    return Note(note.pitch, start, max(end, start + 1))


def _mido(what: str) -> Any:
    try:
        import mido
    except ImportError as error:
        raise DataError(f"{what} needs mido, which is not installed: {INSTALL}") from error
    return mido

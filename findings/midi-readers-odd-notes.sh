#!/usr/bin/env bash
# mido 1.3.3, symusic 0.6.0, pretty_midi 0.2.11: three readers take one MIDI file for different notes.
#
# The standard says which messages a file holds, not which end belongs to which start. A key that is struck again
# while it is down is common in piano recordings and in files that editors write. symusic pairs the first start with
# the first end: two notes that overlap. pretty_midi ends both at the first end and drops the second end. A note whose
# end comes at the tick of its start is kept by symusic with duration 0, and dropped by pretty_midi. A note that never
# ends is dropped by both, without a word. So piano rolls, note counts and every score that a model gets on such
# files depend on the reader, and a data set should say which rule made it.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check \
  mido==1.3.3 symusic==0.6.0 pretty_midi==0.2.11 six==1.17.0 setuptools==80.9.0
"$work/venv/bin/python" -W ignore - "$work/odd.mid" <<'PY'
import sys

import mido
import pretty_midi
import symusic

path = sys.argv[1]
# (tick, is start, key): 60 is struck twice before its first end, 64 ends where it starts, 67 never ends.
events = [
    (0, True, 60), (200, True, 60), (300, False, 60), (500, False, 60),
    (600, True, 64), (600, False, 64), (700, True, 67), (900, True, 72), (1000, False, 72),
]
file = mido.MidiFile(ticks_per_beat=480)
track = mido.MidiTrack()
file.tracks.append(track)
last = 0
for tick, is_start, key in events:
    track.append(mido.Message("note_on" if is_start else "note_off", note=key, velocity=64, time=tick - last))
    last = tick
file.save(path)

by_symusic = sorted((n.pitch, n.start, n.end) for t in symusic.Score(path).tracks for n in t.notes)
midi = pretty_midi.PrettyMIDI(path)


def ticks(seconds: float) -> int:
    return int(midi.time_to_tick(seconds))


by_pretty = sorted((n.pitch, ticks(n.start), ticks(n.end)) for i in midi.instruments for n in i.notes)
print("symusic:    ", by_symusic)
print("pretty_midi:", by_pretty)
assert by_symusic == [(60, 0, 300), (60, 200, 500), (64, 600, 600), (72, 900, 1000)]
assert by_pretty == [(60, 0, 300), (60, 200, 300), (72, 900, 1000)]
PY

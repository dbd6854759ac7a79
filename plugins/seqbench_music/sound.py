"""Turns steps into a sound: each note is a sum of decaying overtones. Imports nothing of seqbench."""

from __future__ import annotations

import wave
from collections.abc import Iterable, Sequence
from io import BytesIO
from typing import TYPE_CHECKING, Any

from seqbench_music.notes import Note, held

if TYPE_CHECKING:
    from numpy.typing import NDArray

RATE = 22_050
"""Samples a second."""

_OVERTONES = 6
_ATTACK_SECONDS, _RELEASE_SECONDS = 0.01, 0.05
_LOUDEST = 0.8


def wav_bytes(steps: Sequence[Iterable[int]], seconds: float) -> bytes:
    """Return a wav file of one channel, 16 bits a sample.

    Args:
        steps: the keys that are down at each, as numbers in MIDI.
        seconds: that a step lasts.
    """
    import numpy as np

    sound = np.zeros(round(len(steps) * seconds * RATE) + round(_RELEASE_SECONDS * RATE))
    for note in held(steps):
        heard = tone(note, seconds)
        first = round(note.start * seconds * RATE)
        sound[first : first + len(heard)] += heard[: len(sound) - first]
    loudest = np.abs(sound).max(initial=0.0)
    samples = np.round(sound * (_LOUDEST * (2**15 - 1) / loudest if loudest else 0.0)).astype("<i2")
    return _file(samples.tobytes())


def tone(note: Note, seconds: float) -> NDArray[Any]:
    """Return the sound of a note: sum over h of sin(2 pi h f t) exp(-(1 + h/2) t) / h^1.5, faded in and out."""
    import numpy as np

    frequency = 440.0 * 2 ** ((note.pitch - 69) / 12)
    lasting = (note.end - note.start) * seconds + _RELEASE_SECONDS
    t = np.arange(round(lasting * RATE)) / RATE
    overtones = [h for h in range(1, _OVERTONES + 1) if h * frequency < RATE / 2]
    sound = sum(np.sin(2 * np.pi * h * frequency * t) * np.exp(-(1 + h / 2) * t) / h**1.5 for h in overtones)
    faded = np.minimum(1, t / _ATTACK_SECONDS) * np.minimum(1, (lasting - t) / _RELEASE_SECONDS)
    return np.asarray(sound * faded)


def _file(samples: bytes) -> bytes:
    written = BytesIO()
    with wave.open(written, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(samples)
    return written.getvalue()

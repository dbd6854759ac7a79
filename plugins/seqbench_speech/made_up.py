"""Makes up recordings of the ten digits by random speakers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from seqbench import generator
from seqbench_speech.mel import MelForm, log_mels
from seqbench_speech.phones import DIGITS
from seqbench_speech.recordings import Recordings, Said
from seqbench_speech.synthesis import random_voice, spoken

if TYPE_CHECKING:
    from torch import Tensor


def made_up(form: MelForm, seed: int, *, voices: int, takes: int, snr: float) -> Recordings:
    """Return the features of recordings in which each speaker says each digit in several takes.

    Args:
        form: how a sound becomes frames.
        seed: decides speakers and recordings; a speaker does not depend on how many others there are.
        voices, takes: how many speakers, and how often each says each digit.
        snr: signal-to-noise ratio of the noisiest speaker, in dB.
    """
    said = [
        Said(word, f"speaker{voice:03d}", str(take))
        for voice in range(voices)
        for word in DIGITS
        for take in range(takes)
    ]
    sounds = (sound for voice in range(voices) for sound in _of_speaker(voice, takes, form.rate, seed, snr))
    return Recordings.of(log_mels(sounds, form), said)


def _of_speaker(voice: int, takes: int, rate: int, seed: int, snr: float) -> Iterator[Tensor]:
    rng = generator(seed, "speech", "speaker", voice)
    yield from spoken([word for word in DIGITS for _ in range(takes)], random_voice(rng, snr), rate, rng)

"""Tests that the sound of steps has their pitch and their duration."""

from __future__ import annotations

import wave
from io import BytesIO

import numpy as np
import pytest
from seqbench_music.sound import RATE, wav_bytes


def samples(content: bytes) -> np.ndarray:
    with wave.open(BytesIO(content)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, RATE)
        return np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(float)


@pytest.mark.parametrize("pitch", [45, 60, 69, 108])
def test_note_has_its_frequency(pitch: int) -> None:
    found = samples(wav_bytes([(pitch,)] * 4, 0.5))
    spectrum = np.abs(np.fft.rfft(found[: 2 * RATE]))
    assert spectrum.argmax() / 2 == pytest.approx(440 * 2 ** ((pitch - 69) / 12), abs=1)


def test_sound_lasts_as_long_as_the_steps_and_is_silent_where_they_are() -> None:
    found = samples(wav_bytes([(60,), (), (60, 64)], 1.0))
    assert len(found) == pytest.approx(3.05 * RATE, abs=1)
    assert not found[round(1.1 * RATE) : round(1.9 * RATE)].any()
    assert abs(found).max() == pytest.approx(0.8 * (2**15 - 1), abs=1)
    assert not samples(wav_bytes([(), ()], 0.1)).any()

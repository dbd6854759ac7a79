"""Tests that synthesised digits have the pitch, the formants and the noise of their speaker.

Modules: seqbench_speech.made_up, seqbench_speech.phones.
"""

from __future__ import annotations

import numpy as np
import pytest
import torch
from seqbench_speech.made_up import made_up
from seqbench_speech.mel import MelForm
from seqbench_speech.phones import DIGITS, PHONES
from seqbench_speech.synthesis import Voice, random_voice, spoken

FORM = MelForm(rate=8000, window_ms=25.0, hop_ms=10.0, bands=40)


def voice(*, pitch: float = 120.0, tract: float = 1.0, noise: float = 0.001) -> Voice:
    return Voice(pitch, 1.0, tract, np.ones((len(PHONES), 3)), 400.0, noise)


def said(word: str, speaker: Voice, seed: int = 0) -> np.ndarray:
    (sound,) = spoken([word], speaker, 8000, torch.Generator().manual_seed(seed))
    return sound.numpy()


def middle(word: str, speaker: Voice) -> np.ndarray:
    sound = said(word, speaker)
    return sound[len(sound) // 2 - 400 : len(sound) // 2 + 400]


@pytest.mark.parametrize("pitch", [100.0, 200.0])
def test_vowel_repeats_with_the_pitch_of_the_speaker(pitch: float) -> None:
    piece = middle("nine", voice(pitch=pitch))
    alike = np.correlate(piece, piece, "full")[len(piece) - 1 :]
    lag = 20 + int(alike[20:160].argmax())
    assert 8000 / lag == pytest.approx(pitch, rel=0.15)


def test_shorter_vocal_tract_has_higher_formants() -> None:
    def centre(tract: float) -> float:
        power = np.abs(np.fft.rfft(middle("one", voice(tract=tract)) * np.hanning(800))) ** 2
        return float((np.fft.rfftfreq(800, 1 / 8000) * power).sum() / power.sum())

    assert centre(0.9) < centre(1.2)


def test_friction_of_six_is_high_and_its_vowel_low() -> None:
    sound = said("six", voice())
    power = [
        np.abs(np.fft.rfft(piece)) ** 2 for piece in (sound[320 : 320 + 600], sound[len(sound) // 2 - 700 :][:600])
    ]
    hertz = np.fft.rfftfreq(600, 1 / 8000)
    high = [float(each[hertz > 2500].sum() / each.sum()) for each in power]
    assert high[0] > 0.7
    assert high[0] > 2 * high[1]


def test_noise_is_as_strong_as_the_voice_says() -> None:
    quiet, noisy = (said("nine", voice(noise=noise)) for noise in (0.0, 0.5))
    background = noisy - quiet
    assert (background**2).mean() / (quiet**2).mean() == pytest.approx(0.25, rel=0.1)


def test_random_speakers_differ_and_keep_the_signal_to_noise_ratio() -> None:
    rng = torch.Generator().manual_seed(0)
    speakers = [random_voice(rng, 15.0) for _ in range(50)]
    ratios = [-20 * np.log10(each.noise) for each in speakers]
    assert 15 <= min(ratios) < 17
    assert 23 < max(ratios) <= 25
    assert 70 < min(each.pitch for each in speakers) < 110
    assert 200 < max(each.pitch for each in speakers) < 310


def test_recordings_are_the_same_bits_for_a_seed_and_a_speaker_whatever_their_number() -> None:
    two, three = (made_up(FORM, 3, voices=voices, takes=1, snr=15.0) for voices in (2, 3))
    assert torch.equal(two.frames.values, three.frames.values[: len(two.frames.values)])
    assert two.said == three.said[:20]
    other = made_up(FORM, 4, voices=2, takes=1, snr=15.0)
    assert not torch.equal(two.frames.values[:10], other.frames.values[:10])
    assert [each.text for each in two.said[:10]] == list(DIGITS)
    assert two.frames.values.dtype == torch.float16
    assert bool(two.frames.values.isfinite().all())
    assert min(two.lengths) > 10
    assert max(two.lengths) < 100

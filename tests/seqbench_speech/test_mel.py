"""Tests log mel energies against librosa, and against a Fourier transform that is written out."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from seqbench_speech.mel import FLOOR, MelForm, log_mels, mel_triangles

from seqbench import DataError

FORM = MelForm(rate=8000, window_ms=25.0, hop_ms=10.0, bands=40)


def sound(samples: int = 4000, seed: int = 0) -> torch.Tensor:
    rng = torch.Generator().manual_seed(seed)
    tone = torch.sin(2 * math.pi * 440 / 8000 * torch.arange(samples, dtype=torch.float64))
    return 0.3 * tone + 0.01 * torch.randn(samples, generator=rng, dtype=torch.float64)


@pytest.mark.parametrize(
    "form", [FORM, MelForm(16000, 25.0, 10.0, 80), MelForm(22050, 32.0, 8.0, 64)], ids=lambda form: str(form.rate)
)
def test_features_are_those_of_librosa(form: MelForm) -> None:
    librosa = pytest.importorskip("librosa", reason="librosa is not installed")
    there = librosa.feature.melspectrogram(
        y=sound().numpy(),
        sr=form.rate,
        n_fft=form.transform,
        hop_length=form.hop,
        win_length=form.window,
        center=False,
        n_mels=form.bands,
        htk=True,
        norm=None,
    )
    (ours,) = log_mels([sound()], form)
    assert ours.numpy() == pytest.approx(np.log(np.maximum(there, FLOOR)).T, abs=1e-4)


def test_a_frame_is_the_transform_of_its_samples_written_out() -> None:
    (found,) = log_mels([sound()], FORM)
    assert (FORM.window, FORM.hop, FORM.transform) == (200, 80, 256)
    assert found.shape == (1 + (4000 - 256) // 80, 40)
    # The window stands in the middle of the transform: 28 samples before it, 28 after it.
    frame = sound().numpy()[5 * 80 + 28 : 5 * 80 + 228] * (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(200) / 200))
    angles = 2 * np.pi * np.outer(np.arange(129), np.arange(200)) / 256
    power = (frame * np.cos(angles)).sum(1) ** 2 + (frame * np.sin(angles)).sum(1) ** 2
    energies = mel_triangles(FORM).numpy() @ power
    assert found[5].numpy() == pytest.approx(np.log(energies), abs=1e-9)


def test_a_tone_is_loudest_in_the_band_around_it() -> None:
    (found,) = log_mels([sound()], FORM)
    corners = 700 * (10 ** (np.linspace(0, 2595 * math.log10(1 + 4000 / 700), 42) / 2595) - 1)
    loudest = int(found.mean(0).argmax())
    assert corners[loudest] < 440 < corners[loudest + 2]


def test_silence_is_the_floor_and_a_short_sound_is_one_frame() -> None:
    (found,) = log_mels([torch.zeros(10)], FORM)
    assert found.shape == (1, 40)
    assert found.unique().tolist() == pytest.approx([math.log(FLOOR)])


def test_band_without_a_frequency_is_told() -> None:
    with pytest.raises(DataError, match=r"band 1 of 120 has no frequency.*take fewer bands"):
        mel_triangles(MelForm(8000, 25.0, 10.0, 120))

"""Synthesises spoken digits: pulses and noise, coloured by the resonances of a random speaker's vocal tract.

The source-filter model of Fant 1960, with the resonances of Klatt 1980, applied in the frequency domain.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from seqbench_speech.phones import DIGITS, PHONES

if TYPE_CHECKING:
    import numpy as np
    from torch import Generator, Tensor

BANDWIDTHS = (70.0, 90.0, 150.0)
"""Of the formants, in Hz."""
FRICTION_BANDWIDTH = 1500.0
EDGE_SECONDS = 0.03
"""Silence before and after a word."""


class Voice(NamedTuple):
    """A speaker.

    Attributes:
        pitch: pulses of the vocal folds a second.
        pace: speed of speech, 1 as usual.
        tract: formants over those of an adult man; large for a short vocal tract.
        accent: factors of each phone's formants, [phones, 3].
        tilt: Hz from which on the spectrum of the pulses falls.
        noise: amplitude of the background, over that of the speech.
    """

    pitch: float
    pace: float
    tract: float
    accent: np.ndarray
    tilt: float
    noise: float


def random_voice(rng: Generator, snr: float) -> Voice:
    """Draw a speaker; the background is 0 to 10 dB below a signal-to-noise ratio of ``snr`` dB."""
    import torch

    pitch, pace, tract, tilt, quiet = torch.rand(5, generator=rng, dtype=torch.float64).tolist()
    accent = torch.randn(len(PHONES), 3, generator=rng, dtype=torch.float64)
    size = 0.88 + 0.34 * tract
    return Voice(
        pitch=float(95 * (size / 0.88) ** 2.5 * 1.35 ** (2 * pitch - 1)),
        pace=0.75 + 0.6 * pace,
        tract=size,
        accent=(1 + 0.05 * accent.clamp(-2, 2)).numpy(),
        tilt=250 + 500 * tilt,
        noise=float(10 ** (-(snr + 10 * quiet) / 20)),
    )


def spoken(words: Sequence[str], voice: Voice, rate: int, rng: Generator) -> list[Tensor]:
    """Return a sound for each word, [samples] float64, said by one speaker, each time a little differently.

    Args:
        words: of `DIGITS`.
        voice: the speaker.
        rate: samples a second.
        rng: decides durations, pitch, loudness and noise.
    """
    import torch
    from torch.nn.functional import pad

    transform = 1 << round(0.03 * rate).bit_length() - 1
    hop = transform // 4
    plans = [_Plan.of(word, voice, rng) for word in words]
    samples = [round(plan.seconds * rate) for plan in plans]
    longest = max(samples)
    tracks = torch.stack([plan.tracks(hop / rate, 1 + longest // hop) for plan in plans])
    pitches = torch.nn.functional.interpolate(tracks[:, None, :, 6], longest, mode="linear")[:, 0]
    pulses = pad((pitches / rate).cumsum(1).floor(), (1, 0)).diff(dim=1)
    noise = torch.randn(2, len(words), longest, generator=rng, dtype=torch.float64)
    window = torch.hann_window(transform, dtype=torch.float64)

    def spectrum(sound: Tensor) -> Tensor:
        return torch.stft(sound, transform, hop, window=window, return_complex=True, pad_mode="constant")

    voiced, rubbed = _gains(tracks, voice.tilt, torch.arange(transform // 2 + 1) * (rate / transform))
    both = spectrum(pulses) * voiced + 0.1 * spectrum(noise[0]) * rubbed
    speech = torch.istft(both, transform, hop, window=window, length=longest)
    loudness = torch.tensor([plan.loudness for plan in plans], dtype=torch.float64)
    speech = speech / speech.square().mean(1, keepdim=True).sqrt()
    sounds = 0.05 * loudness[:, None] * (speech + voice.noise * noise[1])
    return [sound[:end].clone() for sound, end in zip(sounds, samples, strict=True)]


class _Plan(NamedTuple):
    """What happens when in a word.

    Attributes:
        times: seconds of the points between which everything changes evenly.
        points: at each point three formants, voice, friction, colour and pitch.
        seconds: of the whole word.
        loudness: 1 as usual.
    """

    times: np.ndarray
    points: np.ndarray
    seconds: float
    loudness: float

    @staticmethod
    def of(word: str, voice: Voice, rng: Generator) -> _Plan:
        """Draw how a speaker says a word this time."""
        import numpy as np
        import torch

        names = DIGITS[word]
        drawn = torch.randn(len(names) + 3, generator=rng, dtype=torch.float64).clamp(-2, 2).numpy()
        usual = np.array([PHONES[name].seconds for name in names])
        lasting = usual * np.exp(0.15 * drawn[3:] + 0.08 * drawn[0]) / voice.pace
        ends = EDGE_SECONDS + np.cumsum(lasting)
        order = list(PHONES)
        rows = [
            (
                *(np.array(PHONES[name].formants) * voice.tract * voice.accent[order.index(name)]),
                *PHONES[name][1:4],
            )
            for name in names
        ]
        # Each phone is steady in its middle.
        times = np.stack([ends - 0.75 * lasting, ends - 0.25 * lasting], axis=1).ravel()
        points = np.repeat(np.array(rows), 2, axis=0)
        whole = float(ends[-1]) + EDGE_SECONDS
        falling = (1.12 - 0.25 * times / whole) * voice.pitch * np.exp(0.06 * drawn[1])
        points = np.concatenate([points, falling[:, None]], axis=1)
        edge = points[[0, -1]] * np.array([1, 1, 1, 0, 0, 1, 1])
        return _Plan(
            np.concatenate([[ends[0] - lasting[0]], times, ends[-1:]]),
            np.concatenate([edge[:1], points, edge[1:]]),
            whole,
            float(np.exp(0.3 * drawn[2])),
        )

    def tracks(self, step: float, steps: int) -> Tensor:
        """Return the points' numbers every ``step`` seconds: [steps, 7]."""
        import numpy as np
        import torch

        at = np.arange(steps) * step
        return torch.from_numpy(np.stack([np.interp(at, self.times, each) for each in self.points.T], axis=1))


def _gains(tracks: Tensor, tilt: float, hertz: Tensor) -> tuple[Tensor, Tensor]:
    """Return the gain of pulses and of friction noise: both [words, frequencies, steps].

    A resonance at F with bandwidth B has the gain F^2 / |F^2 - f^2 + i B f|.
    """
    frequencies = hertz.double()[None, :, None]
    voiced = tracks[:, None, :, 3] / (1 + (frequencies / tilt).square()).sqrt()
    for place, bandwidth in enumerate(BANDWIDTHS):
        formant = tracks[:, None, :, place].square()
        off = (formant - frequencies.square()).square() + (bandwidth * frequencies).square()
        voiced = voiced * formant / off.sqrt()
    colour = tracks[:, None, :, 5].square()
    wide = FRICTION_BANDWIDTH * frequencies
    rubbed = tracks[:, None, :, 4] * wide / ((colour - frequencies.square()).square() + wide.square()).sqrt()
    return voiced, rubbed

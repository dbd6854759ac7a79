"""Computes log mel energies of a sound, the features that are read frame by frame."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from seqbench import DataError

if TYPE_CHECKING:
    from torch import Tensor

FLOOR = 1e-8
"""Smallest energy, a little above the rounding noise of 16-bit samples."""


@dataclass(frozen=True)
class MelForm:
    """How a sound becomes frames.

    Attributes:
        rate: samples a second.
        window_ms, hop_ms: length of a frame, and the step from one to the next, in milliseconds.
        bands: mel bands from 0 Hz to half the rate.
    """

    rate: int
    window_ms: float
    hop_ms: float
    bands: int

    @property
    def window(self) -> int:
        """Samples of a frame."""
        return max(2, round(self.rate * self.window_ms / 1000))

    @property
    def hop(self) -> int:
        """Samples from one frame to the next."""
        return max(1, round(self.rate * self.hop_ms / 1000))

    @property
    def transform(self) -> int:
        """Samples of a Fourier transform: the power of two from the window on, the window in its middle."""
        return 1 << (self.window - 1).bit_length()


def log_mels(sounds: Iterable[Tensor], form: MelForm) -> Iterator[Tensor]:
    """Yield the features of each sound, [samples] -> [frames, bands] float64: ln max(energy, 1e-8).

    A frame's energy in a band is the sum of |X(f)|^2 over the frequencies of a triangle, X being the Fourier
    transform of the samples under a Hann window. Frames begin at sample 0, and the last one ends within the sound;
    one that is shorter than a transform is filled up with zeros.

    Raises:
        DataError: a band is so narrow that no frequency of the transform is in it.
    """
    import torch

    triangles = mel_triangles(form)
    window = torch.hann_window(form.window, dtype=torch.float64)
    for sound in sounds:
        missing = max(0, form.transform - len(sound))
        whole = torch.nn.functional.pad(sound.double(), (0, missing))
        spectrum = torch.stft(
            whole, form.transform, form.hop, form.window, window, center=False, return_complex=True
        )
        yield (triangles @ spectrum.abs().square()).T.clamp_min(FLOOR).log().contiguous()


def mel_triangles(form: MelForm) -> Tensor:
    """Return the weight of each frequency in each band: [bands, 1 + transform / 2] float64.

    Corners are equally spaced in mel = 2595 log10(1 + Hz / 700) (O'Shaughnessy 1987, p. 150); a triangle rises
    from 0 to 1 and falls to 0 at the next two corners.

    Raises:
        DataError: a band has no frequency.
    """
    import torch

    highest = 2595 * torch.tensor(1 + form.rate / 2 / 700, dtype=torch.float64).log10()
    mels = torch.linspace(0, 1, form.bands + 2, dtype=torch.float64) * highest
    corners = 700 * (10 ** (mels / 2595) - 1)
    frequencies = torch.arange(form.transform // 2 + 1, dtype=torch.float64) * (form.rate / form.transform)
    rising = (frequencies - corners[:-2, None]) / (corners[1:-1] - corners[:-2])[:, None]
    falling = (corners[2:, None] - frequencies) / (corners[2:] - corners[1:-1])[:, None]
    triangles = torch.minimum(rising, falling).clamp_min(0)
    if bool((triangles.sum(1) == 0).any()):
        band = int((triangles.sum(1) == 0).nonzero()[0])
        raise DataError(
            f"band {band + 1} of {form.bands} has no frequency: a window of {form.window} samples at {form.rate}"
            f" Hz has one every {form.rate / form.transform:.0f} Hz; take fewer bands or a longer window_ms"
        )
    return triangles

"""Scales frames, squeezes long recordings, and makes the background that follows a word."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from seqbench import DataError
from seqbench_speech.recordings import Recordings

if TYPE_CHECKING:
    from torch import Generator, Tensor

Filler = Literal["noise", "silence"]

QUIET = 0.1
"""Share of the training frames, those with the least energy, that the background is like."""


class Scale(NamedTuple):
    """Statistics of the training frames; each is [bands] float64.

    Attributes:
        mean, deviation: of all frames, in each band.
        quiet_mean, quiet_deviation: of the quietest tenth of them, after scaling.
    """

    mean: Tensor
    deviation: Tensor
    quiet_mean: Tensor
    quiet_deviation: Tensor

    @staticmethod
    def of(recordings: Recordings, rows: Sequence[int]) -> Scale:
        """Measure the frames of some recordings.

        Raises:
            DataError: all frames are alike.
        """
        import torch

        values = torch.cat([recordings.row(number) for number in rows]).float()
        mean = values.mean(0, dtype=torch.float64)
        values -= mean.float()
        deviation = values.square().mean(0, dtype=torch.float64).sqrt()
        if not bool((deviation > 0).any()):
            raise DataError("all frames of the training recordings are alike; there is nothing to hear")
        deviation = torch.where(deviation > 0, deviation, 1.0)
        scaled = values.div_(deviation.float())
        loudness = scaled.mean(1)
        quiet = scaled[loudness <= loudness.kthvalue(max(1, int(QUIET * len(loudness)))).values]
        return Scale(mean, deviation, quiet.double().mean(0), quiet.double().std(0, correction=0))

    def apply(self, frames: Tensor) -> Tensor:
        """Return frames with mean 0 and deviation 1 in each band: [frames, bands] float32."""
        return (frames.float() - self.mean.float()) / self.deviation.float()

    def fitted(self) -> dict[str, list[float]]:
        """Return data that JSON can hold; `from_fitted` reads it."""
        return {name: values.tolist() for name, values in self._asdict().items()}

    @staticmethod
    def from_fitted(fitted: Mapping[str, Any]) -> Scale:
        """Undo `fitted`."""
        import torch

        return Scale(*(torch.tensor(fitted[name], dtype=torch.float64) for name in Scale._fields))


def squeezed(frames: Tensor, most: int) -> Tensor:
    """Return at most ``most`` frames: of a longer recording each is the mean of a stretch, and stretches cover it.

    >>> import torch
    >>> squeezed(torch.tensor([[1.0], [3.0], [5.0], [7.0]]), 2).tolist()
    [[2.0], [6.0]]
    """
    from torch.nn.functional import adaptive_avg_pool1d

    if len(frames) <= most:
        return frames
    return adaptive_avg_pool1d(frames.T[None], most)[0].T


def lay_out(words: Iterable[Tensor], length: int, scale: Scale, filler: Filler, rng: Generator) -> Tensor:
    """Return [recordings, length, bands] float16: each recording from step 0 on, then background.

    Args:
        words: recordings of at most ``length`` scaled frames.
        length: frames of a row.
        scale: says what background is like.
        filler: ``noise`` draws each frame of it from normal numbers; ``silence`` repeats their mean.
        rng: of the noise.
    """
    import torch

    kept = list(words)
    deviation = scale.quiet_deviation.float()
    inputs = scale.quiet_mean.float().half().repeat(len(kept), length, 1)
    for row, frames in zip(inputs, kept, strict=True):
        row[: len(frames)] = frames
        if filler == "noise":
            row[len(frames) :] += deviation * torch.randn(length - len(frames), len(deviation), generator=rng)
    return inputs


def background(frames: int, scale: Scale, filler: Filler, rng: Generator) -> Tensor:
    """Return frames like the quietest ones of training: [frames, bands] float16; see `lay_out`."""
    return lay_out([scale.quiet_mean[:0, None]], frames, scale, filler, rng)[0]

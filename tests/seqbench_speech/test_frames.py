"""Tests scaling, squeezing, and the background that follows a word.

Modules: seqbench_speech.picture, seqbench_speech.recordings.
"""

from __future__ import annotations

import json

import pytest
import torch
from seqbench_speech.frames import Scale, lay_out, squeezed
from seqbench_speech.picture import spectrogram
from seqbench_speech.recordings import Recordings, Said

from seqbench import DataError


def recordings(rows: int = 40, bands: int = 3) -> Recordings:
    rng = torch.Generator().manual_seed(0)
    features = [
        torch.randn(30 + row, bands, generator=rng) * torch.tensor([1.0, 2.0, 4.0]) - 9 for row in range(rows)
    ]
    return Recordings.of(features, [Said("a", str(row)) for row in range(rows)])


def test_scaled_training_frames_have_mean_0_and_deviation_1_in_each_band() -> None:
    found = recordings()
    scale = Scale.of(found, range(20))
    scaled = scale.apply(torch.cat([found.row(number) for number in range(20)])).double()
    assert scaled.mean(0).tolist() == pytest.approx([0] * 3, abs=1e-3)
    assert scaled.std(0).tolist() == pytest.approx([1] * 3, abs=1e-3)
    quiet = scaled[scaled.mean(1).argsort()[: len(scaled) // 10]]
    assert scale.quiet_mean.tolist() == pytest.approx(quiet.mean(0).tolist(), abs=0.01)
    again = Scale.from_fitted(json.loads(json.dumps(scale.fitted())))
    assert all(torch.equal(one, other) for one, other in zip(scale, again, strict=True))


def test_band_that_never_moves_stays_finite_and_frames_that_are_all_alike_are_refused() -> None:
    still = Recordings.of([torch.tensor([[1.0, 5.0], [2.0, 5.0]])], [Said("a")])
    assert Scale.of(still, [0]).apply(still.row(0)).tolist() == [[-1.0, 0.0], [1.0, 0.0]]
    with pytest.raises(DataError, match="there is nothing to hear"):
        Scale.of(Recordings.of([torch.ones(4, 2)], [Said("a")]), [0])


def test_word_stands_at_the_beginning_and_background_is_like_quiet_frames() -> None:
    found = recordings()
    scale = Scale.of(found, range(40))
    words = [scale.apply(found.row(number)) for number in range(4)]
    noisy, silent = (
        lay_out(words, 5000, scale, filler, torch.Generator().manual_seed(0)) for filler in ("noise", "silence")
    )
    for row, word in zip(noisy, words, strict=True):
        assert torch.equal(row[: len(word)], word.half())
        background = row[len(word) :].double()
        assert background.mean(0).tolist() == pytest.approx(scale.quiet_mean.tolist(), abs=0.1)
        assert background.std(0).tolist() == pytest.approx(scale.quiet_deviation.tolist(), rel=0.1)
    assert torch.equal(silent[0, 2000], scale.quiet_mean.half())
    assert torch.equal(silent[3, len(words[3]) :], scale.quiet_mean.half().expand(5000 - len(words[3]), 3))


def test_long_recording_is_squeezed_to_means_and_a_short_one_is_not() -> None:
    frames = torch.arange(12.0).reshape(6, 2)
    assert squeezed(frames, 3).tolist() == [[1, 2], [5, 6], [9, 10]]
    assert squeezed(frames, 6) is frames


def test_copies_are_left_out_and_tensors_bring_everything_back() -> None:
    one, other = torch.rand(4, 2), torch.rand(5, 2)
    kept = Recordings.of([one, other, one.clone()], [Said("a", "x"), Said("b", "y"), Said("a", "z")])
    assert (kept.copies, [each.speaker for each in kept.said]) == (1, ["x", "y"])
    again = Recordings.from_tensors(kept.tensors())
    assert again.said == kept.said
    assert again.copies == 1
    assert torch.equal(again.row(1), other.half())
    assert again.lengths == [4, 5]


def test_picture_has_low_bands_below_and_time_from_left_to_right() -> None:
    frames = torch.zeros(200, 40)
    frames[:100, :20] = 5.0
    lines = spectrogram(frames).splitlines()
    assert len(lines) == 10
    assert all(len(line) == 74 for line in lines)
    assert lines[-1] == f"|{'█' * 36}{' ' * 36}|"
    assert lines[0] == f"|{' ' * 72}|"

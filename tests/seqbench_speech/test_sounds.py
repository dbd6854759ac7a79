"""Tests that recordings are read at the rate that is asked for, and what cannot be read is told."""

from __future__ import annotations

import math
import sys
from pathlib import Path

import numpy as np
import pytest
from seqbench_speech.sounds import check_can_read, read_sound

from seqbench import DataError


@pytest.fixture
def soundfile():
    pytest.importorskip("soxr", reason="soxr is not installed: pip install 'seqbench[audio]'")
    return pytest.importorskip("soundfile", reason="soundfile is not installed: pip install 'seqbench[audio]'")


def tone(rate: int, seconds: float = 0.5) -> np.ndarray:
    return 0.5 * np.sin(2 * math.pi * 440 * np.arange(round(rate * seconds)) / rate)


@pytest.mark.parametrize("ending", ["wav", "flac", "ogg"])
@pytest.mark.parametrize("rate", [8000, 16000, 44100])
def test_tone_is_the_same_whatever_its_file_and_its_rate(
    tmp_path: Path, soundfile, ending: str, rate: int
) -> None:
    path = tmp_path / f"tone.{ending}"
    soundfile.write(path, np.stack([tone(rate), tone(rate)], axis=1), rate)
    for source in (path, path.read_bytes()):
        found = read_sound(source, 8000, "tone").numpy()
        assert len(found) == pytest.approx(4000, abs=2)
        assert found[500:3500] == pytest.approx(tone(8000)[500:3500], abs=0.02)


def test_what_cannot_be_read_is_told(tmp_path: Path, soundfile) -> None:
    (tmp_path / "text.wav").write_text("hello")
    soundfile.write(tmp_path / "empty.wav", np.zeros(0), 8000)
    soundfile.write(tmp_path / "nan.wav", np.array([0.0, np.nan]), 8000, subtype="FLOAT")
    for name, words in (
        ("text.wav", "text.wav cannot be read.*; wav, flac and ogg can"),
        ("empty.wav", "empty.wav is empty"),
        ("nan.wav", "nan.wav has samples that are not finite"),
        ("none.wav", r"there is no recording none.wav \(looked at /"),
        ("folder\\none.wav", "write its folders with / between them"),
    ):
        with pytest.raises(DataError, match=words):
            read_sound(tmp_path / name, 8000, name)


@pytest.mark.parametrize("missing", ["soundfile", "soxr"])
def test_missing_package_is_told_with_what_installs_it(missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(DataError, match=r"pip install 'seqbench\[audio\]'. Without data"):
        check_can_read()

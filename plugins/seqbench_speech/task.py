"""Defines the task ``speech``: name a spoken word, or transcribe an utterance without an alignment."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field

from seqbench import (
    Batch,
    DataError,
    Ragged,
    Task,
    TaskData,
    Values,
    added_later,
    cached_tensors,
    data_source,
    fingerprint,
    generated_only,
    generator,
)
from seqbench_speech.frames import Filler, Scale, background, lay_out, squeezed
from seqbench_speech.listing import Columns, content_fingerprint
from seqbench_speech.made_up import made_up
from seqbench_speech.mel import MelForm
from seqbench_speech.naming import Pattern, numbers_in
from seqbench_speech.parts import Speakers, divide
from seqbench_speech.reading import new_features, read_recordings
from seqbench_speech.recordings import Recordings
from seqbench_speech.sounds import check_can_read
from seqbench_speech.symbols import Symbols, Unit
from seqbench_speech.transcript_goal import TranscriptGoal
from seqbench_speech.transcripts import transcripts
from seqbench_speech.utterances import Pauses
from seqbench_speech.word_goal import WordGoal

if TYPE_CHECKING:
    from torch import Generator, Tensor

Count = Annotated[int, Field(ge=1)]
Goal = Literal["word", "transcript"]
Cache = Callable[[tuple[Any, ...], Callable[[], "dict[str, Tensor]"]], "dict[str, Tensor]"]

_STORED = 2
"""Version of the cached features; it rises when the same settings mean other ones."""


@dataclass(frozen=True)
class Speech(Task):
    """Hear a spoken word, or an utterance, frame by frame, and write what was said.

    A frame is the log mel energies of 25 ms of sound, 10 ms after the one before (Davis & Mermelstein 1980), with
    mean 0 and deviation 1 in each band over the training frames. With ``goal="word"`` at T = 100::

        input   the 41 frames of "seven", then 59 frames of background
        target                                                   seven
        scored                                                       ^

    The word begins at the first of ``length`` = T frames and the answer is asked for at the last, so that what
    was heard must be carried over the background between, which is like the quietest tenth of the training frames.

    With ``goal="transcript"`` an utterance is recordings of one speaker in a row, as many as fit T frames; its
    words are written in their order without saying when each was heard, trained and scored by connectionist
    temporal classification (Graves et al. 2006)::

        input   119 frames of "two" "nine" "nine"
        target  two nine nine

    With ``pause_ms`` there is background after each recording, as there is in speech: without it an utterance of
    recordings that are cut off at their last sound leaves a model that looks back only no frame in which to write
    the last word.

    A recording of more than T frames is squeezed: each of T frames is the mean of a stretch of it. Less is heard
    then, so that a score at a small T may be low for want of detail, not of memory.

    Without ``data`` ten digits are synthesised (source and filter, Klatt 1980) with random speakers. Splits are by
    speaker: a fifth of them are for test and a tenth for validation, unless ``speakers="mixed"``.

    Metrics of a word: ``accuracy``, ``loss`` in nats. Of a transcript: ``word_error_rate``, errors over words of
    all utterances, read off the best path; ``loss`` in nats an utterance; and ``beam_word_error_rate`` by a prefix
    beam search (Hannun et al. 2014) where ``beams`` is above 1. ``nearest by time warping`` (Sakoe & Chiba 1978)
    compares a recording, without what follows it, with at most twelve training recordings of each word, and an
    utterance with rows of them (Ney 1984).

    Attributes:
        data: None for synthesised digits; else a folder of wav, flac or ogg files, a table of paths, or a data set
            with a column of audio.
        goal: ``word``, or ``transcript``.
        pattern: what the names of files in a folder tell; ``{}`` stands for anything.
        audio_column: of a table: paths of recordings, or the recordings.
        text_column: what was said.
        speaker_column: who said it.
        speakers: ``unseen`` puts no speaker into two splits; ``mixed`` draws recordings.
        test_takes: takes that are the test split, such as ``0-4``; only with ``speakers=mixed``.
        unit: of a transcript: ``word`` or ``character``.
        rate: samples a second; other recordings are resampled.
        window_ms: length of a frame, in milliseconds.
        hop_ms: from one frame to the next, in milliseconds; at most ``window_ms``.
        bands: mel bands from 0 Hz to half the rate.
        filler: what follows a word: ``noise`` like the background, or ``silence``, its mean.
        pause_ms: background after each recording of an utterance, in milliseconds, on average; each pause is drawn
            evenly between half and one and a half times as long.
        beams: prefixes of the beam search of ``beam_word_error_rate``; 1 leaves it out.
        train_rows: utterances of the training split, in which recordings are used again in new company.
        split_frames: rows of a split times length, at most; there is always one row.
        voices: speakers that are synthesised.
        takes: how often each of them says each digit.
        snr: signal-to-noise ratio of the noisiest of them, in dB.
    """

    name: ClassVar[str] = "speech"
    version: ClassVar[int] = 2
    reference: ClassVar[str] = """
        @inproceedings{graves2006,
          author = {Graves, Alex and Fern{\\'a}ndez, Santiago and Gomez, Faustino and Schmidhuber, J{\\"u}rgen},
          title = {Connectionist Temporal Classification: Labelling Unsegmented Sequence Data with Recurrent
                   Neural Networks},
          booktitle = {Proceedings of the 23rd International Conference on Machine Learning},
          pages = {369--376},
          year = {2006}
        }

        @article{davis1980,
          author = {Davis, Steven B. and Mermelstein, Paul},
          title = {Comparison of Parametric Representations for Monosyllabic Word Recognition in Continuously
                   Spoken Sentences},
          journal = {IEEE Transactions on Acoustics, Speech, and Signal Processing},
          volume = {28},
          number = {4},
          pages = {357--366},
          year = {1980}
        }

        @article{klatt1980,
          author = {Klatt, Dennis H.},
          title = {Software for a Cascade/Parallel Formant Synthesizer},
          journal = {Journal of the Acoustical Society of America},
          volume = {67},
          number = {3},
          pages = {971--995},
          year = {1980}
        }

        @article{sakoe1978,
          author = {Sakoe, Hiroaki and Chiba, Seibi},
          title = {Dynamic Programming Algorithm Optimization for Spoken Word Recognition},
          journal = {IEEE Transactions on Acoustics, Speech, and Signal Processing},
          volume = {26},
          number = {1},
          pages = {43--49},
          year = {1978}
        }

        @article{ney1984,
          author = {Ney, Hermann},
          title = {The Use of a One-Stage Dynamic Programming Algorithm for Connected Word Recognition},
          journal = {IEEE Transactions on Acoustics, Speech, and Signal Processing},
          volume = {32},
          number = {2},
          pages = {263--271},
          year = {1984}
        }

        @article{hannun2014,
          author = {Hannun, Awni Y. and Maas, Andrew L. and Jurafsky, Daniel and Ng, Andrew Y.},
          title = {First-Pass Large Vocabulary Continuous Speech Recognition using Bi-Directional Recurrent
                   {DNN}s},
          journal = {arXiv preprint arXiv:1408.2873},
          year = {2014}
        }
    """
    data: str | None = data_source()
    goal: Goal = "word"
    pattern: str = "{label}_{speaker}_{take}.wav"
    audio_column: str = "path"
    text_column: str = "text"
    speaker_column: str = "speaker"
    speakers: Speakers = "unseen"
    test_takes: str | int | None = None
    unit: Unit = "word"
    rate: Annotated[int, Field(ge=8000, le=48000)] = 8000
    window_ms: Annotated[float, Field(ge=5, le=100)] = 25.0
    hop_ms: Annotated[float, Field(ge=1, le=100)] = 10.0
    bands: Annotated[int, Field(ge=2, le=256)] = 40
    filler: Filler = "noise"
    pause_ms: Annotated[float, Field(ge=0, le=10_000)] = added_later(0.0)
    beams: Annotated[int, Field(ge=1, le=1000)] = 1
    train_rows: Count = 2000
    split_frames: Count = 4_000_000
    voices: Annotated[int, Field(ge=3, le=10_000)] = generated_only(60)
    takes: Annotated[int, Field(ge=1, le=1000)] = generated_only(3)
    snr: Annotated[float, Field(ge=-20, le=100)] = generated_only(0.0)

    def __post_init__(self) -> None:
        """Refuse a pattern or takes that mean nothing, and settings without effect."""
        super().__post_init__()
        Pattern(self.pattern)
        if self.test_takes is not None:
            numbers_in(str(self.test_takes))
            if self.speakers != "mixed":
                raise ValueError(
                    f"test_takes is {self.test_takes!r} and speakers is unseen, which puts whole speakers into a"
                    " split; set speakers=mixed, or leave test_takes out"
                )
        if self.hop_ms > self.window_ms:
            raise ValueError(
                f"hop_ms is {self.hop_ms:g} and window_ms {self.window_ms:g}, so that sound between frames would"
                " not be heard; take a shorter hop or a longer window"
            )
        self._refuse(
            self.data is None,
            "data is not set, and synthesised recordings have neither names nor columns",
            "pattern",
            "audio_column",
            "text_column",
            "speaker_column",
        )
        self._refuse(
            self.goal == "word",
            "goal is word, and it is of transcripts",
            "unit",
            "beams",
            "train_rows",
            "pause_ms",
        )
        has_no_background = self.goal == "transcript" and not self.pause_ms
        self._refuse(
            has_no_background, "goal is transcript, and without pause_ms nothing follows a word", "filler"
        )

    def _refuse(self, is_without_effect: bool, why: str, *names: str) -> None:
        for name in names:
            value = getattr(self, name)
            if is_without_effect and value != getattr(Speech, name):
                raise ValueError(f"{name} is {value!r} and would count for nothing: {why}; leave {name} out")

    def source_fingerprint(self, data: str) -> str | None:
        """Return a hash of the recordings of a folder, or of those that a table names.

        Raises:
            DataError: the data are missing or unreadable, or soundfile is not installed.
        """
        check_can_read()
        return content_fingerprint(data, self._columns)

    @property
    def divides_by_seed(self) -> bool:
        """True of recordings without a test split, unless takes are chosen for it."""
        if self.data is None or self.test_takes is not None:
            return False
        kept = self._cache(0)(("recordings",), lambda: self._made(0).tensors())
        return all(each.part != "test" for each in Recordings.from_tensors(kept).said)

    def load(self, length: int, seed: int) -> TaskData:
        """Read or synthesise recordings, divide them, and lay them out in ``length`` frames.

        Raises:
            DataError: the data are missing or unfit, or soundfile is not installed.
        """
        kept = self._cache(seed)
        recordings = Recordings.from_tensors(kept(("recordings",), lambda: self._made(seed).tensors()))
        takes = None if self.test_takes is None else numbers_in(str(self.test_takes))
        parts = self._divided(recordings, takes, seed)
        scale = Scale.of(recordings, parts["train"])
        goal = self._goal(recordings, scale, length, seed)
        pauses = (self.pause_ms, self.filler) if self.pause_ms else ()
        chosen = (self.goal, self.speakers, self.test_takes, seed, length, self.split_frames, *pauses)
        laid = goal.laid(parts, partial(kept, chosen))
        return TaskData(
            train=laid.splits["train"],
            validation=laid.splits["validation"],
            test=laid.splits["test"],
            inputs=Values(self.bands),
            targets=laid.targets,
            metrics=laid.metrics,
            baselines=laid.baselines,
            show=laid.show,
            facts={**_facts(recordings, parts, length), **laid.facts},
            fitted={**scale.fitted(), "symbols": list(laid.symbols.names)},
        )

    def encode(self, rows: Sequence[Mapping[str, Any]], length: int, fitted: Mapping[str, Any]) -> Tensor | Ragged:
        """Return the frames of the recordings that rows name in the column of paths.

        A relative path begins in the current folder. An utterance is read whole, however long it is, and gets the
        background after it that those of training have on average.

        Raises:
            DataError: a row names no recording, or it cannot be read.
        """
        scale = Scale.from_fitted(fitted)
        features = [scale.apply(each) for each in new_features(rows, self.audio_column, self._form)]
        rng = generator(0, self.name, "new", length)
        if self.goal == "transcript":
            return Ragged.from_rows([self._with_pause(each.half(), scale, rng) for each in features])
        words = (squeezed(each, length) for each in features)
        return lay_out(words, length, scale, self.filler, rng).float()

    def _with_pause(self, frames: Tensor, scale: Scale, rng: Generator) -> Tensor:
        import torch

        return torch.cat([frames, background(round(self._pauses.frames), scale, self.filler, rng)])

    @property
    def _pauses(self) -> Pauses:
        return Pauses(self.pause_ms / self.hop_ms, self.filler)

    def answers(self, outputs: Tensor, batch: Batch, fitted: Mapping[str, Any]) -> list[Any]:
        """Return the word of each recording with its probability, or the text of each utterance."""
        symbols = Symbols(tuple(fitted["symbols"]), self.unit)
        if self.goal == "transcript":
            return [{"text": symbols.text(row)} for row in transcripts(outputs, batch.lengths, self.beams)]
        best = outputs.double().softmax(-1).max(-1)
        return [
            {"word": symbols.names[place], "probability": probability}
            for place, probability in zip(best.indices.tolist(), best.values.tolist(), strict=True)
        ]

    def _divided(self, recordings: Recordings, takes: frozenset[int] | None, seed: int) -> dict[str, list[int]]:
        """Return the recordings of each part; errors tell of copies that were left out."""
        copies, conflicts = recordings.copies, recordings.conflicts
        if conflicts:
            warnings.warn(
                f"{conflicts} recording{'s have' if conflicts > 1 else ' has'} the sound of an earlier one and"
                " another text, and counts as a copy; one of both texts is wrong",
                stacklevel=3,
            )
        try:
            return divide(recordings.said, self.speakers, takes, seed)
        except DataError as error:
            if not copies:
                raise
            raise DataError(f"{error} ({copies} recordings are left out as copies of others)") from error

    @property
    def _form(self) -> MelForm:
        return MelForm(self.rate, self.window_ms, self.hop_ms, self.bands)

    @property
    def _columns(self) -> Columns:
        return Columns(self.audio_column, self.text_column, self.speaker_column)

    def _goal(self, recordings: Recordings, scale: Scale, length: int, seed: int) -> WordGoal | TranscriptGoal:
        rows = max(1, self.split_frames // length)
        if self.goal == "word":
            return WordGoal(recordings, scale, length, seed, rows=rows, filler=self.filler)
        return TranscriptGoal(
            recordings,
            scale,
            length,
            seed,
            rows=rows,
            train_rows=min(rows, self.train_rows),
            unit=self.unit,
            beams=self.beams,
            pauses=self._pauses,
        )

    def _cache(self, seed: int) -> Cache:
        """Return what makes tensors, or takes them from the cache: ``kept(further identity, make)``."""
        form = (self.rate, self.window_ms, self.hop_ms, self.bands)
        if self.data is None:
            source: tuple[Any, ...] = ("made up", self.voices, self.takes, self.snr, seed)
        else:
            known = self.source_fingerprint(self.data) or fingerprint(self.data)
            source = (known, self.pattern, *self._columns)
        identity = (self.name, self.version, _STORED, *form, *source)
        return lambda further, make: cached_tensors((*identity, *further), make, source=str(source[0]))

    def _made(self, seed: int) -> Recordings:
        if self.data is None:
            return made_up(self._form, seed, voices=self.voices, takes=self.takes, snr=self.snr)
        return read_recordings(self.data, self.pattern, self._columns, self._form)


def _facts(
    recordings: Recordings, parts: Mapping[str, Sequence[int]], length: int
) -> dict[str, float | int | str]:
    """Return sizes of the recordings, and how they compare with the length."""
    lengths = recordings.lengths
    heard = {part: {recordings.said[number].speaker for number in numbers} for part, numbers in parts.items()}
    return {
        **{f"{part}_recordings": len(numbers) for part, numbers in parts.items()},
        **{f"{part}_speakers": len(speakers) for part, speakers in heard.items()},
        "test_speakers_also_in_train": len(heard["test"] & heard["train"]),
        "frames_of_a_recording": sum(lengths) / len(lengths),
        "squeezed_recordings": sum(each > length for each in lengths),
        "copies_left_out": recordings.copies,
        "copies_with_another_text": recordings.conflicts,
    }

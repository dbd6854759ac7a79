"""Offers the task ``music``: predict the notes of each next step of a piece."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from seqbench import (
    DataError,
    Ragged,
    Split,
    StepLabels,
    Task,
    TaskData,
    Values,
    cached_tensors,
    data_source,
    fingerprint,
    generated_only,
)
from seqbench_music.chorales import PHRASE, chorales
from seqbench_music.instrument import Instrument, Labels
from seqbench_music.judging import MEANINGS, judged
from seqbench_music.pieces import Source, split
from seqbench_music.rolls import MIDI_KEYS, PARTS, Keys, Rolls, packed, pitches_of, unpacked
from seqbench_music.showing import shown
from seqbench_music.transposing import Transposition, transposed

if TYPE_CHECKING:
    from torch import Tensor

Count = Annotated[int, Field(ge=1)]
Key = Annotated[int, Field(ge=0, lt=MIDI_KEYS)]

_STORED = 2
"""Version of the cached tensors; it rises when the same settings mean other tensors."""
_LEAST_PIECES = 8
"""Chorales of a split, at least."""
_FINE = 4
"""Steps of a quarter note in MIDI files, unless ``resolution`` says otherwise."""


@dataclass(frozen=True)
class Music(Task):
    """Predict the notes of each next step of a piece from the steps before (Boulanger-Lewandowski et al. 2012).

    A step is a row of a piano roll: for each of 88 keys whether it is down. The first step of a piece is given::

        step     0        1        2        3
        input    C3 G4 E5 F3 A4 F5 G3 G4 D5
        target   F3 A4 F5 G3 G4 D5 C3 G4 E5
        scored   ^        ^        ^

    The length is the most steps that a row has: a longer piece is cut into rows of ``length`` steps, a shorter one
    is a row of its own. Each step but a piece's first is predicted once, whatever the length is. At a length of at
    least that of the longest piece all pieces are whole, as published figures demand.

    Scored is -ln p of all notes of a step, the sum over keys, in nats, averaged over all predicted steps of the
    test pieces (not over pieces), as the code of Bai et al. (2018) does; beside it ``frame_accuracy`` (Bay et al.
    2009). Without ``data`` the pieces are chorales of four voices, made by rules of counterpoint, whose strophe
    returns after half of ``length``; skill 1 then means their source itself. On data of yours 0 is the best loss.

    Attributes:
        data: None for the chorales; else a folder of MIDI files, a ``.mat``, ``.pickle`` or ``.json`` file of
            piano rolls in splits, a table with a column of pieces, or a Hugging Face data set.
        column: the pieces in a table.
        resolution: steps of a quarter note; null for 4 in MIDI files, and 1 in all others.
        lowest_key: the first key of a roll, by its number in MIDI; lower notes are left out.
        highest_key: the last key of a roll; higher notes are left out.
        transpose: ``all`` has each training piece in all twelve keys; ``c`` moves each piece to C or to A minor;
            ``none`` leaves them.
        train_steps: without ``data``: steps in the training pieces.
        test_steps: the same for validation, and for test.
    """

    name = "music"
    version = 1
    reference = """
        @inproceedings{boulanger2012,
          author = {Boulanger-Lewandowski, Nicolas and Bengio, Yoshua and Vincent, Pascal},
          title = {Modeling Temporal Dependencies in High-Dimensional Sequences: Application to Polyphonic Music
                   Generation and Transcription},
          booktitle = {International Conference on Machine Learning},
          year = {2012}
        }

        @inproceedings{bay2009,
          author = {Bay, Mert and Ehmann, Andreas F. and Downie, J. Stephen},
          title = {Evaluation of Multiple-{F0} Estimation and Tracking Systems},
          booktitle = {International Society for Music Information Retrieval Conference},
          pages = {315--320},
          year = {2009}
        }

        @article{bai2018,
          author = {Bai, Shaojie and Kolter, J. Zico and Koltun, Vladlen},
          title = {An Empirical Evaluation of Generic Convolutional and Recurrent Networks for Sequence Modeling},
          journal = {arXiv:1803.01271},
          year = {2018}
        }
    """
    needs_causal = True
    judge_meanings = MEANINGS
    file_endings = (".mid", ".wav")
    data: str | None = data_source()
    column: str = "notes"
    resolution: Annotated[int | None, Field(ge=1, le=96)] = None
    lowest_key: Key = 21
    highest_key: Key = 108
    transpose: Transposition = "none"
    train_steps: Count = generated_only(30_000)
    test_steps: Count = generated_only(6_000)

    def __post_init__(self) -> None:
        """Refuse keys in the wrong order, and settings that chorales do not have."""
        super().__post_init__()
        if self.lowest_key >= self.highest_key:
            raise ValueError(
                f"lowest_key is {self.lowest_key} and highest_key {self.highest_key}; a roll has two keys or more,"
                " the lowest below the highest"
            )
        settings = (self.column, self.lowest_key, self.highest_key, self.transpose)
        if self.data is None and settings != ("notes", 21, 108, "none"):
            raise ValueError(
                "column, lowest_key, highest_key and transpose are about pieces of yours, and data is not set; the"
                " chorales have 88 keys and stand in all twelve keys"
            )

    @property
    def is_longer_harder(self) -> bool:
        """Whether a greater length asks for a longer memory, as in the chorales, whose strophe returns."""
        return self.data is None

    @property
    def divides_by_seed(self) -> bool:
        """True of pieces without a test split."""
        return self.data is not None and not self._source.read().get("test")

    def load(self, length: int, seed: int) -> TaskData:
        """Make rows of at most ``length`` steps.

        Raises:
            DataError: the data are missing or unfit, no test piece is half so long, or chorales were too short.
        """
        from seqbench_music.baselines import baselines
        from seqbench_music.scores import metrics

        if self.data is None and length < PHRASE:
            raise DataError(
                f"music: chorales are made of phrases of {PHRASE} steps, and length is {length}; raise it"
            )
        made = self._made(length, seed)
        rolls, kind = unpacked(made), StepLabels(self._keys.count)
        self._check_length(rolls["test"], length)
        test = rolls["test"].windows(length)
        source = float(made["losses"].mean()) if "losses" in made else None
        return TaskData(
            train=rolls["train"].windows(length),
            validation=rolls["validation"].windows(length),
            test=test,
            inputs=Values(kind.labels),
            targets=kind,
            metrics=metrics(kind, source),
            baselines=tuple(baselines(made, test, kind)),
            show=lambda row: self._shown(test, row),
            facts=_facts(rolls, made, source),
            fitted=Instrument(self._keys, self._resolution, _commonest_start(rolls["train"])).fitted(),
        )

    def source_fingerprint(self, data: str) -> str | None:
        """Return a hash of MIDI files or of a file of piano rolls; None for tables."""
        return Source(data, self.column, _FINE).fingerprint()

    def encode(self, rows: Sequence[Mapping[str, Any]], length: int, fitted: Mapping[str, Any]) -> Ragged:
        """Turn pieces, in the column that ``column`` names, into their last ``length`` steps.

        A piece is notes such as ``C4 E4 | D4 F4``, or the name of a MIDI file.

        Raises:
            DataError: a row has no piece.
        """
        return Instrument.from_fitted(fitted).inputs(rows, self.column, length)

    def decode(self, outputs: Tensor, fitted: Mapping[str, Any]) -> list[str]:
        """Return the notes of each piece's next step that have a probability above 1/2."""
        return Instrument.from_fitted(fitted).answers(outputs)

    def prompt(self, text: str, fitted: Mapping[str, Any]) -> list[Labels]:
        """Return the steps of a MIDI file, or of notes such as ``C4 E4 | D4 F4``.

        Without any it is the step with which most training pieces begin.
        """
        return Instrument.from_fitted(fitted).prompt(text)

    def text(self, tokens: Sequence[Labels], fitted: Mapping[str, Any]) -> str:
        """Return the notes of steps, a line for each."""
        return Instrument.from_fitted(fitted).text(tokens)

    def file(self, tokens: Sequence[Labels], ending: str, fitted: Mapping[str, Any]) -> bytes:
        """Return a MIDI file, or a sound of 90 quarter notes a minute.

        Raises:
            DataError: mido, which writes MIDI files, is not installed.
        """
        return Instrument.from_fitted(fitted).file(tokens, ending)

    def label_names(self, fitted: Mapping[str, Any]) -> list[str]:
        """Return the name of each key."""
        return Instrument.from_fitted(fitted).names()

    def judge(self, samples: Sequence[Sequence[Labels]], length: int, seed: int) -> dict[str, float]:
        """Score samples against the training pieces; see `seqbench_music.judging`."""
        made = self._made(length, seed)
        return judged(samples, unpacked(made)["train"], made)

    @property
    def _keys(self) -> Keys:
        return Keys(self.lowest_key, self.highest_key)

    @property
    def _source(self) -> Source:
        return Source(str(self.data), self.column, self.resolution or _FINE)

    @cached_property
    def _resolution(self) -> int:
        """Steps of a quarter note."""
        return self.resolution or (_FINE if self.data is not None and self._source.is_midi else 1)

    def _made(self, length: int, seed: int) -> dict[str, Tensor]:
        """Return rolls, fitted baselines and, of chorales, their source's losses, from the cache if possible."""
        sizes = {"train": self.train_steps, "validation": self.test_steps, "test": self.test_steps}
        if self.data is None:
            numbers = {part: max(_LEAST_PIECES, size // length) for part, size in sizes.items()}
            settings = (length, seed, *sizes.values())
            return self._kept("chorales", settings, lambda: chorales(numbers, length, seed, self._keys))
        source = self.source_fingerprint(self.data) or fingerprint(self.data)
        choices = (self.column, self._resolution, self.lowest_key, self.highest_key, self.transpose, seed)
        return self._kept(source, choices, lambda: self._read(seed))

    def _kept(
        self, source: str, further: tuple[str | int, ...], make: Callable[[], dict[str, Tensor]]
    ) -> dict[str, Tensor]:
        identity = (self.name, self.version, _STORED, source, *further)
        return cached_tensors(identity, lambda: _with_baselines(make()), source=source)

    def _read(self, seed: int) -> dict[str, Tensor]:
        import torch

        parts = transposed(split(self._source.read(), seed), self.transpose)
        rolls = {part: Rolls.of(pieces, self._keys) for part, pieces in parts.items()}
        for part, each in rolls.items():
            if not each.frames.any():
                raise DataError(
                    f"no {part} piece of {self.data} has a note from key {self.lowest_key} to {self.highest_key};"
                    " give pieces with notes, or other keys"
                )
        sounding = sum(int(piece.sum()) for pieces in parts.values() for piece in pieces if len(piece) > 1)
        left_out = sounding - sum(int(each.frames.sum()) for each in rolls.values())
        short = sum(len(piece) < 2 for pieces in parts.values() for piece in pieces)
        return packed(rolls) | {"left out": torch.tensor(left_out), "too short": torch.tensor(short)}

    def _check_length(self, test: Rolls, length: int) -> None:
        longest = int(test.lengths.max())
        if length > 2 * longest and self.data is not None:
            raise DataError(
                f"length {length} is more than twice the {longest} predicted steps of the longest test piece; ask"
                f" for {longest}, which leaves the test pieces whole"
            )

    def _shown(self, test: Split, row: int) -> str:
        import torch

        batch = test.batch(torch.tensor([row]))
        steps = torch.cat([batch.inputs[0], batch.targets[0, -1:].to(batch.inputs.dtype)])
        return shown([self._keys.pitches(labels) for labels in pitches_of(steps)])


def _with_baselines(made: dict[str, Tensor]) -> dict[str, Tensor]:
    from seqbench_music.baselines import fitted

    return made | fitted(unpacked(made)["train"])


def _facts(
    rolls: Mapping[str, Rolls], made: Mapping[str, Tensor], source: float | None
) -> dict[str, float | int | str]:
    facts: dict[str, float | int | str] = {}
    for part in PARTS:
        facts[f"{part}_pieces"] = len(rolls[part].lengths)
        facts[f"{part}_predicted_steps"] = int(rolls[part].lengths.sum())
    known = {each.numpy().tobytes() for each in rolls["train"].pieces()}
    facts["test_pieces_also_in_train"] = sum(each.numpy().tobytes() in known for each in rolls["test"].pieces())
    facts["longest_test_piece"] = int(rolls["test"].lengths.max())
    facts["notes_a_step"] = float(rolls["train"].frames.double().sum(1).mean())
    if source is not None:
        return facts | {"source_nll": source}
    left_out = {"notes_beyond_the_keys": int(made["left out"]), "pieces_below_two_steps": int(made["too short"])}
    return facts | left_out


def _commonest_start(train: Rolls) -> Labels:
    """Return the notes with which most pieces begin; of equally many those of the first such piece."""
    starts = [tuple(step.nonzero().flatten().tolist()) for step in train.frames[train.offsets[:-1]]]
    counts: dict[Labels, int] = {}
    for start in starts:
        counts[start] = counts.get(start, 0) + 1
    return max(counts, key=lambda start: counts[start])

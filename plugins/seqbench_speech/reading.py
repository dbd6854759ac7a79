"""Reads the recordings of a data source, or those that new rows name, as features."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seqbench import DataError
from seqbench_speech.listing import Columns, list_recordings, sound_in
from seqbench_speech.mel import MelForm, log_mels
from seqbench_speech.recordings import Recordings
from seqbench_speech.sounds import check_can_read, read_sound

if TYPE_CHECKING:
    from torch import Tensor


def read_recordings(data: str, pattern: str, columns: Columns, form: MelForm) -> Recordings:
    """Return the features of all recordings of a data source; see `list_recordings`.

    Raises:
        DataError: the source is missing or unfit, a recording is unreadable, or soundfile is not installed.
    """
    check_can_read()
    sources = list_recordings(data, pattern, columns)
    sounds = (read_sound(each.sound, form.rate, each.said.name) for each in sources)
    return Recordings.of(log_mels(sounds, form), [each.said for each in sources])


def new_features(rows: Sequence[Mapping[str, Any]], column: str, form: MelForm) -> list[Tensor]:
    """Return the features of the recordings that rows name, rounded as those of training: rows of [frames, bands].

    Raises:
        DataError: a row names no recording, a recording is unreadable, or soundfile is not installed.
    """
    check_can_read()
    if not rows:
        raise DataError(
            f"there is no row; give one or more, with the path of a recording in the column {column!r}"
        )
    sounds = []
    for number, row in enumerate(rows, start=1):
        if column not in row:
            raise DataError(
                f"row {number} has no column {column!r}, which names its recording; there are: {', '.join(row)}"
            )
        try:
            sound = sound_in(row[column], Path(), column)
        except DataError as error:
            raise DataError(f"row {number} {error}") from error
        sounds.append(read_sound(sound, form.rate, str(sound) if isinstance(sound, Path) else f"of row {number}"))
    return [each.half() for each in log_mels(sounds, form)]

"""Divides recordings among training, validation and test: whole speakers, takes, or a share of each word."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from seqbench import DataError, generator
from seqbench_speech.recordings import Said

PARTS = ("train", "validation", "test")
TEST, VALIDATION = 0.2, 0.1
"""Shares of the speakers, or of the recordings of each word, that are drawn where the data have no such split."""

Speakers = Literal["unseen", "mixed"]
Rows = list[int]


def divide(
    said: Sequence[Said], speakers: Speakers, test_takes: frozenset[int] | None, seed: int
) -> dict[str, Rows]:
    """Return the numbers of the recordings of each split, each in an order drawn by the seed.

    Args:
        said: what is known of each recording.
        speakers: ``unseen`` draws whole speakers for validation and test; ``mixed`` a share of each text.
        test_takes: takes that are the test split, with ``mixed``; all others are for training.
        seed: of the draws. The length is no part of it.

    Raises:
        DataError: speakers or takes are not known or too few, stand in two splits of the data, or no recording is
            left for a split.
    """
    found: dict[str, Rows] = {}
    for number, each in enumerate(said):
        found.setdefault(each.part, []).append(number)
    if test_takes is not None:
        found |= _by_takes(said, test_takes)
    rest = found.pop("all", None) or found.pop("train", None)
    if not rest:
        raise DataError("there is no recording to train on; give some, or choose other test_takes")
    shares = {part: share for part, share in (("test", TEST), ("validation", VALIDATION)) if not found.get(part)}
    if speakers == "unseen":
        _check_known(said)
    draw = _speakers if speakers == "unseen" else _texts
    found |= draw(said, rest, shares, seed)
    if speakers == "unseen":
        _check_apart(said, found)
    return {part: _shuffled(found[part], part, seed) for part in PARTS}


def _by_takes(said: Sequence[Said], test_takes: frozenset[int]) -> dict[str, Rows]:
    strange = next((each for each in said if not each.take.isdecimal()), None)
    if strange is not None or any(each.part != "all" for each in said):
        why = (
            f"the take of {strange.name} is {strange.take or 'not told'!r}, not a whole number"
            if strange is not None
            else "the data are divided already"
        )
        raise DataError(f"test_takes chooses the test split by the number of a take, and {why}; leave it out")
    test = [number for number, each in enumerate(said) if int(each.take) in test_takes]
    if not test:
        raise DataError(f"no recording has one of the test_takes {sorted(test_takes)[:5]}; name others")
    chosen = set(test)
    return {"test": test, "all": [number for number in range(len(said)) if number not in chosen]}


def _check_known(said: Sequence[Said]) -> None:
    if unknown := next((each.name for each in said if not each.speaker), None):
        raise DataError(
            f"nothing tells who speaks in {unknown}, and speakers=unseen puts no speaker into two splits; name the"
            " column with speaker_column, put {speaker} into the pattern, or set speakers=mixed"
        )


def _speakers(said: Sequence[Said], rest: Rows, shares: Mapping[str, float], seed: int) -> dict[str, Rows]:
    """Draw whole speakers: part -> numbers of recordings."""
    names = sorted({said[number].speaker for number in rest})
    if len(names) <= len(shares):
        raise DataError(
            f"the data have {len(names)} speaker{'s' * (len(names) > 1)} to divide, and speakers=unseen needs one"
            f" for each of {', '.join(['train', *shares])}; set speakers=mixed"
        )
    part_of = _drawn(names, shares, seed, "speakers")
    found: dict[str, Rows] = {part: [] for part in ("train", *shares)}
    for number in rest:
        found[part_of[said[number].speaker]].append(number)
    return found


def _texts(said: Sequence[Said], rest: Rows, shares: Mapping[str, float], seed: int) -> dict[str, Rows]:
    """Draw a share of the recordings of each text; a text that is said too seldom is for training alone."""
    of_text: dict[str, Rows] = {}
    for number in rest:
        of_text.setdefault(said[number].text, []).append(number)
    found: dict[str, Rows] = {part: [] for part in ("train", *shares)}
    if max(map(len, of_text.values())) <= len(shares):  # whole sentences, each said once
        of_text = {"": rest}
    for text, numbers in sorted(of_text.items()):
        if len(numbers) <= len(shares):
            found["train"] += numbers
            continue
        part_of = _drawn(list(map(str, numbers)), shares, seed, f"text {text}")
        for number in numbers:
            found[part_of[str(number)]].append(number)
    for part, numbers in found.items():
        if not numbers:
            raise DataError(f"{len(rest)} recordings are too few: none is left for {part}; record more")
    return found


def _drawn(names: Sequence[str], shares: Mapping[str, float], seed: int, purpose: str) -> dict[str, str]:
    """Return name -> part: at least one for each share, the rest for training."""
    import torch

    order = torch.randperm(len(names), generator=generator(seed, "speech", "split", purpose)).tolist()
    part_of = dict.fromkeys(names, "train")
    begin = 0
    for part, share in shares.items():
        count = max(1, round(share * len(names)))
        for place in order[begin : begin + count]:
            part_of[names[place]] = part
        begin += count
    return part_of


def _check_apart(said: Sequence[Said], parts: Mapping[str, Rows]) -> None:
    seen = {part: {said[number].speaker for number in numbers} for part, numbers in parts.items()}
    for one, other in (("train", "test"), ("train", "validation"), ("validation", "test")):
        if both := sorted(seen[one] & seen[other]):
            raise DataError(
                f"the speaker {both[0]} is in the splits {one} and {other} of the data"
                f" ({len(both)} in all), and speakers=unseen puts no speaker into two; set speakers=mixed"
            )


def _shuffled(numbers: Rows, part: str, seed: int) -> Rows:
    import torch

    order = torch.randperm(len(numbers), generator=generator(seed, "speech", "order", part)).tolist()
    return [numbers[place] for place in order]

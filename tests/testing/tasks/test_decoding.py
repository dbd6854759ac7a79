"""Tests the kit on tasks with decoding: a sound one passes, rows that cannot be decoded fail."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest

from seqbench import Catalog, Decoding, Ragged, Split, TaskData
from seqbench.testing import CheckFailed, CheckSkipped, checks
from tests.writing import GO, STOP, Reverse


def changed(change: Callable[[TaskData], TaskData]) -> Reverse:
    @dataclass(frozen=True)
    class Changed(Reverse):
        """The task with a fault."""

        def load(self, length: int, seed: int) -> TaskData:
            return change(super().load(length, seed))

    return Changed()


def with_test(change: Callable[[Ragged, Ragged], tuple[Ragged, Ragged]]) -> Callable[[TaskData], TaskData]:
    def change_data(data: TaskData) -> TaskData:
        inputs, targets = data.test.inputs, data.test.targets
        assert isinstance(inputs, Ragged)
        assert isinstance(targets, Ragged)
        return replace(data, test=Split(*change(inputs, targets)))

    return change_data


def test_sound_task_passes_every_check() -> None:
    for name, check in checks(Reverse(), catalog=Catalog()):
        if not name.startswith("loading-cost"):
            check()


def test_task_without_decoding_skips_the_check_with_the_reason() -> None:
    with pytest.raises(CheckSkipped, match="has no Decoding"):
        dict(checks("copy"))["decoding:8"]()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (with_test(lambda i, t: (i, Ragged(t.values.roll(1), t.offsets))), "shift targets and inputs by one step"),
        (
            with_test(lambda i, t: (Ragged(i.values.clamp(max=GO - 1), i.offsets), t)),
            f"no token {GO}, after which",
        ),
        (
            lambda data: replace(data, decoding=Decoding(prefix=GO, stop=STOP, most_tokens=3)),
            "a reference has 9 tokens, and Decoding.most_tokens lets a model write 3",
        ),
    ],
)
def test_rows_that_a_model_cannot_go_on_with_fail_their_check(
    change: Callable[[TaskData], TaskData], words: str
) -> None:
    with pytest.raises(CheckFailed, match=words):
        dict(checks(changed(change), catalog=Catalog()))["decoding:8"]()

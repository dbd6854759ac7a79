"""Hides test data from a trial, whose setting is chosen on validation data alone.

Whatever is asked of what is hidden raises; only ``is``, ``type()`` and its text (`repr`) tell something.
`Metric.best` stays; without ``is_bound`` it is a score on the test split, and no trial ends or is chosen by it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from seqbench.contracts.task import TaskData
from seqbench.errors import HiddenDataError


class Hidden:
    """Stands in the place of test data, and raises HiddenDataError when it is looked at.

    >>> len(Hidden("the test split"))
    Traceback (most recent call last):
    seqbench.errors.HiddenDataError: a trial may not look at the test split: ...
    """

    __slots__ = ("_what",)

    def __init__(self, what: str) -> None:
        object.__setattr__(self, "_what", what)

    def __getattribute__(self, name: str) -> Any:
        what = object.__getattribute__(self, "_what")
        raise HiddenDataError(
            f"a trial may not look at {what}: its setting is chosen on validation data alone, and {name} was asked"
            " for; leave out the plugin or the callback that does so"
        )

    def __setattr__(self, name: str, value: Any) -> None:
        getattr(self, name)

    def __repr__(self) -> str:
        return f"<{object.__getattribute__(self, '_what')}, hidden from a trial>"

    def __len__(self) -> int:
        return int(self.len)

    def __iter__(self) -> Any:
        return self.iter

    def __getitem__(self, item: Any) -> Any:
        return self.item

    def __contains__(self, item: Any) -> bool:
        return bool(self.contains)

    def __call__(self, *args: Any, **named: Any) -> Any:
        """Raise; the texts of test examples are shown by a call."""
        return self.call

    def __bool__(self) -> bool:
        return bool(self.truth)

    def __eq__(self, other: object) -> bool:
        return bool(self.equality)

    def __hash__(self) -> int:
        return int(self.hash)

    def __reduce_ex__(self, protocol: Any) -> Any:
        return self.pickle


def without_test_data(data: TaskData) -> TaskData:
    """Return the data of a trial: test split and baselines are hidden; facts, which may tell of them, are gone."""
    hidden: Any = Hidden
    return replace(
        data,
        test=hidden("the test split"),
        baselines=hidden("the baselines, which are scores on the test split"),
        show=hidden("the test examples as text"),
        stream=None if data.stream is None else hidden("the text of the test split"),
        facts={},
    )

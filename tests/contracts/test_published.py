"""Tests what a target refuses, and when a measured number is within a tolerance."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest

from seqbench import AtLeast, AtMost, Near, NotComparable, PublishedIn, Target

REFERENCE = "@misc{somebody2020, title = {Something}, year = {2020}}"
SOURCE = PublishedIn(paper="Somebody 2020", place="table 1", reference=REFERENCE)


def target(name: str = "one", number: float = 1.0, origin: Any = "published") -> Target:
    return Target(
        name=name,
        claim="it is one",
        number=number,
        metric="unit",
        source=SOURCE,
        tolerance=Near(0.0, "exact"),
        measured_by=NotComparable("nobody measures it"),
        origin=origin,
    )


@pytest.mark.parametrize(
    ("tolerance", "measured", "beyond"),
    [
        (Near(0.25, "why"), 2.25, 0.0),
        (Near(0.25, "why"), 1.5, 0.25),
        (Near(0.25, "why"), 2.5, 0.25),
        (AtMost(0.25, "why"), -5.0, 0.0),
        (AtMost(0.25, "why"), 2.25, 0.0),
        (AtMost(0.25, "why"), 3.0, 0.75),
        (AtLeast(0.25, "why"), 50.0, 0.0),
        (AtLeast(0.25, "why"), 1.75, 0.0),
        (AtLeast(0.25, "why"), 1.0, 0.75),
    ],
)
def test_tolerance_says_by_how_much_two_is_missed(
    tolerance: Near | AtMost | AtLeast, measured: float, beyond: float
) -> None:
    assert tolerance.beyond(measured, published=2.0) == beyond


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Near(-1.0, "why"), "0 or a positive number"),
        (lambda: Near(math.nan, "why"), "0 or a positive number"),
        (lambda: AtMost(1.0, ""), "has a reason"),
        (lambda: target(name="Not Kebab"), "lower-case words"),
        (lambda: target(number=math.inf), "finite"),
        (lambda: target(origin="hearsay"), "it is one of 'published', 'own computation', 'own threshold'"),
        (lambda: PublishedIn(paper="A", place="b", reference="@misc{a, title = {A}}"), "with a year"),
        (lambda: PublishedIn(paper="A", place="b", reference=REFERENCE + REFERENCE), "one BibTeX entry"),
        (lambda: PublishedIn(paper="A", place="b", reference="Somebody (2020)"), "begins with @KIND"),
    ],
)
def test_target_without_number_reason_or_source_is_refused(make: Callable[[], object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        make()

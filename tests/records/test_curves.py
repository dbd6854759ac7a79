"""Tests which curves of a record pages show, and that keeping them in short changes no bit."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from seqbench.gradients.flow import Curve
from seqbench.records.curves import NormCurve, Points, curves_in, curves_of, kept
from seqbench.records.schema import FlowAt, Record
from seqbench.records.store import Store

QUICK = Path(__file__).parents[2] / "results" / "published" / "quick"
ODD = (None, 0.0, 5e-324, 1.7976931348623157e308, 0.1, 2.0)


@pytest.fixture
def record() -> Record:
    return next(each for each in Store(QUICK).each() if each.gradients and each.gradients.norms)


def with_curves(record: Record, curves: tuple[Curve, ...], moments: tuple[str, ...]) -> Record:
    """Return a record whose flows, losses and norms have odd numbers."""
    assert record.gradients is not None
    assert record.gradients.norms is not None
    first = record.gradients.flows[0]
    flows = [
        FlowAt.model_validate({**vars(first), "when": when, "flow": replace(first.flow, curves=curves)})
        for when in moments
    ]
    norms = replace(record.gradients.norms, course=((7, None), (9, 0.25)))
    course = record.course.model_copy(update={"losses": tuple(zip(range(2, 14, 2), ODD, strict=True))})
    gradients = record.gradients.model_copy(update={"flows": tuple(flows), "norms": norms})
    return record.model_copy(update={"course": course, "gradients": gradients})


def curve(quantity: Any, part: str, numbers: tuple[float | None, ...]) -> Curve:
    lags = tuple(range(1, 1 + len(numbers)))
    return Curve(quantity, part, lags, numbers[::-1], numbers, ODD[: len(numbers)], numbers, lags, None)


def test_curves_are_those_of_the_state_or_of_the_input_without_it_and_keep_every_bit(record: Record) -> None:
    known, unknown = (-0.1, None, 1e-300), (None, None)
    seen = with_curves(
        record,
        (
            curve("jacobian", "all", (1.0,)),
            curve("state", "c", (2.0,)),
            curve("state", "all", known),
            curve("input", "all", (3.0,)),
        ),
        ("init", "during", "trained"),
    )
    lost = with_curves(record, (curve("state", "all", unknown), curve("input", "all", known)), ("trained",))
    state = NormCurve("trained", "state", (1, 2, 3), known, known, ODD[:3])
    shown = curves_of(seen)
    assert shown.losses == Points((2, 4, 6, 8, 10, 12), ODD)
    assert shown.norms == Points((7, 9), (None, 0.25))
    assert shown.flows == (state._replace(when="init"), state)
    nothing = NormCurve("trained", "state", (1, 2), unknown, unknown, ODD[:2])
    assert curves_of(lost).flows == (nothing, state._replace(quantity="input"))
    for each in (record, seen, lost, record.model_copy(update={"gradients": None})):
        for content in (json.loads(each.to_json()), each.model_dump()):
            short = kept(content)
            assert short is not None
            assert curves_in(short) == curves_of(each)


def test_flow_without_a_curve_that_is_shown_is_not_kept(record: Record) -> None:
    odd = with_curves(record, (curve("input", "all", (1.0,)),), ("trained",))
    assert kept(odd.model_dump()) is None
    with pytest.raises(KeyError):
        curves_of(odd)

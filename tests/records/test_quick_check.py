"""Tests that nothing passes the quick check of a record that the schema refuses or reads otherwise."""

from __future__ import annotations

import dataclasses
import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from seqbench.contracts.score_curves import ScoreCurve
from seqbench.records.quick_check import APART, checked_outcome
from seqbench.records.rows import row_of_outcome
from seqbench.records.schema import Data, Evaluation, MetricData, NotFiniteData, Record, WeightsData
from seqbench.records.store import Store

QUICK = Path(__file__).parents[2] / "results" / "published" / "quick"
VALUES: tuple[Any, ...] = (None, True, 0, 1, 1.5, -3, 10**30, "", "ok", "1", [], [1], {}, {"a": 1}, float("nan"))


def records() -> list[Record]:
    """Return records that together have every part that a record can have."""
    found = list(Store(QUICK).each())[::9]
    whole = found[0]
    assert whole.test is not None
    assert whole.gradients is not None
    test = whole.test.model_copy(
        update={
            "not_finite": NotFiniteData(outputs=1, scored=2, first=((0, None), (1, 2))),
            "curves": {"loss by context": ScoreCurve("tokens", {"loss_at_4": 4.0})},
            "unknown": {"mse": "why"},
            "standard_errors": {"mse": 0.01},
            "samples": (("asked", "written"),),
        }
    )
    flow = whole.gradients.flows[0]
    full = {
        "test": test,
        "evaluations": (test,),
        "metric": MetricData(name="mse", best=0.0, is_higher_better=False, is_bound=False),
        "costs": whole.costs.model_copy(update={"state_growth": 3}),
        "gradients": whole.gradients.model_copy(
            update={"flows": (flow.model_copy(update={"input_summary": flow.summary}),)}
        ),
        "facts": {"a": 1, "b": 1.5, "c": "d"},
        "weights": WeightsData(sha256="0", bytes=1),
    }
    return [*found, whole.model_copy(update=full)]


@pytest.fixture
def outcomes() -> list[dict[str, Any]]:
    *found, with_all = (json.loads(each.model_dump_json(exclude=set(APART))) for each in records())
    return [*found, shortened(with_all)]


def shortened(value: Any) -> Any:
    """Return a JSON value with at most two entries in each list."""
    if isinstance(value, dict):
        return {name: shortened(each) for name, each in value.items()}
    return [shortened(each) for each in value[:2]] if isinstance(value, list) else value


CELL = """{"task": {"name": "", "version": 1, "parameters": {}}, "length": 1,
 "model": {"name": "", "version": 1, "parameters": {}}, "seed": 0,
 "training": {}, "evaluate_lengths": [], "data": {}}"""


def row(text: str) -> str | None:
    """Return the row that the schema makes of an outcome; None if it refuses it."""
    try:
        return repr(row_of_outcome(Record.model_validate_json(f'{text[:-1]}, "cell": {CELL}}}')))
    except ValidationError:
        return None


def quick_row(text: str) -> str | None:
    outcome = checked_outcome(text)
    return None if outcome is None else repr(row_of_outcome(outcome))


def test_records_that_stores_hold_pass_with_the_same_row(outcomes: list[dict[str, Any]]) -> None:
    *texts, with_all = map(json.dumps, outcomes)
    assert [quick_row(text) for text in texts] == [row(text) for text in texts]
    assert None not in map(row, texts)
    # A metric whose best value is no bound: pydantic reads it.
    assert quick_row(with_all) is None
    bound = with_all.replace(', "is_bound": false', "")
    assert bound != with_all
    assert quick_row(bound) == row(bound) is not None


def places(value: Any) -> Iterator[Callable[[Any], None]]:
    """Yield functions that replace a part of a JSON value, for each part; of a list, for its first two."""
    inner = value.items() if isinstance(value, dict) else enumerate(value[:2]) if isinstance(value, list) else ()
    for name, each in list(inner):
        yield lambda new, name=name: value.__setitem__(name, new)
        value[name] = each
        yield from places(each)


def test_value_of_another_kind_passes_only_where_the_schema_reads_it_alike(outcomes: list[dict[str, Any]]) -> None:
    outcomes[-1]["metric"]["is_bound"] = None
    passed = refused = 0
    for replace in places(outcomes[-1]):
        for value in VALUES:
            replace(value)
            text = json.dumps(outcomes[-1])
            found = quick_row(text)
            passed, refused = passed + (found is not None), refused + (found is None)
            assert found is None or found == row(text), text
    assert passed > 500
    assert refused > 2000


def test_missing_and_unknown_fields_are_refused_as_by_the_schema(outcomes: list[dict[str, Any]]) -> None:
    def objects(value: Any) -> Iterator[dict[str, Any]]:
        if isinstance(value, dict):
            yield value
        for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            yield from objects(each)

    del outcomes[-1]["metric"]["is_bound"]
    for each in objects(outcomes[-1]):
        for name in [*each, "added"]:
            kept = dict(each)
            if each.pop(name, None) is None and name == "added":
                each[name] = 1
            text = json.dumps(outcomes[-1])
            found = quick_row(text)
            assert found is None or found == row(text), name
            each.clear()
            each |= kept


def test_text_with_a_changed_character_passes_only_if_the_schema_reads_it_alike(
    outcomes: list[dict[str, Any]],
) -> None:
    chance = random.Random(0)
    text = json.dumps(outcomes[0])
    passed = 0
    for _ in range(3000):
        place = chance.randrange(len(text))
        new = chance.choice('0179.-+eE"\\,:[]{} nulltrue\x00\x1f\x7fé\ud800')
        changed = text[:place] + new + text[place + 1 :]
        if (found := quick_row(changed)) is not None:
            passed += 1
            assert found == row(changed), changed
    assert passed > 100


def test_schema_has_no_condition_that_the_quick_check_does_not_know() -> None:
    def kinds(kind: type[BaseModel]) -> Iterator[type[BaseModel]]:
        for each in kind.__subclasses__():
            yield each
            yield from kinds(each)

    # Those of records; a bundle has kinds of its own, if its room was imported.
    found = {each for each in kinds(Data) if each.__module__ == Record.__module__}
    assert {Record, Evaluation, MetricData} < found
    for each in found:
        decorators = each.__pydantic_decorators__
        used = {known.name for known in dataclasses.fields(decorators) if getattr(decorators, known.name)}
        assert used <= {"model_serializers"}
        assert not any(field.metadata for field in each.model_fields.values())

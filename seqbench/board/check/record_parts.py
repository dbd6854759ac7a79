"""Divides a record into the parts that are compared one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from seqbench.experiment.schema import Gradients
from seqbench.records.schema import FlowAt, GradientData, PluginUsed, Record

_NOT_COMPARED = {
    "schema_version", "key", "reason", "environment", "warnings", "traceback", "finished", "notes", "weights",
}  # fmt: skip
"""Fields of a record that are words, or facts of the run and not of the cell."""

_SIZES = ("parameters", "layer_parameters", "state_size", "state_growth")
_TIMES = {
    "load_seconds", "train_seconds", "test_seconds", "seconds_per_step", "peak_memory_bytes",
    "peak_gpu_memory_bytes", "is_recomputed",
}  # fmt: skip
"""Costs that differ between machines."""


def parts(claimed: Record, found: Record) -> Iterator[tuple[str, Any, Any]]:
    """Yield each part that both have: its name, the claimed value and the found value."""
    absent = set()
    if not _are_measured_alike(claimed, found):
        absent |= {"gradients at initialisation", "gradients after training"}
    if claimed.status != found.status:
        # A diverged cell was not tested; the difference of outcomes is reported with the scores.
        absent |= {"baselines", "examples", "gradients after training"}
    for what, of in _PARTS.items():
        if what not in absent:
            yield what, of(claimed), of(found)


def _are_measured_alike(claimed: Record, found: Record) -> bool:
    # A setting that is left out has its default, so leaving one out does not avoid the comparison.
    asked, measured = (
        None if record.cell.gradients is None else Gradients.model_validate(record.cell.gradients)
        for record in (claimed, found)
    )
    is_alike = asked is None or measured is None or asked == measured
    return claimed.gradients is not None and found.gradients is not None and is_alike


def _settings(record: Record) -> Any:
    def plugin(used: PluginUsed) -> Any:
        return {"name": used.name, "version": used.version, "changed": sorted(used.changed)}

    return {"task": plugin(record.cell.task), "model": plugin(record.cell.model)}


def examples(record: Record) -> dict[str, Any]:
    """Return how many test examples there are at each length, and what one is worth."""
    worths = {f"T={test.length}, worth of one": test.one_example for test in record.tests}
    return {**{f"T={test.length}": test.examples for test in record.tests}, **worths}


def _data(record: Record) -> Any:
    return {"fingerprint": record.data_fingerprint, "facts": dict(record.facts)}


def baselines(record: Record) -> dict[str, Any]:
    """Return the baselines' scores at each length, and which is the reference."""
    return {
        f"T={test.length}": {
            "reference": test.baseline_name,
            **{each.name: {**each.scores, "is_reference": each.is_reference} for each in test.baselines},
        }
        for test in record.tests
    }


def _scores(record: Record) -> Any:
    return {
        "status": record.status,
        "stopped": record.stopped,
        "steps": record.costs.steps,
        **{f"T={test.length}": {**test.scores, "skill": test.skill} for test in record.tests},
        "not finite": {
            f"T={test.length}": test.not_finite and test.not_finite.model_dump() for test in record.tests
        },
        "validation_score": record.validation_score,
        "course": record.course.model_dump(),
    }


def _at_start(record: Record) -> Any:
    # The summary of the input gradient follows from its curve, and records of earlier versions have none.
    return [each.model_dump(exclude={"input_summary"}) for each in _flows(record.gradients) if each.when == "init"]


def _after(record: Record) -> Any:
    told = (
        record.gradients.model_dump(exclude={"flows": {"__all__": {"input_summary"}}}) if record.gradients else {}
    )
    return {**told, "flows": [flow for flow in told.get("flows", ()) if flow["when"] != "init"]}


def _flows(gradients: GradientData | None) -> tuple[FlowAt, ...]:
    return gradients.flows if gradients else ()


def _rest(record: Record) -> Any:
    """Return all fields that no other part has, so that fields added later are compared too."""
    elsewhere = {
        "status", "cell", "stopped", "metric", "test", "evaluations", "validation_score", "course", "gradients",
        "facts", "data_fingerprint",
    }  # fmt: skip
    told = record.model_dump(mode="json", exclude=_NOT_COMPARED | elsewhere)
    told["costs"] = {n: v for n, v in told["costs"].items() if n not in {*_TIMES, *_SIZES, "steps"}}
    return told


_PARTS: Mapping[str, Callable[[Record], Any]] = {
    "settings": _settings,
    "data": _data,
    "examples": examples,
    "metric": lambda record: record.metric and record.metric.model_dump(),
    "baselines": baselines,
    "sizes": lambda record: {name: getattr(record.costs, name) for name in _SIZES},
    "gradients at initialisation": _at_start,
    "scores": _scores,
    "gradients after training": _after,
    "everything else": _rest,
}
"""Part -> its value in a record."""

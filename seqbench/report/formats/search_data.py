"""Turns searches, and the statistics that take each task as one of many, into plain data for the JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from seqbench.report.observations import Observation
from seqbench.report.tables.horizons import horizon_fits
from seqbench.report.tuning import PlaceTried, Tried, places_tried
from seqbench.statistics import (
    Outcomes,
    mean_shares,
    rank_intervals,
    rank_test,
    ranks_once,
    shares_by_task,
    why_untested,
)


def statistics_over_tasks(found: Outcomes, seen: Sequence[Observation]) -> dict[str, Any]:
    """Return the fields that take each task as one of many; None for what is unknown."""
    untested = why_untested(found)
    means = mean_shares(shares_by_task(found))
    return {
        "rank_intervals": {model: asdict(own) for model, own in rank_intervals(found).items()},
        "critical_difference": {"untested": untested}
        if untested
        else {"untested": None, **asdict(rank_test(ranks_once(found)))},
        "variance_shares": {
            "tasks": [asdict(each) for each in shares_by_task(found)],
            "mean": None
            if means is None
            else {name: asdict(own) for name, own in zip(("model", "seed", "both"), means, strict=True)},
        },
        "horizons": [asdict(each) for each in horizon_fits(seen)],
    }


def search_data(tried: Tried) -> dict[str, Any]:
    """Return a search, what is not as it was planned, and every trial that is there."""
    return {
        "folder": tried.folder,
        "problems": list(tried.problems),
        "search": tried.search.model_dump(mode="json") if tried.search else None,
        "places": [_place(each) for each in places_tried(tried)],
        "trials": [{**asdict(row), "setting": dict(row.setting)} for row in tried.rows],
    }


def _place(each: PlaceTried) -> dict[str, Any]:
    return {
        **each.place._asdict(),
        "metric": each.metric,
        "is_higher_better": each.is_higher_better,
        "learned": asdict(each.learned) if each.learned else None,
        "window": asdict(each.window) if each.window else None,
        "expected_best": list(each.best),
    }

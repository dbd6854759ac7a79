"""Judges a claimed score by further seeds of the same cell, for another processor with other bits.

A prediction interval says where one more seed would lie: mean ± t * s * sqrt(1 + 1/K) of K seeds, with Student's t
of K - 1 degrees of freedom (Hahn and Meeker, "Statistical Intervals", 1991, section 4.2).
"""

from __future__ import annotations

import math
import random
import statistics
from collections.abc import Iterable, Iterator, Mapping, Sequence

from seqbench.board.check.agreement import PartResult
from seqbench.board.check.closeness import Spans
from seqbench.records.schema import Evaluation, Record

LEVEL = 0.99
"""Share of honest cells whose scores are all inside their intervals; divided among the scores of a cell."""

LEAST = 3
"""The smallest number of seeds for an interval."""


def fresh_seeds(taken: Iterable[int], count: int, seed: int) -> tuple[int, ...]:
    """Return seeds that are not in a bundle, drawn with the seed of a verification."""
    chance, used = random.Random(f"fresh {seed}"), set(taken)
    found: list[int] = []
    while len(found) < count:
        drawn = chance.randrange(1000, 2**31)
        if drawn not in used:
            used.add(drawn)
            found.append(drawn)
    return tuple(found)


def spread_part(claimed: Record, seeds: Sequence[Record], spans: Spans) -> PartResult:
    """Return whether the claimed scores are within the prediction interval of further seeds.

    Args:
        claimed: the record in the bundle.
        seeds: records of the same cell with other seeds, run here.
        spans: the spans of the metrics: no interval is narrower than the worth of two test examples.
    """
    known = [record for record in seeds if record.status == "ok"]
    if claimed.status != "ok" or len(known) < LEAST:
        of = f"{len(known)} of {len(seeds)} seeds came to a score here, and the claim is {claimed.status}"
        return PartResult("scores", "not comparable", f"{of}; {LEAST} are needed")
    found = list(_intervals(claimed, known, spans))
    outside = [told for told, is_within in found if not is_within]
    if outside:
        more = f", and {len(outside) - 2} more" if len(outside) > 2 else ""
        return PartResult(
            "scores", "differs", f"beyond the spread of {len(known)} seeds: {', '.join(outside[:2])}{more}"
        )
    return PartResult("scores", "within spread", f"of {len(known)} seeds: {found[0][0]}")


def _intervals(claimed: Record, seeds: Sequence[Record], spans: Spans) -> Iterator[tuple[str, bool]]:
    """Yield each score with its interval, and whether it is inside; the primary metric comes first."""
    first = claimed.metric.name if claimed.metric else ""
    places = [(test, name) for test in claimed.tests for name in sorted(test.scores, key=lambda n: n != first)]
    for test, name in places:
        values = [value for record in seeds if (value := _score(record, test.length, name)) is not None]
        score = test.scores[name]
        told = f"{name} at T={test.length}"
        if score is None or len(values) < LEAST:
            yield f"{told}: claimed {score!r}, {len(values)} seeds have one", score is None and not values
            continue
        mean, half = statistics.fmean(values), _half_width(values, len(places), _least(test, name, spans))
        yield f"{told} {score:.4g} in {mean - half:.4g} to {mean + half:.4g}", abs(score - mean) <= half


def _half_width(values: Sequence[float], scores: int, least: float) -> float:
    from scipy.stats import t

    n = len(values)
    quantile = float(t.ppf(1 - (1 - LEVEL) / scores / 2, n - 1))
    return max(least, quantile * statistics.stdev(values) * math.sqrt(1 + 1 / n))


def _least(test: Evaluation, name: str, spans: Mapping[str, float | None]) -> float:
    span = spans.get(name)
    return 1e-9 if span is None or test.examples < 1 else 2 * span / test.examples


def _score(record: Record, length: int, name: str) -> float | None:
    return next((test.scores.get(name) for test in record.tests if test.length == length), None)

"""Measures targets one after the other, judges them, and keeps the outcomes."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from seqbench.base.environment import describe
from seqbench.contracts.published import NotComparable, Target, TrainedScore
from seqbench.errors import SeqbenchError, StoreError
from seqbench.targets.measuring import Bench, Measured, UntrainedError, measure, measured_by_records
from seqbench.targets.outcomes import OutcomeStatus, TargetOutcome, definition_of, keep_outcome, kept_outcome


def outcomes(targets: Iterable[Target], bench: Bench) -> Iterator[tuple[Target, TargetOutcome]]:
    """Yield each target with its outcome, as soon as it is known and kept.

    A target whose measurement fails has the outcome ``failed``, with the reason; the others go on.

    Raises:
        StoreError: the folder of results cannot be read or written.
    """
    asked = list(targets)
    for target in asked:
        kept_outcome(bench.results, target)  # An unreadable one is told before anything is measured.
    for target in asked:
        found = _outcome(target, bench)
        keep_outcome(bench.results, target, found)
        yield target, found


def judged(target: Target, measured: Measured) -> TargetOutcome:
    """Return the outcome of a measurement; one without a finite number, as a training diverged, is missed."""
    number = _finite(measured.number)
    is_odd = number is None and measured.number is not None
    beyond = None if number is None else target.tolerance.beyond(number, target.number)
    return TargetOutcome(
        target=target.name,
        definition=definition_of(target),
        status="met" if beyond == 0 else "missed",
        published=target.number,
        measured=number,
        beyond=beyond,
        n=measured.n,
        spread=_finite(measured.spread),
        baseline=_finite(measured.baseline),
        reason=f"the measured number is {measured.number}" if is_odd else measured.reason,
        keys=measured.keys,
        environment=_told(measured.environment or describe()),
    )


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _outcome(target: Target, bench: Bench) -> TargetOutcome:
    if isinstance(target.measured_by, NotComparable):
        return _without(target, "not comparable", target.measured_by.why)
    try:
        if target.data is None or bench.path_of(target.data).exists():
            return judged(target, measure(target, bench))
        if (measured := _of_records(target, bench)) is not None:
            return judged(target, measured)
        why = f"{bench.path_of(target.data)} is not there; it comes from {target.data.source}"
        return _without(target, "no data", why).model_copy(update={"earlier": _earlier(target, bench)})
    except StoreError:
        raise
    except UntrainedError as error:
        return _without(target, "not run", str(error))
    except SeqbenchError as error:
        return _without(target, "failed", str(error))


def _of_records(target: Target, bench: Bench) -> Measured | None:
    """Return what kept records measured, without the data that would tell whether they are those of today."""
    known = kept_outcome(bench.results, target)
    by = target.measured_by
    if known is None or not known.keys or not isinstance(by, TrainedScore):
        return None
    return measured_by_records(known.keys, by, bench.results)


def _earlier(target: Target, bench: Bench) -> OutcomeStatus | None:
    """Return how a target came out where its data were there; None without a measurement that is kept."""
    known = kept_outcome(bench.results, target)
    return known.status if known is not None and known.is_measured else None


def _without(target: Target, status: OutcomeStatus, reason: str) -> TargetOutcome:
    return TargetOutcome(
        target=target.name,
        definition=definition_of(target),
        status=status,
        published=target.number,
        reason=reason,
    )


def _told(environment: Mapping[str, Any]) -> dict[str, str]:
    """Return versions and processor, of all that is known of where a number was measured."""
    packages = environment.get("packages", {})
    told = {name: str(packages[name]) for name in ("seqbench", "torch") if name in packages}
    return told | {name: str(environment[name]) for name in ("processor", "device") if environment.get(name)}

"""Picks the curves of a record that pages show, and keeps them in few bytes.

An index keeps them as two values: the grids of steps and lags as JSON, which many records share, and the numbers.
Numbers keep every bit.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import Any, NamedTuple

from pydantic_core import from_json, to_json

from seqbench.gradients.flow import WHOLE, Quantity
from seqbench.records.schema import Record

Numbers = tuple[float | None, ...]


class Points(NamedTuple):
    """Steps, and a number at each."""

    steps: tuple[int, ...] = ()
    values: Numbers = ()


class NormCurve(NamedTuple):
    """Gradient norms against lag: logarithms of the median, and quartiles, as `seqbench.gradients.flow` has them.

    Attributes:
        when: ``init`` or ``trained``.
    """

    when: str
    quantity: Quantity
    lags: tuple[int, ...]
    ln_median: Numbers
    q25: Numbers
    q75: Numbers

    @property
    def is_known(self) -> bool:
        """Whether it has a median."""
        return any(ln is not None for ln in self.ln_median)


@dataclass(frozen=True)
class Curves:
    """The curves of a record that pages show.

    Attributes:
        losses, norms: of the training.
        flows: the curves of the state before and after training, each followed by that of the input if no median
            of the state is known.
    """

    losses: Points
    norms: Points
    flows: tuple[NormCurve, ...]


CurvesOf = Callable[[Record], Curves]
"""Returns the curves of a record that may have been read without them."""


class ShortCurves(NamedTuple):
    """The curves of a record in short: the grids as JSON, and all numbers as float64, an unknown one as NaN."""

    grids: str
    numbers: bytes


def curves_of(record: Record) -> Curves:
    """Return the curves of a record that has them.

    Raises:
        KeyError: a flow has no curve of the state, or no other in its place.
    """
    return _picked(record.model_dump(include={"course", "gradients"}))


def kept(content: Mapping[str, Any]) -> ShortCurves | None:
    """Return the curves of a record in short, given its JSON; None if a flow lacks one that is shown."""
    try:
        found = _picked(content)
    except KeyError:
        return None
    grids = [
        found.losses.steps,
        found.norms.steps,
        [(each.when, each.quantity, each.lags) for each in found.flows],
    ]
    flows = (numbers for each in found.flows for numbers in (each.ln_median, each.q25, each.q75))
    numbers = [math.nan if y is None else y for y in chain(found.losses.values, found.norms.values, *flows)]
    return ShortCurves(to_json(grids).decode(), struct.pack(f"<{len(numbers)}d", *numbers))


def curves_in(short: ShortCurves) -> Curves:
    """Return the curves that were kept."""
    losses, norms, flows = _grids(short.grids)
    found: Numbers = struct.unpack(f"<{len(short.numbers) // 8}d", short.numbers)
    if math.isnan(sum(found)):  # type: ignore[arg-type]
        found = tuple(None if y != y else y for y in found)
    first, end = len(losses), len(losses) + len(norms)
    lines = []
    for when, quantity, lags in flows:
        n = len(lags)
        parts = (found[start : start + n] for start in (end, end + n, end + 2 * n))
        lines.append(NormCurve(when, quantity, lags, *parts))
        end += 3 * n
    return Curves(Points(losses, found[:first]), Points(norms, found[first : first + len(norms)]), tuple(lines))


def _picked(content: Mapping[str, Any]) -> Curves:
    gradients = content["gradients"] or {"flows": (), "norms": None}
    norms = gradients["norms"] or {"course": ()}
    flows = chain.from_iterable(_of_flow(each) for each in gradients["flows"] if each["when"] != "during")
    return Curves(_course(content["course"]["losses"]), _course(norms["course"]), tuple(flows))


def _course(points: Sequence[tuple[int, float | None]]) -> Points:
    return Points(*zip(*points, strict=True)) if points else Points()


def _of_flow(at: Mapping[str, Any]) -> Iterator[NormCurve]:
    wholes = {each["quantity"]: each for each in reversed(at["flow"]["curves"]) if each["part"] == WHOLE}
    names = ("lags", "ln_median", "q25", "q75")
    state = NormCurve(at["when"], "state", *(tuple(wholes["state"][name]) for name in names))
    yield state
    if not state.is_known:
        yield NormCurve(at["when"], "input", *(tuple(wholes["input"][name]) for name in names))


@lru_cache(maxsize=1024)
def _grids(text: str) -> tuple[tuple[int, ...], tuple[int, ...], list[tuple[str, Quantity, tuple[int, ...]]]]:
    losses, norms, flows = from_json(text)
    return tuple(losses), tuple(norms), [(when, quantity, tuple(lags)) for when, quantity, lags in flows]

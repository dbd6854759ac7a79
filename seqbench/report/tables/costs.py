"""Makes the table of costs: parameters, state, time and memory of each model."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from seqbench.report.numbers import rounded
from seqbench.report.observations import Observation
from seqbench.report.tables.table import ABSENT, Entry, Table, grouped
from seqbench.statistics import mean

_LINES = (
    "Trainable parameters of embedding, layer and head; numbers carried from one step to the next; median wall"
    " time of an optimiser step; largest memory of the cell's process, all libraries included. Means over seeds.",
)
_ELSEWHERE = "The cells come from different environments: compare their times and memory with care."

_SIZED = (
    "The width was chosen so that the layer has nearly as many weights as were asked for; a share beside the"
    " weights of the layer says by how much they differ."
)
_GROWTH = "more with each step"
_GROWING = "A state that grows holds so many numbers after one step; what each further step adds stands below."

_OF_LAYER = "weights of layer"
_COUNT = ("parameters", _OF_LAYER, "state size", _GROWTH)
_MEASURES: tuple[tuple[str, Callable[[Observation], float | None]], ...] = (
    ("parameters", lambda each: each.costs.parameters),
    (_OF_LAYER, lambda each: each.costs.layer_parameters),
    ("state size", lambda each: each.costs.state_size),
    (_GROWTH, lambda each: each.costs.state_growth),
    ("ms per step", lambda each: _scaled(each.costs.seconds_per_step, 1e3)),
    ("peak MiB", lambda each: _scaled(each.costs.peak_memory_bytes, 2**-20)),
)


def cost_table(seen: Sequence[Observation], *, environments: int = 1) -> Table:
    """Return the costs of each model of one task, against length.

    Args:
        seen: the observations of one task.
        environments: the number of environments in which the cells ran.
    """
    own = [each for each in seen if each.trained == each.tested]
    lengths = sorted({each.tested for each in own})
    rows = []
    for (model,), group in grouped(own, lambda each: (each.model,)).items():
        for name, value in _measures(group):
            at = {n: [value(each) for each in group if each.tested == n] for n in lengths}
            entries = {n: _entry(at[n], is_count=name in _COUNT) for n in lengths}
            if name == _OF_LAYER:
                entries = {n: _with_deviation(entry, group[0].weights) for n, entry in entries.items()}
            rows.append((Entry(model), Entry(name), *entries.values()))
    notes = {
        _SIZED: any(each.weights is not None for each in own),
        _GROWING: any(each.costs.state_growth for each in own),
        _ELSEWHERE: environments > 1,
    }
    lines = (*_LINES, *(note for note, applies in notes.items() if applies))
    columns = ("model", "cost", *(f"T={length}" for length in lengths))
    return Table(f"{seen[0].task}: costs", lines, columns, tuple(rows), keys=2)


def _measures(group: Sequence[Observation]) -> Iterator[tuple[str, Callable[[Observation], float | None]]]:
    """Yield what is told of a model; the weights of a layer if it was sized, growth if its state grows."""
    told = {
        _OF_LAYER: any(each.weights is not None for each in group),
        _GROWTH: any(each.costs.state_growth for each in group),
    }
    return (measure for measure in _MEASURES if told.get(measure[0], True))


def _entry(values: Sequence[float | None], *, is_count: bool) -> Entry:
    found = mean(value for value in values if value is not None)
    if found is None:
        return Entry("unknown" if values else ABSENT)
    is_whole = is_count and found == int(found)
    return Entry(str(int(found)) if is_whole else rounded(found), found)


def _with_deviation(entry: Entry, asked: int | None) -> Entry:
    """Add the share by which a number of weights differs from the one that was asked for."""
    if asked is None or entry.value is None:
        return entry
    return Entry(f"{entry.text} ({entry.value / asked - 1:+.1%})", entry.value)


def _scaled(value: float | None, factor: float) -> float | None:
    return None if value is None else value * factor

"""Finds labels of one model that are the same model twice: before a search, and after its choice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

from seqbench.base.nested import flat
from seqbench.errors import ExperimentError
from seqbench.experiment.cells import Cell
from seqbench.experiment.search_space import Values
from seqbench.records.trials import same_cells
from seqbench.tuning.places import TunedPlace


def refuse_twins(places: Sequence[TunedPlace], where: str) -> None:
    """Refuse two labels of one model that differ in nothing but what is chosen from the same values for both.

    Args:
        places: what is tuned.
        where: the place of the search space in a file.

    Raises:
        ExperimentError: there are two.
    """
    for one, other in combinations(places, 2):
        is_of_one_row = one.place._replace(model="") == other.place._replace(model="")
        if is_of_one_row and _own(one) == _own(other) and _rest(one) == _rest(other):
            chosen = ", ".join(sorted(name.removeprefix(".") for name in _own(one)))
            raise ExperimentError(
                f"{where}{other.place.model} is {one.place.model} once more: they differ in nothing but what the"
                f" search chooses ({chosen}), from the same values for both; give them other values, or leave one"
                " out"
            )


def once(
    found: Sequence[tuple[Cell, TunedPlace]], settings: Sequence[Mapping[str, Any]], under: Mapping[str, str]
) -> tuple[list[tuple[Cell, TunedPlace]], tuple[str, ...]]:
    """Keep one cell of each key, and return a sentence about each that several labels have come to.

    Args:
        found: cells with chosen settings, and their places.
        settings: the chosen setting of each of them.
        under: key -> the model, as tables show it, under which its record stands.
    """
    same: dict[str, list[int]] = {}
    for i, (cell, _) in enumerate(found):
        same.setdefault(cell.key, []).append(i)
    kept, said = [], dict[str, None]()
    for key, own in same.items():
        first = next((i for i in own if found[i][1].place.model == under.get(key)), own[0])
        kept.append(found[first])
        if len(own) > 1:
            told = {found[i][1].place: settings[i] for i in own}
            said[same_cells(told, found[first][1].place.model)] = None
    return kept, tuple(said)


def _own(place: TunedPlace) -> dict[str, Values]:
    """Return the search space of a place; a parameter of its model without the label, but with the dot."""
    return {name[max(0, name.find(".")) :]: values for name, values in place.space.items()}


def _rest(place: TunedPlace) -> tuple[Any, ...]:
    """Return the model of a place without the parameters that are tuned."""
    model, tuned = place.cell.model, _own(place)
    return model.name, model.version, {name: of for name, of in flat(model.parameters) if f".{name}" not in tuned}

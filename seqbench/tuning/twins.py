"""Finds labels of one model that are the same model twice: before a search, and after its choice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from seqbench.base.nested import flat
from seqbench.errors import ExperimentError
from seqbench.experiment.cells import Cell
from seqbench.experiment.search_space import ListedValues, Values
from seqbench.records.schema import Record
from seqbench.records.search import Place
from seqbench.records.trials import model_key, same_cells
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
        if is_of_one_row and _are_alike(_own(one), _own(other)) and _rest(one) == _rest(other):
            chosen = ", ".join(sorted(name.removeprefix(".") for name in _own(one)))
            raise ExperimentError(
                f"{where}{other.place.model} is {one.place.model} once more: they differ in nothing but what the"
                f" search chooses ({chosen}), from the same values for both; give them other values, or leave one"
                " out"
            )


@dataclass(frozen=True)
class Same:
    """Labels of one model that have come to the same cells.

    Attributes:
        settings: the place of each label -> its chosen setting.
        under: the label under which the cells are run.
        here, elsewhere: the labels of records that are there: of these cells, and of others with further seeds.
    """

    settings: Mapping[Place, Mapping[str, Any]]
    under: str
    here: tuple[str, ...]
    elsewhere: tuple[str, ...]

    def told(self, *, is_run: bool) -> str:
        """Return a sentence; whether the cells are run, and tell their label, or stay as they are."""
        now = (self.under,) if is_run else self.here
        return same_cells(self.settings, dict.fromkeys((*now, *self.elsewhere)))


def once(
    found: Sequence[tuple[Cell, TunedPlace]], titles: Mapping[str, str], tested: Mapping[Place, Sequence[Record]]
) -> tuple[list[tuple[Cell, TunedPlace]], list[Same]]:
    """Keep the cells of one label where several have come to the same ones: of the label that most records have.

    Args:
        found: cells with chosen settings, and their places.
        titles: key of each record that is there -> its model, as tables show it.
        tested: the records that tell a choice of this search, by place.
    """
    groups: dict[str, list[tuple[Cell, TunedPlace]]] = {}
    for cell, place in found:
        groups.setdefault(model_key(cell), []).append((cell, place))
    kept, same = [], []
    for own in groups.values():
        settings = {place.place: cell.tuned.setting for cell, place in own if cell.tuned is not None}
        keys = {cell.key for cell, _ in own}
        here = [titles[key] for key in sorted(keys) if key in titles]
        elsewhere = [
            record.cell.model.titled
            for place, setting in settings.items()
            for record in tested.get(place, ())
            if record.key not in keys and record.tuned is not None and record.tuned.setting == setting
        ]
        met = Counter(here + elsewhere)
        # Of equal numbers the first label of the experiment.
        under = max(settings, key=lambda place: met[place.model])
        kept += [(cell, place) for cell, place in own if place.place == under]
        if len(settings) > 1:
            same.append(Same(settings, under.model, tuple(here), tuple(elsewhere)))
    return kept, same


def _own(place: TunedPlace) -> dict[str, Values]:
    """Return the search space of a place; a parameter of its model without the label, but with the dot."""
    return {name[max(0, name.find(".")) :]: values for name, values in place.space.items()}


def _are_alike(one: Mapping[str, Values], other: Mapping[str, Values]) -> bool:
    """Say whether two search spaces have the same values, listed in whatever order."""
    return one.keys() == other.keys() and all(_have_same(values, other[name]) for name, values in one.items())


def _have_same(one: Values, other: Values) -> bool:
    if isinstance(one, ListedValues) and isinstance(other, ListedValues):
        # A value may be a list, of which no set is made.
        return all(map(other.holds, one.values)) and all(map(one.holds, other.values))
    return one == other


def _rest(place: TunedPlace) -> tuple[Any, ...]:
    """Return the model of a place without the parameters that are tuned."""
    model, tuned = place.cell.model, _own(place)
    return model.name, model.version, {name: of for name, of in flat(model.parameters) if f".{name}" not in tuned}

"""Makes the panels of a search: validation score against learning rate, for each task and length."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby

from seqbench.report.charts.lines import Look, Panel
from seqbench.report.page.trials import looks_of_models, rates_panel
from seqbench.report.plots.contents import Contents
from seqbench.report.tuning import Tried, places_tried


def window_panels(contents: Contents) -> list[Panel]:
    """Return score against learning rate: a panel for each task and length whose trials varied it."""
    look_of = looks_of_models(contents.tried, _tuned_names(contents), contents.look_of)
    is_one = len(contents.tried) < 2
    panels = [panel for search in contents.tried for panel in _of_search(search, contents, look_of, is_one=is_one)]
    return [panel for panel in panels if panel is not None]


def _of_search(
    search: Tried, contents: Contents, look_of: Mapping[str, Look], *, is_one: bool
) -> Iterator[Panel | None]:
    """Yield the panels of one search; its folder stands in their titles if there are several."""
    beside = "" if is_one else f" ({search.folder})"
    places = [
        each
        for each in places_tried(search)
        if contents.is_asked(each.place.task, each.place.model) and contents.length in (None, each.place.length)
    ]
    for (task, length), own in groupby(places, key=lambda each: (each.place.task, each.place.length)):
        yield rates_panel(f"{task}, T={length}{beside}", list(own), look_of)


def _tuned_names(contents: Contents) -> Mapping[str, str]:
    """Return model, as searches name it -> the name of its tuned cells."""
    return {
        record.cell.model.titled: group.model
        for group in contents.groups
        for record in group.records
        if record.cell.tuned is not None
    }

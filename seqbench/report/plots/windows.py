"""Makes the panels of a search: validation score against learning rate, for each task and length."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby

from seqbench.report.charts.lines import Panel
from seqbench.report.page.trials import looks_of_models, rates_panel
from seqbench.report.plots.contents import Contents
from seqbench.report.tuning import places_tried


def window_panels(contents: Contents) -> list[Panel]:
    """Return score against learning rate: a panel for each task and length whose trials varied it."""
    look_of = looks_of_models(contents.tried, _tuned_names(contents), contents.look_of)
    places = [
        each
        for search in contents.tried
        for each in places_tried(search)
        if contents.is_asked(each.place.task, each.place.model) and contents.length in (None, each.place.length)
    ]
    panels = [
        rates_panel(f"{task}, T={length}", list(own), look_of)
        for (task, length), own in groupby(places, key=lambda each: (each.place.task, each.place.length))
    ]
    return [panel for panel in panels if panel is not None]


def _tuned_names(contents: Contents) -> Mapping[str, str]:
    """Return model, as searches name it -> the name of its tuned cells."""
    return {
        record.cell.model.titled: group.model
        for group in contents.groups
        for record in group.records
        if record.cell.tuned is not None
    }

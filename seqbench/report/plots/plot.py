"""Draws figures for papers from folders of results: ``seqbench plot`` and `seqbench.plot`.

The colours, names and numbers are those of the page. matplotlib comes with the extra ``report``.
"""

from __future__ import annotations

import importlib.util
import io
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from seqbench.base.given import as_path
from seqbench.errors import ExperimentError
from seqbench.records.layout import Layout
from seqbench.records.merge import read_light
from seqbench.records.search import has_trials
from seqbench.records.variants import natural
from seqbench.report.charts.lines import Panel, looks
from seqbench.report.formats.output import check_output, write_whole
from seqbench.report.names import names_of
from seqbench.report.page.groups import groups
from seqbench.report.plots.contents import Contents, cost_panels, gradient_panels, skill_panels
from seqbench.report.plots.grids import grid
from seqbench.report.plots.print_style import RC, WIDTHS
from seqbench.report.plots.training import training_panels
from seqbench.report.plots.windows import window_panels
from seqbench.report.reading import several
from seqbench.report.tuning import read_tried

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ENDINGS = (".pdf", ".png", ".svg")
_DOTS = 300
"""Dots per inch of a PNG."""


@dataclass(frozen=True)
class What:
    """What a figure shows.

    Attributes:
        words: what it is.
        panels: makes its panels; none if the records have nothing for it.
        in_pairs: whether each task has two panels.
        at_one_length: whether it shows one length of each task, rather than all of them.
        has_curves: whether it reads the curves of records.
        has_trials: whether it reads the trials of searches.
    """

    words: str
    panels: Callable[[Contents], list[Panel]]
    in_pairs: bool = True
    at_one_length: bool = False
    has_curves: bool = False
    has_trials: bool = False


WHATS: Mapping[str, What] = {
    "skill": What("skill against length", skill_panels, in_pairs=False),
    "gradients": What("gradient norms against lag", gradient_panels, at_one_length=True, has_curves=True),
    "costs": What("time of a step and memory against length", cost_panels),
    "windows": What(
        "score against learning rate of a search",
        window_panels,
        in_pairs=False,
        at_one_length=True,
        has_trials=True,
    ),
    "training": What(
        "loss and validation score against steps", training_panels, at_one_length=True, has_curves=True
    ),
}
"""Name -> what a figure shows; the command line offers these."""


def plot(
    folders: str | Path | Sequence[str | Path],
    output: str | Path | None = None,
    *,
    what: str = "skill",
    width: str = "two",
    tasks: str | Collection[str] = (),
    models: str | Collection[str] = (),
    length: int | None = None,
) -> Figure:
    """Draw a figure of one or several folders of results, and write it to a file if one is given.

    Args:
        folders: folders of results; several are merged.
        output: a file that ends in .pdf, .png or .svg.
        what: ``skill``, ``gradients``, ``costs``, ``windows`` or ``training``.
        width: ``one`` or ``two`` columns of a paper.
        tasks, models: a name as tables show it, or several; all if empty.
        length: the length whose gradients or training curves are drawn, by default the longest of each task; the
            only one of windows.

    Raises:
        ExperimentError: an argument is unknown, the records have nothing to draw, the file cannot be written, or
            matplotlib is not installed.
        StoreError: a folder is missing or empty, or folders contradict each other.
    """
    file = None if output is None else as_path(output, "output", ExperimentError)
    check(file, what=what, width=width, length=length)
    asked = WHATS[what]
    contents = _contents(
        several(folders), asked, tasks=frozenset(_names(tasks)), models=frozenset(_names(models)), length=length
    )
    panels = asked.panels(contents)
    if not panels:
        at = "" if length is None else f" at T={length}"
        raise ExperimentError(
            f"nothing to draw: no record{at} has {asked.words}; seqbench report shows what there is"
        )
    figure = grid(panels, width=width, in_pairs=asked.in_pairs)
    if file is not None:
        write_whole(file, picture(figure, file.suffix.lower()))
    return figure


def check(output: Path | None, *, what: str, width: str, length: int | None = None) -> None:
    """Check before any work is done that a figure can be drawn and written.

    Raises:
        ExperimentError: see `plot`.
    """
    for name, value, known in (("what", what, WHATS), ("width", width, WIDTHS)):
        if value not in known:
            raise ExperimentError(f"{name}={value!r} is unknown; choose one of {', '.join(known)}")
    if length is not None and not WHATS[what].at_one_length:
        raise ExperimentError(
            f"length={length} does not go with what={what!r}, which shows all lengths: leave it out"
        )
    if output is not None:
        if output.suffix.lower() not in ENDINGS:
            raise ExperimentError(f"a figure is written as {', '.join(ENDINGS)}, and {output} ends otherwise")
        check_output(output)
    if importlib.util.find_spec("matplotlib") is None:
        raise ExperimentError(
            "a figure needs matplotlib, which is not installed; get it with pip install 'seqbench[report]'"
        )


def picture(figure: Figure, ending: str) -> bytes:
    """Return the bytes of a file; the same figure gives the same bytes."""
    import matplotlib

    undated = {".pdf": {"CreationDate": None}, ".svg": {"Date": None}}
    buffer = io.BytesIO()
    with matplotlib.rc_context(dict(RC)):
        figure.savefig(buffer, format=ending.removeprefix("."), dpi=_DOTS, metadata=undated.get(ending, {}))
    return buffer.getvalue()


def _contents(
    folders: Sequence[str | Path],
    asked: What,
    *,
    tasks: frozenset[str],
    models: frozenset[str],
    length: int | None,
) -> Contents:
    tried = read_tried(folders) if asked.has_trials else ()
    # A folder may hold trials, and no results yet.
    stores = [each for each in folders if not (tried and has_trials(each)) or Layout(Path(each)).record_files()]
    records, curves = read_light(stores, has_curves=asked.has_curves)
    names = names_of(records)
    found = groups(records, names)
    rows = [row for each in tried for row in each.rows]
    _check_known("task", tasks, [*(group.task for group in found), *(row.task for row in rows)])
    _check_known("model", models, [*(group.model for group in found), *(row.model for row in rows)])
    # A model looks as on the page, which shows all of them.
    look_of = looks(sorted(set(names.models.values()), key=natural))
    whole = Contents(tuple(found), curves, look_of, length, tried, tasks, models)
    return replace(whole, groups=tuple(each for each in found if whole.is_asked(each.task, each.model)))


def _names(asked: str | Collection[str]) -> Collection[str]:
    return [asked] if isinstance(asked, str) else asked


def _check_known(kind: str, asked: Collection[str], names: Iterable[str]) -> None:
    known = dict.fromkeys(names)
    for name in asked:
        if name not in known:
            raise ExperimentError(f"these results have no {kind} {name!r}; they have {', '.join(known)}")

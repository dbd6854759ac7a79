"""Makes the tables of a search that tell how hard a model is to tune: windows and expected best scores."""

from __future__ import annotations

from collections.abc import Sequence

from seqbench.base.counts import counted
from seqbench.records.variants import natural
from seqbench.report.numbers import fixed, number
from seqbench.report.tables.table import ABSENT, Entry, Table
from seqbench.report.tuning import RATE, PlaceTried, tasks_of
from seqbench.statistics import CLOSE, LearnedLevel, Window

_WINDOW_LINES = (
    f"The factors of ten of {RATE}, out of those that were tried, in which a model learns: its validation score"
    " lies at least half of the way from nothing learned to the best score of any model on the task.",
    "Nothing learned is estimated by the lower quartile of all scores of the task, at all lengths. Each trial"
    " stands for the rates up to halfway to its neighbours; >= where a trial at either end learned, so that a"
    " wider search might find more.",
    f"Unknown where the best score and nothing learned differ by at most {CLOSE:.0%} of the larger: then nearly"
    " all trials learned, or none did, and the width would say nothing. Look at the picture of the trials.",
)
EXPECTED_LINE = (
    "The validation score that the best of n trials is expected to have (Dodge et al. 2019), the n drawn from the"
    " trials without replacement. - where all of n may have come to no score; a pruned trial counts with the score"
    " it had."
)
GRID_LINE = (
    "The validation score that the best of n of these trials is expected to have, the n drawn from them without"
    " replacement. The settings of a grid are not drawn at random, so this says nothing of other settings. - where"
    " all of n may have come to no score."
)
FIRST_LINE = (
    "The best validation score of the first n trials; later ones of this search were chosen by the earlier."
)


def window_table(places: Sequence[PlaceTried]) -> Table | None:
    """Return the widths of the windows, a row for each task and model; None if no learning rate was searched."""
    lengths = sorted({each.place.length for each in places})
    rows = []
    below = []
    for task, own in tasks_of(places):
        learned = own[0].learned
        below.append(f"{task}: {_too_few(own) if learned is None else _said(learned, own[0])}")
        for model in sorted({each.place.model for each in own}, key=natural):
            at = {each.place.length: each.window for each in own if each.place.model == model}
            entries = (_window(at[length]) if length in at else Entry(ABSENT) for length in lengths)
            rows.append((Entry(task), Entry(model), *entries))
    if len({point.rate for each in places for point in each.points if point.rate}) < 2:
        return None
    columns = ("task", "model", *(f"T={length}" for length in lengths))
    return Table("window of learning rates", _WINDOW_LINES, columns, tuple(rows), keys=2, below=tuple(below))


def _said(learned: LearnedLevel, first: PlaceTried) -> str:
    """Return which score counts as learned, or why none does."""
    nothing = f"nothing learned is about {number(learned.nothing)}"
    if not learned.is_clear:
        return f"no window, since the best {first.metric} is {number(learned.best)} and {nothing}"
    sign = "at least" if first.is_higher_better else "at most"
    return f"learned is {first.metric} {sign} {number(learned.level)}; {nothing}"


def _too_few(places: Sequence[PlaceTried]) -> str:
    scores = sum(point.score is not None for each in places for point in each.points)
    whose = "no trial has a score" if not scores else f"only {counted(scores, 'trial')} came to a score"
    return f"no window, since {whose}, too few to tell what counts as learned"


def window_text(found: Window) -> str:
    """Return a width beside that of what was tried.

    >>> window_text(Window(1.25, 2.5, True, 12))
    '>= 1.25 of 2.50'
    """
    return f"{'>= ' if found.is_open else ''}{fixed(found.decades, 2)} of {fixed(found.of, 2)}"


def expected_table(places: Sequence[PlaceTried], method: str) -> Table | None:
    """Return the expected best score after some numbers of trials of a search; None without trials."""
    most = max((len(each.best) for each in places), default=0)
    if not most:
        return None
    counts = sorted({n for n in (1, 2, 4, 8, 16, 32, 64, 128, 256, 512) if n < most} | {most})
    rows = tuple(
        (
            Entry(each.place.task),
            Entry(f"T={each.place.length}", each.place.length),
            Entry(each.place.model),
            *(_best(each, n) for n in counts),
        )
        for each in places
    )
    columns = ("task", "length", "model", *(f"n={n}" for n in counts))
    line = {"tpe": FIRST_LINE, "grid": GRID_LINE}.get(method, EXPECTED_LINE)
    return Table("best score after n trials", (line,), columns, rows, keys=3)


def _best(each: PlaceTried, n: int) -> Entry:
    if n > len(each.best):
        return Entry(ABSENT)
    best = each.best[n - 1]
    return Entry("-") if best is None else Entry(number(best), best)


def _window(found: Window | None) -> Entry:
    return Entry("unknown") if found is None else Entry(window_text(found), found.decades)

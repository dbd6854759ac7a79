"""Finds the trials of a search, before the first of them, that are to repeat the setting of another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from seqbench.base.counts import counted
from seqbench.experiment.search_space import Values, grid_size, random_setting
from seqbench.experiment.tune import Tune
from seqbench.records.search import Search
from seqbench.tuning.places import TunedPlace


def repeats(tune: Tune, search: Search, places: Sequence[TunedPlace]) -> tuple[str, ...]:
    """Return a sentence about each model whose trials have fewer different settings than they are."""
    if tune.method == "grid":
        return ()
    found = dict[str, None]()
    for each in places:
        for sentence in _repeated(tune, search.plan[each.place].trials, each.space):
            # At all tasks and lengths trials of one number have the same setting.
            found[f"{each.place.model}: {sentence}"] = None
    return tuple(found)


def _repeated(tune: Tune, trials: int, space: Mapping[str, Values]) -> Iterator[str]:
    size = _size(space)
    if tune.method == "tpe":
        if size is not None and size < trials:
            yield (
                f"its space has {counted(size, 'different setting')} for {trials} trials, so that some are tried"
                " again; a grid tries each once"
            )
        return
    drawn = len({repr(random_setting(space, tune.seed, number)) for number in range(trials)})
    if drawn < trials:
        of = "" if size is None else f" out of {size}, of which a grid tries each once"
        yield (
            f"its {trials} trials have only {counted(drawn, 'different setting')}, since each is drawn by"
            f" itself{of}; a trial that repeats another finds nothing new"
        )


def _size(space: Mapping[str, Values]) -> int | None:
    """Return how many settings a grid of the space has; None where it has none."""
    try:
        return grid_size(space)
    except ValueError:
        return None

"""Makes the tables of results: scores, scores at other lengths, skill and usable length.

The same records give the same bytes. Missing values are not imputed, and every outcome is shown.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise

from seqbench.base.printable import one_line
from seqbench.records.schema import Record
from seqbench.records.variants import natural
from seqbench.report.numbers import mean_and_spread, number
from seqbench.report.observations import Observation, observations
from seqbench.report.tables.bests import Column
from seqbench.report.tables.gradients import gradient_table
from seqbench.report.tables.seed_summaries import SCORE, SKILL, Measure
from seqbench.report.tables.table import ABSENT, Entry, Table, grouped
from seqbench.report.tables.usable_networks import divided_lines, usable_networks_table
from seqbench.statistics import UsableLength, summary, usable_length

_SKILL_LINES = (
    "0 = the baseline, 1 = perfect, below 0 = worse than the baseline; mean ± standard deviation over seeds.",
    "Usable length: mean skill is at least 0.5 at every tested length up to it, and no seed diverged.",
)
_RANGES_LINE = (
    "{tasks}: a longer sequence is not harder but tells a model more. Usable are all tested lengths at which mean"
    " skill is at least 0.5 and no seed diverged, shown as a range."
)
_BEYOND_LINE = "Skill below -5: the baseline is so near the best value that a small gap in score is a large skill."
_BEYOND = -5.0
_LEVEL_LINE = (
    "Nearly equal skills at two lengths there are no fault: the test targets are the same at every length, and the"
    " model makes nothing of what the longer one adds."
)
_LEVEL = 1e-3
COARSE = 0.05
"""The worth of one test example in skill from which a reader is warned that the numbers are coarse."""
_INTERVAL_LINES = (
    "[95% interval of the mean, cut where no value can lie]; it is wide where seeds are few.",
    "[bounds of the usable length]: the seeds show that the first holds, and that beyond the second none does.",
)


def result_tables(records: Iterable[Record]) -> list[Table]:
    """Return the tables of each task and the table of skill over all of them."""
    return tables_of(observations(list(records)))


def tables_of(seen: Sequence[Observation]) -> list[Table]:
    """Return `result_tables` of observations."""
    result = []
    for task in sorted({each.task for each in seen}, key=natural):
        of_task = [each for each in seen if each.task == task]
        result.append(score_table([each for each in of_task if each.trained == each.tested]))
        if any(each.trained != each.tested for each in of_task):
            result.append(transfer_table(of_task))
        flow = gradient_table(of_task)
        if flow is not None:
            result.append(flow)
    usable = usable_networks_table(seen)
    return [*result, *([skill_table(seen)] if seen else []), *([usable] if usable else [])]


def score_table(seen: Sequence[Observation]) -> Table:
    """Return the scores of one task: a row for each model, a column for each length."""
    return _score_table(seen, f"{seen[0].task}: {_metric(seen)}", ("model",), lambda each: (each.model,))


def transfer_table(seen: Sequence[Observation]) -> Table:
    """Return the scores of one task at the further lengths at which its networks were tested."""
    further = {each.tested for each in seen if each.tested != each.trained}
    return _score_table(
        [each for each in seen if each.tested in further],
        f"{seen[0].task}, tested at further lengths: {_metric(seen)}",
        ("model", "trained at"),
        lambda each: (each.model, f"T={each.trained}"),
    )


def skill_table(seen: Sequence[Observation]) -> Table:
    """Return skill and usable length of every model on every task, at the training lengths."""
    own = [each for each in seen if each.trained == each.tested]
    lengths = sorted({each.tested for each in own})
    rows = []
    for (task,), of_task in grouped(own, lambda each: (each.task,)).items():
        asked = len({each.seed for each in of_task})
        groups = grouped(of_task, lambda each: (each.model,))
        fields = _fields(list(groups.values()), lengths, asked, SKILL)
        for ((model,), group), entries in zip(groups.items(), fields, strict=True):
            usable = usable_length_of(group)
            interval = usable.interval if _has_intervals(group) else ""
            rows.append((Entry(task), Entry(model), Entry(str(usable), usable.length, interval), *entries))
    columns = ("task", "model", "usable length", *(f"T={length}" for length in lengths))
    lines = (*_skill_lines(own), *(_INTERVAL_LINES if _has_intervals(own) else ()), *divided_lines(own))
    return Table("skill", lines, columns, tuple(rows), keys=2)


def _skill_lines(seen: Sequence[Observation]) -> Iterator[str]:
    yield from _SKILL_LINES
    tasks = sorted({each.task for each in seen if not each.is_longer_harder}, key=natural)
    if tasks:
        yield _RANGES_LINE.format(tasks=", ".join(tasks))
        if _is_level([each for each in seen if not each.is_longer_harder]):
            yield _LEVEL_LINE
    if any(each.skill is not None and each.skill < _BEYOND for each in seen):
        yield _BEYOND_LINE


def _is_level(seen: Sequence[Observation]) -> bool:
    """Say whether a model has nearly the same mean skill at two consecutive tested lengths."""
    for group in grouped(seen, lambda each: (each.task, each.model)).values():
        by_length = [SKILL.summary([e for e in group if e.tested == n]) for n in sorted({e.tested for e in group})]
        means = [found.mean for found in by_length if found]
        if any(abs(after - before) < _LEVEL for before, after in pairwise(means)):
            return True
    return False


def usable_length_of(seen: Sequence[Observation]) -> UsableLength:
    """Return the usable length of one model on one task; seeds that failed are unknown, never 0."""
    lengths = sorted({each.tested for each in seen})
    skills = {length: SKILL.summary([e for e in seen if e.tested == length]) for length in lengths}
    diverged = {each.tested for each in seen if each.status == "diverged"}
    # A cell that failed before its task was made has only the default, so any other cell decides.
    return usable_length(skills, diverged, is_longer_harder=all(each.is_longer_harder for each in seen))


def _score_table(
    seen: Sequence[Observation],
    title: str,
    keys: tuple[str, ...],
    key_of: Callable[[Observation], tuple[str, ...]],
) -> Table:
    lengths = sorted({each.tested for each in seen})
    at = {length: [each for each in seen if each.tested == length] for length in lengths}
    asked = len({each.seed for each in seen})
    blanks = [Entry("")] * (len(keys) - 1)
    rows: list[tuple[Entry, ...]] = [
        (Entry(f"baseline: {name}"), *blanks, *(_baseline(at[length], name) for length in lengths))
        for name in dict.fromkeys(name for each in seen for name in each.baselines)
    ]
    groups = grouped(seen, key_of)
    rows += [
        (*(Entry(text) for text in key), *entries)
        for key, entries in zip(groups, _fields(list(groups.values()), lengths, asked, SCORE), strict=True)
    ]
    columns = (*keys, *(f"T={length}" for length in lengths))
    lines = (_how(seen, asked, at), *(_INTERVAL_LINES[:1] if _has_intervals(seen) else ()))
    return Table(title, lines, columns, tuple(rows), keys=len(keys))


def _fields(
    groups: Sequence[Sequence[Observation]], lengths: Sequence[int], asked: int, measure: Measure
) -> list[tuple[Entry, ...]]:
    """Return the fields of each group at each length, the best of a length marked."""
    columns = [
        Column([[each for each in group if each.tested == length] for group in groups], asked, measure)
        for length in lengths
    ]
    return list(zip(*(column.entries() for column in columns), strict=True))


def _has_intervals(seen: Sequence[Observation]) -> bool:
    """Say whether a model has two seeds with a score at one length."""
    found = Counter((e.task, e.model, e.trained, e.tested) for e in seen if e.score is not None)
    return any(n > 1 for n in found.values())


def _metric(seen: Sequence[Observation]) -> str:
    known = [each.metric for each in seen if each.metric]
    if not known:
        return "no scores"
    direction = "higher is better" if known[0].is_higher_better else "lower is better"
    bests = sorted({f"{metric.best:g}" for metric in known}, key=float)
    best = bests[0] if len(bests) == 1 else f"{bests[0]} to {bests[-1]}"
    return f"{known[0].name} ({direction}, best {best})"


def _how(seen: Sequence[Observation], asked: int, at: Mapping[int, Sequence[Observation]]) -> str:
    seeds = f"Mean ± standard deviation over {asked} seeds" if asked > 1 else f"One seed ({seen[0].seed})"
    examples = {length: {e.evaluation.examples for e in group if e.evaluation} for length, group in at.items()}
    names = {length: {e.evaluation.baseline_name for e in group if e.evaluation} for length, group in at.items()}
    parts = [seeds]
    if any(examples.values()):
        parts += [f"test examples: {_by_length(examples)}", *_worth(at)]
        parts += [f"skill is measured from: {_by_length(names)}"]
    settings = {each.settings for each in seen if each.settings}
    # If the settings differ, the title distinguishes the variants.
    parts += [f"with {settings.pop()}"] if len(settings) == 1 else []
    devices = sorted({one_line(each.device) for each in seen if each.device})
    parts += [f"the cells ran on different devices: {', '.join(devices)}"] if len(devices) > 1 else []
    return "; ".join(parts) + "."


def _worth(at: Mapping[int, Sequence[Observation]]) -> Iterator[str]:
    """Yield what one test example is worth if known, and a warning if that makes the numbers coarse."""
    worths = {length: _largest(each.one_example for each in group) for length, group in at.items()}
    known = [worth for worth in worths.values() if worth is not None]
    if not known:
        return
    texts = {length: [number(worth)] for length, worth in worths.items() if worth is not None}
    coarse = " (coarse: skills that differ by less say nothing)" if max(known) >= COARSE else ""
    yield f"one of them is worth up to {_by_length(texts)} of skill{coarse}"


def _largest(worths: Iterable[float | None]) -> float | None:
    return max((worth for worth in worths if worth is not None), default=None)


def _by_length(found: Mapping[int, Iterable[object]]) -> str:
    """Return the values with their lengths; without lengths if the value is the same at all of them."""
    places: dict[str, list[str]] = {}
    for length, values in found.items():
        text = " or ".join(sorted(str(value) for value in values))
        if text:
            places.setdefault(text, []).append(str(length))
    if len(places) == 1:
        return next(iter(places))
    return ", ".join(f"{text} at T={', '.join(lengths)}" for text, lengths in places.items())


def _baseline(seen: Sequence[Observation], name: str) -> Entry:
    # All models with the same seed are tested on the same data, so a seed counts once.
    scores = ((each.seed, each.baselines.get(name)) for each in seen)
    by_seed = {seed: score for seed, score in scores if score is not None}
    found = summary(by_seed[seed] for seed in sorted(by_seed))
    if found is None:
        return Entry("unknown" if seen else ABSENT)
    return Entry(mean_and_spread(found) if found.spread else number(found.mean), found.mean)

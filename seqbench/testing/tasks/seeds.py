"""Checks that a task's data follow from the length and the seed alone, with nothing shared between splits.

Each check takes the task and its loader; its docstring states the requirement.
"""

from __future__ import annotations

from seqbench.contracts.task import Task, TaskData
from seqbench.errors import DataError
from seqbench.testing.models.cost import check_growth
from seqbench.testing.outcome import CheckFailed, CheckSkipped
from seqbench.testing.surroundings import changed, empty_cache, random_states, seed_everything
from seqbench.testing.tasks.loads import Load, difference, examples, load_fresh, named_data, splits_of

LENGTH = 64
LONG, LONGER = 500, 4000


def check_same_seed(task: Task, load: Load) -> None:
    """The same length and seed give the same data, made anew or from the cache."""
    loaded = []
    for seed in (1, 2):
        with empty_cache():
            seed_everything(seed)
            loaded += [task.load(LENGTH, 0) for _ in range(3 - seed)]
    differences = [difference(loaded[0], other) for other in loaded[1:]]
    found = next((what for what in differences if what), None)
    if found or any(other.show(0) != loaded[0].show(0) for other in loaded[1:]):
        raise CheckFailed(
            f"load({LENGTH}, seed=0) always gives the same data, whatever the global generators are seeded with",
            f"between two loads {found or 'the text of show(0)'} changed",
            "draw everything random from seqbench.generator(seed, ...) or random.Random(derive_seed(seed, ...));"
            " iterate over no set, and let no global generator or clock decide",
        )


def check_other_seed(task: Task, load: Load) -> None:
    """Another seed gives other data."""
    if difference(load(LENGTH), load_fresh(task, LENGTH, seed=1)):
        return
    if named_data(task):
        raise CheckSkipped(f"the data are those that {', '.join(named_data(task))} names, whatever the seed is")
    raise CheckFailed(
        f"load({LENGTH}, seed=0) and load({LENGTH}, seed=1) give different data",
        "they are the same: runs with several seeds all see one sample",
        "use the seed; where the data are fixed by nature, leave this check out with a reason"
        ' (skip={"other-seed": "..."})',
    )


def check_random_state(task: Task, load: Load) -> None:
    """``load`` touches no global random state."""
    before = random_states()
    load_fresh(task, LENGTH)
    touched = changed(before, random_states())
    if touched:
        raise CheckFailed(
            "load leaves the global random states of torch, numpy and random as they were",
            f"it changed that of {', '.join(touched)}: it seeds globally or draws from a global generator",
            "call no torch.manual_seed, numpy.random.seed or random.seed; draw from seqbench.generator(seed, ...)"
            " or random.Random(derive_seed(seed, ...))",
        )


def check_splits(task: Task, load: Load) -> None:
    """No example stands in two splits."""
    data = load(LENGTH)
    seen = {part: list(examples(split)) for part, split in splits_of(data).items()}
    for first, second in (("test", "train"), ("test", "validation"), ("validation", "train")):
        least = _least_steps(data, len(seen[first]) * len(seen[second]))
        others = {example for _, example in seen[second]}
        overlap = sum(steps >= least and example in others for steps, example in seen[first])
        if overlap:
            raise CheckFailed(
                f"no input of the {first} split stands in the {second} split too (at length {LENGTH}, inputs"
                " compared to the last bit)",
                f"{overlap} of {len(seen[first])} {first} examples do: the splits overlap",
                f"give each split a random stream of its own, generator(seed, self.name, {first!r}, length), or"
                " take out what stands elsewhere",
            )


def _least_steps(data: TaskData, pairs: int) -> int:
    """Return the number of steps from which equal examples are not a coincidence among this many pairs."""
    alphabet = data.inputs.alphabet
    if alphabet is None or alphabet < 2:
        return 1
    steps = 1
    while alphabet**steps < 1000 * pairs:
        steps += 1
    return steps


def check_loading_cost(task: Task, load: Load) -> None:
    """The time of loading does not grow with the square of the length."""
    try:
        check_growth(
            lambda length: load_fresh(task, length),
            short=LONG,
            long=LONGER,
            exponent=1.0,
            negligible=0.2,
            change="load is quadratic in the length, or worse: make the whole split with a few tensor operations,"
            " and append in no loop to what is copied each time",
        )
    except DataError as error:
        raise CheckSkipped(f"there are no data at length {LONGER}: {error}") from error

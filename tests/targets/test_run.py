"""Tests the outcomes of targets: met, missed by how much, not comparable, no data, not run.

Modules: seqbench.targets.measuring, seqbench.targets.outcomes, seqbench.targets.page.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from seqbench import (
    AtLeast,
    AtMost,
    BaselineScore,
    Catalog,
    Computed,
    DataNeeded,
    Executor,
    Finished,
    Job,
    Near,
    NotComparable,
    Started,
    StoreError,
    Target,
    TrainedScore,
    load_results,
)
from seqbench.base.environment import describe
from seqbench.errors import ExperimentError
from seqbench.experiment.schema import Execution
from seqbench.jobs.events import Event
from seqbench.targets.measuring import Bench, Measured, experiment_fields
from seqbench.targets.outcomes import TargetOutcome, definition_of, keep_outcome, kept_outcome
from seqbench.targets.page import outcome_text, report, table, tally
from seqbench.targets.run import judged, outcomes
from seqbench.training.cell import run_cell
from tests.contracts.test_published import SOURCE
from tests.toys import CATALOG


class Here(Executor):
    """Runs cells of the toys in this process."""

    name = "here"

    def run(self, job: Job) -> Iterator[Event]:
        while (assignment := job.take()) is not None:
            yield Started(assignment.cell)
            yield Finished(assignment.cell, run_cell(assignment.cell, OFFERS, describe()))

    def check(self, assignments: Any, settings: Any, workers: int) -> Iterator[Any]:
        yield from ()


OFFERS = dataclasses.replace(CATALOG, executors={"here": Here})
GUESS = BaselineScore(task="last", length=6, baseline="guess", metric="accuracy")
TRAINING = {"steps": 2, "batch_size": 16, "validate_every": 2}


def target(measured_by: Any, number: float = 0.25, **others: Any) -> Target:
    fields: dict[str, Any] = {"name": "one", "claim": "a number", "metric": "share", "source": SOURCE}
    fields |= {"tolerance": Near(0.0, "exact"), **others}
    return Target(number=number, measured_by=measured_by, **fields)


def trained(models: tuple[str, ...] = ("small",), **others: Any) -> TrainedScore:
    experiment = {
        "tasks": ["last"],
        "models": list(models),
        "lengths": [6],
        "seeds": [0, 1],
        "training": TRAINING,
        "gradients": {"measure": False},
        **others,
    }
    return TrainedScore(experiment=experiment, metric="accuracy")


def bench(folder: Path, *, is_quick: bool = False, catalog: Catalog = OFFERS) -> Bench:
    return Bench(catalog, folder / "data", folder / "results", is_quick, Execution(name="here"))


def outcome(one: Target, folder: Path, **how: Any) -> TargetOutcome:
    ((_, found),) = outcomes([one], bench(folder, **how))
    return found


def test_baseline_within_and_outside_the_tolerance(tmp_path: Path) -> None:
    met = outcome(target(GUESS), tmp_path)
    assert (met.status, met.measured, met.beyond, met.n) == ("met", 0.25, 0.0, 1)
    assert met.environment["torch"]
    missed = outcome(target(GUESS, 0.125, tolerance=Near(0.0625, "so")), tmp_path)
    assert (missed.status, missed.beyond) == ("missed", 0.0625)
    assert outcome_text(missed) == "missed by 0.0625"
    better = outcome(target(GUESS, 0.125, tolerance=AtLeast(0.0, "so")), tmp_path)
    assert better.status == "met"


def test_parameters_of_the_task_are_those_of_the_target(tmp_path: Path) -> None:
    of_ten = dataclasses.replace(GUESS, parameters={"symbols": 10})
    assert outcome(target(of_ten, 0.1), tmp_path).status == "met"
    unknown = dataclasses.replace(GUESS, parameters={"simbols": 10})
    found = outcome(target(unknown, 0.1), tmp_path)
    assert found.status == "failed"
    assert "did you mean 'symbols'" in found.reason


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"baseline": "oracle"}, "no baseline of the task last here is called 'oracle'. There are: guess"),
        ({"metric": "acuracy"}, "called 'acuracy'; did you mean 'accuracy'? There are: accuracy"),
        ({"task": "lost"}, "no task is called 'lost'; did you mean 'last'?"),
    ],
)
def test_baseline_score_of_names_that_do_not_exist_fails_and_names_those_that_do(
    tmp_path: Path, change: dict[str, str], words: str
) -> None:
    found = outcome(target(dataclasses.replace(GUESS, **change)), tmp_path)
    assert (found.status, found.measured) == ("failed", None)
    assert words in found.reason
    assert not (tmp_path / "results").exists()


def test_not_comparable_says_why(tmp_path: Path) -> None:
    found = outcome(target(NotComparable("another vocabulary")), tmp_path)
    assert (found.status, found.reason) == ("not comparable", "another vocabulary")


def test_function_gets_the_path_of_its_data_and_without_them_is_not_called(tmp_path: Path) -> None:
    needed = DataNeeded("set/numbers.txt", "https://example.org/numbers.txt")
    one = target(Computed(lambda path: float((path or Path()).read_text()), "read"), data=needed)
    found = outcome(one, tmp_path)
    assert found.status == "no data"
    assert f"{tmp_path / 'data' / 'set' / 'numbers.txt'} is not there" in found.reason
    assert "https://example.org/numbers.txt" in found.reason
    (tmp_path / "data" / "set").mkdir(parents=True)
    (tmp_path / "data" / "set" / "numbers.txt").write_text("0.25")
    assert outcome(one, tmp_path).status == "met"
    (tmp_path / "data" / "set" / "numbers.txt").unlink()
    gone = outcome(one, tmp_path)
    assert (gone.status, gone.measured, outcome_text(gone)) == ("no data", None, "no data (earlier met)")
    assert str(table([one], {"one": gone}).rows[0][-1]) == "no data (earlier met)"
    assert outcome_text(found) == "no data"
    # What was measured once is still known.
    kept = kept_outcome(tmp_path / "results", one)
    assert kept is not None
    assert kept.status == "met"


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (lambda path: 1 / 0, "ZeroDivisionError: division by zero"),
        (lambda path: None, "its function returned None; it is to return a number"),
        (lambda path: "0.25", "its function returned '0.25'; it is to return a number"),
        (lambda path: [0.25], "TypeError: float() argument must be"),
    ],
)
def test_function_that_returns_no_number_fails_with_its_error(tmp_path: Path, function: Any, words: str) -> None:
    found = outcome(target(Computed(function, "no number")), tmp_path)
    assert found.status == "failed"
    assert found.reason.startswith(words)


def test_cells_are_trained_once_and_their_mean_counts(tmp_path: Path) -> None:
    one = target(trained(), 1.0, tolerance=AtLeast(1.0, "anything"))
    assert outcome(one, tmp_path, is_quick=True).status == "not run"
    assert not (tmp_path / "results").exists()
    found = outcome(one, tmp_path)
    assert (found.status, found.n, len(found.keys)) == ("met", 2, 2)
    assert found.spread is not None
    assert found.baseline == 0.25
    files = {path: path.stat().st_mtime_ns for path in (tmp_path / "results" / "records").iterdir()}
    assert len(files) == 2
    # Neither a second run nor a quick one trains; both find the same number.
    for is_quick in (False, True):
        again = outcome(one, tmp_path, is_quick=is_quick)
        assert again.measured == found.measured
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "results" / "records").iterdir()} == files


def test_lengths_and_factor_decide_which_scores_count(tmp_path: Path) -> None:
    by = trained(evaluate_lengths=[5, 7])
    found = outcome(target(dataclasses.replace(by, lengths=(5, 7), factor=100.0), 100.0), tmp_path)
    assert found.measured is not None
    assert found.baseline == 25.0
    missing = outcome(target(dataclasses.replace(by, lengths=(5, 9))), tmp_path / "other")
    assert (missing.status, missing.reason) == ("failed", "its cells are not tested at length 9")
    # That is known before anything is trained.
    assert not (tmp_path / "other").exists()


def test_metric_that_the_task_does_not_have_is_known_before_anything_is_trained(tmp_path: Path) -> None:
    misspelt = target(dataclasses.replace(trained(), metric="acuracy"))
    words = "is called 'acuracy'; did you mean 'accuracy'? There are: accuracy"
    found = outcome(misspelt, tmp_path)
    assert (found.status, words in found.reason) == ("failed", True)
    assert not (tmp_path / "results").exists()
    outcome(target(trained()), tmp_path)
    of_records = outcome(misspelt, tmp_path, is_quick=True)
    assert (of_records.status, words in of_records.reason) == ("failed", True)


def test_failed_cell_fails_its_target_with_its_reason_and_the_next_target_goes_on(tmp_path: Path) -> None:
    broken = target(trained(("broken",)), name="broken")
    found = {each.name: what for each, what in outcomes([broken, target(GUESS)], bench(tmp_path))}
    assert found["broken"].status == "failed"
    assert kept_outcome(tmp_path / "results", broken) is None
    assert "the plugin's own fault" in found["broken"].reason
    assert found["one"].status == "met"


def test_training_that_diverged_is_missed_without_a_number() -> None:
    found = judged(target(trained()), Measured(None, n=1, reason="diverged: the loss was not finite"))
    assert (found.status, found.beyond, found.reason) == ("missed", None, "diverged: the loss was not finite")
    assert outcome_text(found) == "missed"


@pytest.mark.parametrize(
    "change",
    [
        {"number": 0.26},
        {"tolerance": Near(0.5, "wider, after it was missed")},
        {"tolerance": AtMost(0.0, "exact")},
        {"measured_by": dataclasses.replace(GUESS, length=7)},
        {"measured_by": Computed(lambda path: 0.25, "a quarter")},
        {"data": DataNeeded("elsewhere", "somewhere")},
    ],
)
def test_outcome_of_another_definition_counts_for_nothing(tmp_path: Path, change: dict[str, Any]) -> None:
    one = target(GUESS)
    keep_outcome(tmp_path, one, outcome(one, tmp_path))
    assert kept_outcome(tmp_path, one) is not None
    assert kept_outcome(tmp_path, dataclasses.replace(one, **change)) is None


def test_the_same_numbers_from_another_machine_leave_the_kept_outcome_as_it_is(tmp_path: Path) -> None:
    one = target(GUESS)
    elsewhere = outcome(one, tmp_path).model_copy(update={"environment": {"processor": "another"}})
    keep_outcome(tmp_path / "kept", one, elsewhere)
    outcome_here = outcome(one, tmp_path)
    keep_outcome(tmp_path / "kept", one, outcome_here)
    assert kept_outcome(tmp_path / "kept", one) == elsewhere
    keep_outcome(tmp_path / "kept", one, outcome_here.model_copy(update={"measured": 0.26}))
    assert kept_outcome(tmp_path / "kept", one) != elsewhere


def test_words_are_no_part_of_the_definition() -> None:
    one = target(GUESS)
    assert definition_of(one) == definition_of(dataclasses.replace(one, claim="the same, in other words"))


def test_file_that_is_no_outcome_is_named(tmp_path: Path) -> None:
    one = target(GUESS)
    (tmp_path / "outcomes").mkdir()
    (tmp_path / "outcomes" / "one.json").write_text("{}")
    with pytest.raises(StoreError, match=r"one\.json cannot be read: it is no outcome of a target"):
        kept_outcome(tmp_path, one)


def test_table_has_a_row_for_each_target_also_for_those_that_were_missed_or_not_run(tmp_path: Path) -> None:
    missed = target(GUESS, 0.5, name="missed")
    known = {"missed": outcome(missed, tmp_path)}
    shown = table([missed, target(GUESS)], known)
    assert [str(row[0]) for row in shown.rows] == ["missed", "one"]
    assert [str(row[-1]) for row in shown.rows] == ["missed by 0.250", "not run"]
    assert shown.lines == ("2 targets of 2 published numbers: 1 missed, 1 not run.",)
    page = report([missed, target(GUESS)], known)
    assert [section.title for section in page.sections][1:] == ["The table", "What they are"]


@pytest.mark.parametrize(
    ("kind", "found"), [("task", ["last", "copy"]), ("model", ["small", "tall"]), ("length", [6, 7])]
)
def test_experiment_whose_mean_would_be_over_two_things_is_refused(kind: str, found: list[Any]) -> None:
    by = trained()
    by = dataclasses.replace(by, experiment={**by.experiment, f"{kind}s": found})
    with pytest.raises(ExperimentError, match=f"to have one {kind}, and has 2"):
        experiment_fields("one", by, None)


def test_numbers_that_nobody_published_are_marked_and_counted_apart(tmp_path: Path) -> None:
    own = [
        target(GUESS, name="computed", origin="own computation"),
        target(GUESS, 0.5, name="solved", origin="own threshold"),
    ]
    found = {each.name: outcome(each, tmp_path) for each in own}
    shown = table([target(GUESS), *own], found)
    assert [str(row[2]) for row in shown.rows] == ["0.25", "0.25 (own computation)", "0.5 (own threshold)"]
    assert shown.lines == (
        "1 target of 1 published number: 1 not run."
        " 2 targets of 2 numbers of our own, which the source does not print: 1 met, 1 missed.",
    )
    said = report(own, found).sections[-1].lines
    assert "Own threshold: Somebody 2020, table 1" in said[1]


def test_number_that_several_targets_share_is_counted_once() -> None:
    elsewhere = dataclasses.replace(SOURCE, place="table 2")
    targets = [
        target(GUESS, name="first"),
        target(GUESS, name="again", tolerance=Near(0.5, "so"), claim="another network"),
        target(GUESS, name="other-place", source=elsewhere),
        target(GUESS, 0.5, name="other-value"),
    ]
    assert tally(targets, {}) == "4 targets of 3 published numbers: 4 not run."


@pytest.mark.parametrize(
    ("number", "measured", "by", "shown"),
    [
        (13.912, 13.911786, 0.002, ("13.912", "13.9118")),
        (1.4697, 1.71437, 0.05, ("1.4697", "1.714")),
        (0.44, 0.434412, 0.01, ("0.44", "0.4344")),
        (10 * math.log(8) / 120, 0.17328679, 1e-6, ("0.1732868", "0.1732868")),
        (1 / 60, 0.0056, 0.0, ("0.01667", "0.0056")),
        (0.9906666666666666, 0.8844444, 0.03, ("0.9907", "0.8844")),
        (0.0, 0.0, 0.1, ("0", "0")),
    ],
)
def test_number_is_shown_as_it_was_given_and_both_as_finely_as_the_tolerance(
    number: float, measured: float, by: float, shown: tuple[str, str]
) -> None:
    one = target(GUESS, number, tolerance=Near(by, "so"))
    row = table([one], {"one": judged(one, Measured(measured))}).rows[0]
    assert (str(row[2]), str(row[4])) == shown


@pytest.mark.parametrize("tolerance", [Near(1.0, "so"), AtMost(1.0, "so"), AtLeast(1.0, "so")])
@pytest.mark.parametrize("number", ["nan", "inf", "-inf"])
def test_number_that_is_not_finite_is_missed_and_said_and_the_next_target_goes_on(
    tmp_path: Path, tolerance: Any, number: str
) -> None:
    odd = target(Computed(lambda path: float(number), number), name="odd", tolerance=tolerance)
    found = {each.name: what for each, what in outcomes([odd, target(GUESS)], bench(tmp_path))}
    assert (found["odd"].status, found["odd"].measured, found["odd"].beyond) == ("missed", None, None)
    assert found["odd"].reason == f"the measured number is {number}"
    assert found["one"].status == "met"


def test_quick_run_believes_records_and_no_outcome(tmp_path: Path) -> None:
    one = target(trained(), 1.0, tolerance=Near(1e-9, "so"))
    of_today = outcome(one, tmp_path)
    assert of_today.status == "missed"
    for change in ({"measured": 1.0, "status": "met", "beyond": 0.0}, {"keys": ("an", "older")}):
        keep_outcome(tmp_path / "results", one, of_today.model_copy(update=change))
        assert outcome(one, tmp_path, is_quick=True) == of_today
    for path in (tmp_path / "results" / "records").iterdir():
        path.unlink()
    assert "2 of 2 cells have to be trained" in outcome(one, tmp_path, is_quick=True).reason


def test_without_its_data_a_trained_number_is_that_of_the_records_and_unknown_without_them(tmp_path: Path) -> None:
    of_today = outcome(target(trained(), 1.0, tolerance=Near(1e-9, "so")), tmp_path)
    gone = target(
        trained(), 1.0, tolerance=Near(1e-9, "so"), data=DataNeeded("set.txt", "https://example.org/set.txt")
    )
    forged = of_today.model_copy(update={"definition": definition_of(gone), "measured": 1.0, "status": "met"})
    keep_outcome(tmp_path / "results", gone, forged)
    found = outcome(gone, tmp_path)
    assert (found.status, found.measured, found.keys) == ("missed", of_today.measured, of_today.keys)
    longer = outcome(target(trained(training={**TRAINING, "steps": 3}), 1.0), tmp_path)
    keep_outcome(tmp_path / "results", gone, forged.model_copy(update={"keys": longer.keys}))
    assert outcome(gone, tmp_path).status == "no data", "the records are of another training"
    keep_outcome(tmp_path / "results", gone, forged)
    for path in (tmp_path / "results" / "records").iterdir():
        path.unlink()
    assert outcome(gone, tmp_path).status == "no data"


def test_a_function_that_asks_for_missing_results_fails_and_the_next_target_goes_on(
    tmp_path: Path,
) -> None:
    asking = target(Computed(lambda path: float(len(load_results(tmp_path / "gone"))), "asks"), name="asking")
    found = {each.name: what.status for each, what in outcomes([asking, target(GUESS)], bench(tmp_path))}
    assert found == {"asking": "failed", "one": "met"}


def test_an_unreadable_outcome_is_told_before_anything_is_measured(tmp_path: Path) -> None:
    (tmp_path / "results" / "outcomes").mkdir(parents=True)
    (tmp_path / "results" / "outcomes" / "one.json").write_text("{}")
    first = target(Computed(lambda path: pytest.fail("it was measured"), "no"), name="first")
    with pytest.raises(StoreError, match="it is no outcome of a target"):
        list(outcomes([first, target(GUESS)], bench(tmp_path)))


def test_training_is_told_before_it_begins(tmp_path: Path) -> None:
    said: list[str] = []
    one = dataclasses.replace(bench(tmp_path), tell=said.append)
    for _ in range(2):
        list(outcomes([target(trained()), target(GUESS)], one))
    assert said == ["one: trains 2 cells, of at most 2 steps at length 6"]

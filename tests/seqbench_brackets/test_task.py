"""Tests that brackets are matched as a stack matches them, and that no shortcut beats chance.

Modules: seqbench_brackets.faults, seqbench_brackets.scores, seqbench_brackets.strings.
"""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch
from seqbench_brackets import seqbench_tasks
from seqbench_brackets.scores import MeanOverGroups, one_string
from seqbench_brackets.strings import octaves, steps_since
from seqbench_brackets.task import Brackets
from torch import Tensor

from seqbench import UNSCORED, Batch, DataError, Experiment, Split, TaskData, evaluate, run

SIZES = {"train_examples": 64, "validation_examples": 32, "test_examples": 128}


def small(**parameters: object) -> Brackets:
    return Brackets(**{**SIZES, **parameters})  # type: ignore[arg-type]


def everything(split: Split) -> Batch:
    return split.batch(torch.arange(len(split)))


def parsed(row: list[int], pairs: int) -> list[tuple[int, int] | None] | None:
    """Parse a string with a stack: kind of the innermost open bracket and its distance, None after an opening one.

    None in all if the string is ill-formed.
    """
    stack: list[tuple[int, int]] = []
    found: list[tuple[int, int] | None] = []
    for step, token in enumerate(row):
        if token < pairs:
            stack.append((token, step))
            found.append(None)
            continue
        if not stack or stack.pop()[0] != token - pairs:
            return None
        found.append((stack[-1][0], step - stack[-1][1]) if stack else None)
    return found


def answers_of(data: TaskData, pairs: int, *, window: int = 10**9) -> Tensor:
    """Return the answers of a stack that says 0 where the bracket was opened more than ``window`` steps ago."""
    rows = [parsed(row, pairs) for row in everything(data.test).inputs.tolist()]
    assert all(row is not None for row in rows)
    return torch.tensor([[each[0] if each and each[1] <= window else 0 for each in row or []] for row in rows])


def scores(data: TaskData, classes: Tensor) -> dict[str, float]:
    """Score a predictor that is sure of ``classes``: [examples, time], or [examples]."""
    rows = iter((torch.nn.functional.one_hot(classes, data.targets.head_size) * 1e4).split(50))
    return evaluate(data.metrics, data.test, lambda batch: next(rows), batch_size=50)


def test_plugin_yields_the_task() -> None:
    assert list(seqbench_tasks()) == [Brackets]


@pytest.mark.parametrize(("pairs", "depth", "length"), [(8, 8, 64), (2, 2, 16), (3, 5, 4), (100, 20, 100)])
def test_stack_answers_every_question_and_scores_best_on_every_metric(pairs: int, depth: int, length: int) -> None:
    data = small(pairs=pairs, depth=depth).load(length, seed=1)
    batch = everything(data.test)
    rows = [parsed(row, pairs) for row in batch.inputs.tolist()]
    expected = [[UNSCORED if each is None else each[0] for each in row or []] for row in rows]
    assert batch.targets.tolist() == expected
    assert scores(data, answers_of(data, pairs)) == {metric.name: metric.best for metric in data.metrics}


@pytest.mark.parametrize("length", [4, 8, 16, 64])
def test_strings_stay_open_and_within_their_depth(length: int) -> None:
    data = small(depth=5).load(length, seed=0)
    level = (1 - 2 * (everything(data.train).inputs >= 8).int()).cumsum(1)
    assert int(level.min()) >= 1
    assert int(level.max()) == data.facts["deepest"] == min(5, length // 2)
    assert Brackets().time_steps(length) == length


@pytest.mark.parametrize("length", [16, 512])
def test_distances_reach_over_the_whole_string_at_any_length(length: int) -> None:
    data = Brackets(train_examples=1, validation_examples=1, test_examples=64).load(length, seed=0)
    batch = everything(data.test)
    since = steps_since(batch.inputs, 8)[batch.targets != UNSCORED]
    counts = octaves(since).bincount()
    assert len(counts) == math.log2(length)
    assert int(counts[1:].min()) > 50  # of the octave from half of the length on too


def test_distances_are_those_of_a_stack() -> None:
    data = small().load(100, seed=2)
    inputs = everything(data.test).inputs
    found = steps_since(inputs, 8).tolist()
    for row, distances in zip(inputs.tolist(), found, strict=True):
        asked = parsed(row, 8) or []
        assert [d for d, each in zip(distances, asked, strict=True) if each] == [each[1] for each in asked if each]


def test_kinds_are_uniform_and_the_guess_scores_what_is_stated() -> None:
    data = Brackets(pairs=4, train_examples=1, test_examples=2_000).load(20, seed=0)
    (guess,) = data.baselines
    answers = torch.randint(4, (2_000, 20), generator=torch.Generator().manual_seed(1))
    constant = torch.zeros(2_000, 20, dtype=torch.long)
    items = int((everything(data.test).targets != UNSCORED).sum())
    assert guess.scores["accuracy"] == guess.scores["accuracy_by_distance"] == 0.25
    assert guess.scores["loss"] == pytest.approx(math.log(4))
    for found in (scores(data, answers), scores(data, constant)):
        assert found["accuracy"] == pytest.approx(0.25, abs=4 * (0.25 * 0.75 / items) ** 0.5)
        assert found["accuracy_by_distance"] == pytest.approx(0.25, abs=0.03)
    # Each string is right by chance with 0.25 to the number of its questions.
    assert scores(data, answers)["exact_match"] == pytest.approx(guess.scores["exact_match"], abs=0.005)


def test_last_bracket_read_tells_nothing_of_the_answer() -> None:
    data = Brackets(pairs=2, train_examples=1, test_examples=2_000).load(20, seed=0)
    batch = everything(data.test)
    is_asked = batch.targets != UNSCORED
    same = (batch.inputs - 2)[is_asked] == batch.targets[is_asked]
    assert float(same.double().mean()) == pytest.approx(0.5, abs=4 * (0.25 / len(same)) ** 0.5)


def test_who_remembers_few_steps_is_right_in_few_octaves_whatever_most_questions_are_about() -> None:
    data = Brackets(train_examples=1, test_examples=128).load(256, seed=0)
    near = scores(data, answers_of(data, 8, window=7))
    # Distances 2 to 7 fill two octaves of seven; elsewhere it guesses.
    assert near["accuracy_by_distance"] == pytest.approx((2 + 5 / 8) / 7, abs=0.03)
    assert near["accuracy"] > 0.55


def test_one_string_is_worth_its_share_of_the_octaves() -> None:
    opens = torch.tensor([[0, 1, 3, 0, 2, 0, 2, 0], [0, 1, 3, 1, 3, 1, 3, 1]])
    targets = torch.tensor([[UNSCORED, UNSCORED, 0, UNSCORED, 0, UNSCORED, 0, UNSCORED]] * 2)
    # Distances 2, 4, 6 in both: two octaves, of each of which each string holds a half.
    assert one_string(Split(opens, targets), pairs=2) == pytest.approx(0.5)


def test_mean_over_groups_is_worked_by_hand() -> None:
    metric = MeanOverGroups(groups=4)
    for values, groups in (([1.0, 0.0], [1, 3]), ([1.0, 1.0, 0.0], [3, 3, 1])):
        metric.update(torch.tensor(values), torch.tensor(groups))
    assert float(metric.compute()) == pytest.approx((1 / 2 + 2 / 3) / 2)


@pytest.mark.parametrize("length", [4, 16, 64])
def test_half_of_the_strings_are_ill_formed_and_a_stack_tells_which(length: int) -> None:
    data = small(ask="valid").load(length, seed=0)
    for split in (data.train, data.validation, data.test):
        batch = everything(split)
        answers = [parsed(row, 8) is not None for row in batch.inputs.tolist()]
        assert batch.targets.tolist() == answers
        assert 2 * sum(answers) == len(split)
    assert scores(data, everything(data.test).targets) == {"accuracy": 1.0, "loss": 0.0}
    assert data.baselines[0].scores == {"accuracy": 0.5, "loss": math.log(2)}


def test_fault_leaves_the_counts_of_brackets_as_they_were() -> None:
    valid, told = Brackets(pairs=3, train_examples=1, test_examples=200), small(ask="valid").load(8, 0).facts
    data = Brackets(ask="valid", pairs=3, train_examples=1, test_examples=200).load(64, seed=0)
    was, now = everything(valid.load(64, seed=0).test).inputs, everything(data.test).inputs
    assert data.facts["test_faults_that_counts_tell"] == 0 < int(told["test_faults_that_counts_tell"])
    assert torch.equal(was.sort(1).values, now.sort(1).values)
    is_moved = was != now
    assert set(is_moved.sum(1).tolist()) == {0, 2}
    assert torch.equal(is_moved.any(1), everything(data.test).targets == 0)
    # The two stand side by side, and both close.
    steps = is_moved.nonzero()[:, 1].view(-1, 2)
    assert (steps[:, 1] == steps[:, 0] + 1).all()
    assert (was[is_moved] >= 3).all()


def test_faults_lie_at_all_distances() -> None:
    data = Brackets(ask="valid", train_examples=1, test_examples=400).load(256, seed=0)
    was = everything(Brackets(train_examples=1, test_examples=400).load(256, seed=0).test).inputs
    is_fault = was != everything(data.test).inputs
    first = is_fault.int().argmax(1)[is_fault.any(1)]
    before = steps_since(was, 8)[is_fault.any(1)].gather(1, first[:, None] - 1)[:, 0]
    shares = octaves(before + 1).bincount().double() / len(before)
    assert len(shares) >= 7
    assert float(shares.max()) < 0.3


def test_same_seed_gives_the_same_data_and_another_seed_split_or_length_does_not() -> None:
    for ask in ("next", "valid"):
        task = small(ask=ask)
        one, same, other, longer = (task.load(*which) for which in ((16, 0), (16, 0), (16, 1), (17, 0)))
        for part in ("train", "validation", "test"):
            mine = getattr(one, part).inputs
            assert torch.equal(mine, getattr(same, part).inputs)
            assert not torch.equal(mine, getattr(other, part).inputs)
            assert not torch.equal(mine, getattr(longer, part).inputs[:, :16])
        assert not torch.equal(one.train.inputs[:32], one.validation.inputs)
        fewer = small(ask=ask, train_examples=7).load(16, seed=0)
        assert torch.equal(one.test.inputs, fewer.test.inputs)  # type: ignore[arg-type]


def test_brackets_take_a_byte_each_and_two_when_pairs_are_many() -> None:
    assert small(train_time_steps=600).load(300, seed=0).facts["train_examples"] == 2
    assert small().load(8, seed=0).train.inputs.element_size() == 1  # type: ignore[union-attr]
    many = small(pairs=200, test_examples=8).load(64, seed=0)
    assert many.train.inputs.element_size() == 2  # type: ignore[union-attr]
    assert scores(many, answers_of(many, 200))["exact_match"] == 1


def test_example_shows_brackets_above_the_answer() -> None:
    inputs, target, scored = small(pairs=4).load(10, seed=0).show(0).splitlines()
    row = everything(small(pairs=4).load(10, seed=0).test)
    assert inputs == "input   " + " ".join("([{<)]}>"[token] for token in row.inputs[0].tolist())
    answers = [" " if kind == UNSCORED else ")]}>"[kind] for kind in row.targets[0].tolist()]
    assert target == ("target  " + " ".join(answers)).rstrip()
    assert scored == ("scored  " + " ".join(" " if sign == " " else "^" for sign in answers)).rstrip()
    assert small(ask="valid").load(16, seed=0).show(0).splitlines()[1].split()[1] in ("yes", "no")
    assert max(map(len, small().load(500, seed=0).show(1).splitlines())) < 150


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"ask": "both"}, "ask is 'both'; it must be 'next' or 'valid'"),
        ({"pairs": 1}, "pairs is 1; it must be at least 2"),
        ({"pairs": 20_000}, "at most 16000"),
        ({"depth": 1}, "depth is 1; it must be at least 2"),
    ],
)
def test_parameter_without_sense_is_refused(parameters: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Brackets(**parameters)  # type: ignore[arg-type]


def test_length_below_four_is_refused() -> None:
    with pytest.raises(DataError, match="^so short a string .* at least 4$"):
        small().load(3, seed=0)


def test_facts_tell_which_share_of_the_test_strings_was_in_training() -> None:
    data = small(pairs=2, train_examples=300, ask="valid").load(6, seed=0)
    known = everything(data.train).inputs.tolist()
    seen = [row in known for row in everything(data.test).inputs.tolist()]
    assert sum(seen) > 0
    assert data.facts["test_rows_seen_in_training"] == sum(seen) / 128
    assert small().load(64, seed=0).facts["test_rows_seen_in_training"] == 0


@pytest.mark.parametrize("examples", [1, 3, 4, 7])
def test_constant_answer_does_not_beat_chance_whatever_the_number_of_strings(examples: int) -> None:
    data = small(ask="valid", test_examples=examples).load(16, seed=0)
    constants = [scores(data, torch.full((examples,), answer, dtype=torch.long))["accuracy"] for answer in (0, 1)]
    assert data.baselines[0].scores["accuracy"] == pytest.approx(max(constants))


@pytest.mark.slow
def test_gru_learns_which_bracket_may_close(tmp_path: Path) -> None:
    experiment = Experiment.model_validate(
        {
            "tasks": ["brackets"],
            "models": ["gru"],
            "lengths": [16],
            "training": {"steps": 1500, "learning_rate": 1e-2, "stop_when_solved": 0.05},
            "gradients": "off",
            "parameters": {"brackets": {"pairs": 2}, "gru": {"hidden_size": 64}},
        }
    )
    assert run(experiment, tmp_path, executor="serial")["score"].min() > 0.9

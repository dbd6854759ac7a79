"""Tests that groups are groups, that answers are products, and that chance is what is said."""

from __future__ import annotations

import math
from itertools import permutations, product
from pathlib import Path

import pytest
import torch
from seqbench_state_tracking import Group, StateTracking, elements_of, generators_of, seqbench_tasks
from torch import Tensor

from seqbench import UNSCORED, Batch, DataError, Experiment, Split, TaskData, evaluate, run

ORDERS: dict[Group, int] = {"Z2": 2, "S3": 6, "A5": 60, "S5": 120}
SIZES = {"train_examples": 64, "validation_examples": 32, "test_examples": 64}


def small(group: Group = "S5", **parameters: object) -> StateTracking:
    return StateTracking(group=group, **{**SIZES, **parameters})  # type: ignore[arg-type]


def everything(split: Split) -> Batch:
    return split.batch(torch.arange(len(split)))


def table(group: Group) -> Tensor:
    """Return the number of the product of each two elements, as the task multiplies them."""
    order = ORDERS[group]
    pairs = torch.tensor(list(product(range(order), repeat=2)))
    return StateTracking(group=group).products(pairs)[:, 1].long().view(order, order)


def moved(objects: list[int], permutation: tuple[int, ...]) -> list[int]:
    """Put each object to the place that the permutation names: an independent way to multiply."""
    places = [0] * len(objects)
    for at, object_ in enumerate(objects):
        places[permutation[at]] = object_
    return places


def solved(row: list[int], group: Group, tokens: list[tuple[int, ...]]) -> list[int]:
    """Return the number of the product at each step of a row of tokens, by moving objects about."""
    numbers = {element: number for number, element in enumerate(_all(group))}
    objects, answers = list(range(len(tokens[0]))), []
    for token in row:
        objects = moved(objects, tokens[token])
        answers.append(numbers[tuple(objects.index(object_) for object_ in range(len(objects)))])
    return answers


def _all(group: Group) -> list[tuple[int, ...]]:
    """Return a group's elements by their determinant rather than by counting exchanges."""
    size = 2 if group == "Z2" else int(group[1])
    found = list(permutations(range(size)))
    matrices = torch.eye(size)[torch.tensor(found)]
    return [e for e, sign in zip(found, matrices.det().tolist(), strict=True) if group[0] != "A" or sign > 0]


def scores(data: TaskData, classes: Tensor) -> dict[str, float]:
    """Score a predictor that is sure of ``classes``: [examples, time]."""
    rows = iter(classes.split(50))
    order = data.targets.head_size

    def predict(batch: Batch) -> Tensor:
        return torch.nn.functional.one_hot(next(rows), order) * 1e4

    return evaluate(data.metrics, data.test, predict, batch_size=50)


def test_plugin_yields_the_task() -> None:
    assert list(seqbench_tasks()) == [StateTracking]


@pytest.mark.parametrize("group", ORDERS)
def test_groups_have_their_order_and_keep_the_axioms(group: Group) -> None:
    order, products = ORDERS[group], table(group)
    everyone = torch.arange(order)
    assert elements_of(group) == tuple(_all(group))
    assert len(elements_of(group)) == order
    assert torch.equal(products[0], everyone)  # 0 is the identity
    assert torch.equal(products[:, 0], everyone)
    assert torch.equal(products.sort(0).values, everyone[:, None].expand_as(products))  # each once in a column
    assert torch.equal(products.sort(1).values, everyone.expand_as(products))
    assert torch.equal(products[products], products[:, products])  # (a b) c = a (b c)
    assert torch.equal(products, products.T) == (group == "Z2")


@pytest.mark.parametrize(("group", "commutators"), [("Z2", 1), ("S3", 3), ("A5", 60), ("S5", 60)])
def test_a5_is_perfect_and_s5_is_not_solvable(group: Group, commutators: int) -> None:
    products = table(group)
    inverse = (products == 0).int().argmax(1)
    # a b a^-1 b^-1 of all pairs; in these groups they are a subgroup already.
    found = products[products, products[inverse][:, inverse]].unique()
    assert len(found) == commutators


@pytest.mark.parametrize("group", ["S3", "A5", "S5"])
def test_generators_reach_every_element(group: Group) -> None:
    chosen = StateTracking(group=group, elements="generators")
    reached = chosen.shares(60)[-1]
    assert set(chosen.tokens()) == set(generators_of(group)) <= set(elements_of(group))
    assert bool((reached > 0).all())


@pytest.mark.parametrize(
    ("group", "elements"),
    [("Z2", "all"), *((group, elements) for group in ("S3", "A5", "S5") for elements in ("all", "generators"))],
)
def test_answers_are_those_of_a_solver_that_moves_objects(group: Group, elements: str) -> None:
    task = small(group, elements=elements)
    data = task.load(19, seed=1)
    tokens = _all(group) if elements == "all" else list(generators_of(group))
    answers = torch.tensor([solved(row, group, tokens) for row in everything(data.test).inputs.tolist()])
    assert torch.equal(everything(data.test).targets[:, 1:], answers[:, 1:])
    assert set(everything(data.test).targets[:, 0].tolist()) == {UNSCORED}
    assert scores(data, answers) == {metric.name: metric.best for metric in data.metrics}


@pytest.mark.parametrize("group", ["Z2", "S3", "A5"])
@pytest.mark.parametrize("missing", [0, 2, 4])
def test_product_is_uniform_for_whoever_misses_one_element(group: Group, missing: int) -> None:
    order = ORDERS[group]
    row = torch.randint(order, (5,), generator=torch.Generator().manual_seed(0)).repeat(order, 1)
    row[:, missing] = torch.arange(order)
    assert StateTracking(group=group).products(row)[:, -1].sort().values.tolist() == list(range(order))


@pytest.mark.parametrize("group", ORDERS)
def test_guess_scores_what_is_stated_within_its_standard_error(group: Group) -> None:
    data = small(group, test_examples=500).load(12, seed=0)
    (guess,) = data.baselines
    chance = 1 / ORDERS[group]
    answers = torch.randint(ORDERS[group], (500, 12), generator=torch.Generator().manual_seed(1))
    found = scores(data, answers)
    for name, items in (("accuracy", 5_500), ("last_accuracy", 500)):
        assert guess.scores[name] == chance
        assert found[name] == pytest.approx(chance, abs=4 * (chance * (1 - chance) / items) ** 0.5)
    assert guess.scores["exact_match"] == chance**11
    assert guess.scores["loss"] == pytest.approx(math.log(ORDERS[group]))
    even = evaluate(data.metrics, data.test, lambda batch: torch.zeros(*batch.inputs.shape, ORDERS[group]))
    assert even["loss"] == pytest.approx(guess.scores["loss"])


@pytest.mark.parametrize("score", ["all", "last"])
def test_likeliest_product_is_the_best_of_all_predictors_without_memory(score: str) -> None:
    """All 3^5 sequences of generators of S3 are written out; the best answer to each step and token is counted."""
    task = small("S3", elements="generators", score=score)
    rows = torch.tensor(list(product(range(3), repeat=5)))
    answers = task.products(rows).long()
    steps = range(1, 5) if score == "all" else [4]
    rights, nats = [], []
    for step in steps:
        counts = torch.zeros(3, 6)
        counts.index_put_((rows[:, step], answers[:, step]), torch.ones(len(rows)), accumulate=True)
        rights.append(float(counts.amax(1).sum()) / len(rows))
        shares = counts / counts.sum(1, keepdim=True)
        nats.append(float(-shares.xlogy(shares).sum(1).mean()))
    likeliest = task.load(5, seed=0).baselines[1]
    assert likeliest.scores["accuracy"] == pytest.approx(sum(rights) / len(rights))
    assert likeliest.scores["loss"] == pytest.approx(sum(nats) / len(nats))
    assert likeliest.scores.get("last_accuracy", rights[-1]) == pytest.approx(rights[-1])


def test_who_is_right_up_to_the_middle_only_keeps_half_of_the_accuracy_and_no_last_one() -> None:
    data = small("S5").load(21, seed=0)
    answers = everything(data.test).targets.clamp(min=0)
    answers[:, 11:] = (answers[:, 11:] + 1) % 120
    found = scores(data, answers)
    assert found["accuracy"] == pytest.approx(0.5)
    assert found["last_accuracy"] == found["exact_match"] == 0


def test_last_step_alone_is_scored_when_asked_so() -> None:
    data = small("S3", score="last").load(30, seed=0)
    assert (everything(data.test).targets[:, :-1] == UNSCORED).all()
    assert torch.equal(
        everything(data.test).targets[:, -1], everything(small("S3").load(30, 0).test).targets[:, -1]
    )
    assert [metric.name for metric in data.metrics] == ["accuracy", "loss"]


def test_same_seed_gives_the_same_data_and_another_seed_split_or_length_does_not() -> None:
    one, same, other, longer = (small().load(*which) for which in ((16, 0), (16, 0), (16, 1), (17, 0)))
    for part in ("train", "validation", "test"):
        mine = getattr(one, part).inputs
        assert torch.equal(mine, getattr(same, part).inputs)
        assert not torch.equal(mine, getattr(other, part).inputs)
        assert not torch.equal(mine, getattr(longer, part).inputs[:, :16])
    assert not torch.equal(one.train.inputs[:32], one.validation.inputs)


def test_steps_take_two_bytes_and_stay_within_their_budget() -> None:
    for length in (16, 1024):
        data = small(train_examples=20_000, train_time_steps=16_384).load(length, seed=0)
        assert len(data.train) == data.facts["train_examples"] == 16_384 // length
        assert data.train.inputs.element_size() == data.train.targets.element_size() == 1  # type: ignore[union-attr]
    assert (len(StateTracking().load(16, 0).train), StateTracking().time_steps(16)) == (20_000, 16)


def test_example_shows_permutations_above_products() -> None:
    data = small("S3", test_examples=2).load(3, seed=0)
    signs = ["123", "132", "213", "231", "312", "321"]
    (inputs, *_), (targets, *_) = everything(data.test).inputs.tolist(), everything(data.test).targets.tolist()
    assert data.show(0).splitlines() == [
        "input   " + " ".join(signs[token] for token in inputs),
        "target      " + " ".join(signs[target] for target in targets[1:]),
        "scored        ^   ^",
    ]
    assert max(map(len, small("Z2").load(500, seed=0).show(1).splitlines())) < 90


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"group": "Z3"}, "group is 'Z3'; it must be 'Z2', 'S3', 'A5' or 'S5'"),
        ({"elements": "some"}, "elements is 'some'"),
        (
            {"group": "Z2", "elements": "generators"},
            "^elements is 'generators', .* all its elements.* leave elements",
        ),
        ({"test_examples": 0}, "test_examples is 0; it must be at least 1"),
    ],
)
def test_parameter_without_sense_is_refused(parameters: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        StateTracking(**parameters)  # type: ignore[arg-type]


def test_length_below_two_is_refused() -> None:
    with pytest.raises(DataError, match="^the first product .* at least 2$"):
        small().load(1, seed=0)


def test_facts_tell_which_share_of_the_test_sequences_was_in_training() -> None:
    data = small("Z2", train_examples=40).load(6, seed=0)
    known = everything(data.train).inputs.tolist()
    seen = [row in known for row in everything(data.test).inputs.tolist()]
    assert 0 < sum(seen) < 64
    assert data.facts["test_rows_seen_in_training"] == sum(seen) / 64
    assert small("Z2", train_examples=4_000).load(6, seed=0).facts["test_rows_seen_in_training"] == 1
    assert small("S5").load(16, seed=0).facts["test_rows_seen_in_training"] == 0


@pytest.mark.slow
def test_lstm_learns_parity_and_keeps_it_at_four_times_the_length(tmp_path: Path) -> None:
    experiment = Experiment.model_validate(
        {
            "tasks": ["state-tracking"],
            "models": ["lstm"],
            "lengths": [16],
            "evaluate_lengths": [64],
            "training": {"steps": 1500, "learning_rate": 1e-2, "stop_when_solved": 0.0},
            "gradients": "off",
            "parameters": {"state-tracking": {"group": "Z2"}, "lstm": {"hidden_size": 32}},
        }
    )
    table = run(experiment, tmp_path, executor="serial")
    assert table["score"].min() > 0.95
    assert table["metrics.accuracy@64"].min() > 0.9

"""Tests that assignments of the command line say how to write them, and are not blamed on a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from seqbench import ExperimentError
from seqbench.experiment.overrides import settings
from tests.experiment.mine import GOOD, cells


@pytest.mark.parametrize(
    "assignment", ["training.stepz=5", "copy.symbol=3", "copy.symbols=x", "copy.training.x=1"]
)
def test_assignment_when_wrong_is_not_blamed_on_the_file(tmp_path: Path, assignment: str) -> None:
    with pytest.raises(ExperimentError) as caught:
        cells(GOOD, tmp_path, **settings([assignment]))
    assert "mine.yaml" not in str(caught.value)


@pytest.mark.parametrize("assignment", ["gradients=maybe", "executor=3", "training=fast"])
def test_section_that_is_no_such_word_names_what_it_can_be(assignment: str) -> None:
    owner = assignment.partition("=")[0]
    with pytest.raises(ExperimentError, match=rf"write {owner}[=.].*such as {owner}\..*the fields are "):
        settings([assignment])


@pytest.mark.parametrize(
    ("assignment", "words"),
    [
        ("lstm.hidden_size=" + "[" * 3000 + "]" * 3000, "more than 50 deep"),
        ("lstm.hidden_size=" + "9" * 5000, "a number of 5,000 digits"),
        ("lstm.hidden_size=[!!set [a]]", "the tag tag:yaml.org,2002:set"),
    ],
)
def test_assignment_of_brackets_or_digits_without_end_is_refused_at_once(assignment: str, words: str) -> None:
    with pytest.raises(ExperimentError, match=words) as caught:
        settings([assignment])
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize("assignment", ["lstm", "lstm=3", "lstm.hidden_size", ".x=3", "lstm.=3"])
def test_assignment_when_malformed_says_how_to_write_it(assignment: str) -> None:
    with pytest.raises(ExperimentError, match=r"NAME\.FIELD=VALUE"):
        settings([assignment])


@pytest.mark.parametrize(
    "assignment", ["sentiment.data=", "copy.symbols= ", "gradients=", "training.steps=", "tune="]
)
def test_assignment_without_a_value_is_refused_and_null_is_one(assignment: str) -> None:
    with pytest.raises(ExperimentError, match=f"^--set {assignment}: no value follows the =; write it, or leave"):
        settings([assignment])
    assert settings(["sentiment.data=null"]) == {"parameters": {"sentiment": {"data": None}}}

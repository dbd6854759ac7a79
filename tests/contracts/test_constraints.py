"""Tests that limits in annotations hold wherever a task or a model is made, with a one-sentence message."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from pydantic import Field
from torch import nn

from seqbench import Catalog, ExperimentError, Model, load_catalog
from seqbench.experiment.schema import load
from seqbench.plugins.grid import expand
from seqbench.plugins.parameters import make, parameters_of
from seqbench.plugins.verify import model_faults
from tests.toys import CATALOG

Size = Annotated[int, Field(ge=1)]


@dataclass(frozen=True)
class Limited(Model):
    """A model with every kind of limit."""

    name = "limited"
    version = 1
    hidden_size: Size = 8
    heads: Annotated[int, Field(ge=2, le=8, multiple_of=2)] = 2
    share: Annotated[float, Field(ge=0, lt=1, allow_inf_nan=False)] = 0.0
    bias: Annotated[float, Field(allow_inf_nan=False)] = 1.0
    window: Size | None = None
    word: Annotated[str, Field(min_length=1, max_length=3)] = "a"
    sizes: Annotated[tuple[Size, ...], Field(min_length=1)] = (4,)
    kind: Literal["tanh", "relu"] = "tanh"

    def build(self, input_size: int) -> nn.Module:
        return nn.GRU(input_size, self.hidden_size, batch_first=True)


REFUSED = [
    ("hidden_size", 0, "hidden_size is 0; it must be at least 1"),
    ("heads", 9, "heads is 9; it must be at least 2 and at most 8 and a multiple of 2"),
    ("heads", 3, "heads is 3; it must be at least 2 and at most 8 and a multiple of 2"),
    ("share", 1.0, "share is 1.0; it must be at least 0 and below 1 and finite"),
    ("share", -0.1, "share is -0.1; it must be at least 0 and below 1 and finite"),
    ("bias", float("nan"), "bias is nan; it must be finite"),
    ("window", 0, "window is 0; it must be at least 1, or null"),
    ("word", "", "word is ''; it must be of length 1 or more and of length 3 or less"),
    ("word", "abcd", "word is 'abcd'; it must be of length 1 or more and of length 3 or less"),
    ("kind", "gelu", "kind is 'gelu'; it must be 'tanh' or 'relu'"),
    ("hidden_size", "8", "hidden_size is to be a whole number, and '8' was given"),
]


@pytest.mark.parametrize(("name", "value", "sentence"), REFUSED, ids=str)
def test_value_beyond_its_limits_is_refused_by_whoever_makes_it(name: str, value: Any, sentence: str) -> None:
    with pytest.raises(ExperimentError) as of_harness:
        make(Limited, {name: value}, "mine.yaml:3: ")
    assert str(of_harness.value) == f"mine.yaml:3: limited.{sentence}"
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
        Limited(**{name: value})


@pytest.mark.parametrize(("value", "words"), [([], "sizes is"), ([3, 0], r"sizes\.1 is to be 1 or more, and 0")])
def test_lists_are_limited_as_a_whole_and_item_by_item(value: Any, words: str) -> None:
    with pytest.raises(ExperimentError, match=words):
        make(Limited, {"sizes": value})


def test_values_at_the_limits_pass() -> None:
    given = {"hidden_size": 1, "heads": 8, "share": 0, "window": 1, "word": "abc", "sizes": [1], "kind": "relu"}
    made = make(Limited, given)
    assert (made.heads, made.share, made.sizes, made.kind) == (8, 0.0, (1,), "relu")
    assert make(Limited, {"window": None}).window is None


def test_file_and_line_of_a_value_are_told(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(
        "tasks: [last]\nmodels: [limited]\nlengths: [4]\nparameters:\n  limited:\n    hidden_size: 0\n"
    )
    catalog = Catalog(tasks=CATALOG.tasks, models={"limited": Limited})
    with pytest.raises(ExperimentError, match=r"mine\.yaml:6: limited\.hidden_size is 0; it must be at least 1$"):
        expand(load(path), catalog)


def test_limits_are_shown_in_words() -> None:
    shown = {parameter.name: parameter.type_name for parameter in parameters_of(Limited)}
    assert shown["hidden_size"] == "int, at least 1"
    assert shown["share"] == "float, at least 0 and below 1 and finite"
    assert shown["window"] == "int (at least 1) | None"
    assert shown["sizes"] == "tuple[int (at least 1), ...], of length 1 or more"


def test_default_beyond_its_limits_is_a_fault_of_the_plugin() -> None:
    @dataclass(frozen=True)
    class Wrong(Model):
        """A model whose default does not fit."""

        name = "wrong"
        version = 1
        hidden_size: Size = 0

        def build(self, input_size: int) -> nn.Module:
            raise RuntimeError

    (fault,) = model_faults(Wrong)
    assert "the default 0 of 'hidden_size' does not fit its type" in fault


def test_plugin_that_checks_by_hand_goes_on_as_it_did() -> None:
    @dataclass(frozen=True)
    class ByHand(Model):
        """A model of the first edition."""

        name = "by-hand"
        version = 1
        layers: int = 1

        def __post_init__(self) -> None:
            if self.layers < 1:
                raise ValueError(f"layers is {self.layers}; it must be at least 1")

        def build(self, input_size: int) -> nn.Module:
            raise RuntimeError

    with pytest.raises(ExperimentError, match="by-hand: layers is 0; it must be at least 1"):
        make(ByHand, {"layers": 0})


def test_parameters_that_only_fit_together_are_taken_together(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    text = "tasks: [copy]\nmodels: [lstm]\nlengths: [4]\nparameters:\n  lstm:\n    dropout: 0.2\n"
    path.write_text(f"{text}    layers: 2\n")
    (cell,) = expand(load(path), load_catalog())
    assert (cell.model.parameters["dropout"], cell.model.parameters["layers"]) == (0.2, 2)
    path.write_text(text)
    with pytest.raises(ExperimentError, match=r"mine\.yaml:6: lstm: dropout is 0\.2, but it acts between layers"):
        expand(load(path), load_catalog())

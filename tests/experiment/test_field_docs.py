"""Tests that a person can read what an experiment takes: in `help`, and in its signature."""

from __future__ import annotations

import inspect
import pydoc
from typing import Literal

import pytest
from pydantic import Field

from seqbench import Execution, Experiment
from seqbench.experiment.schema import Gradients, Training
from seqbench.experiment.settings import Settings
from seqbench.experiment.tune import Tune

OURS = [Experiment, Training, Gradients, Execution, Tune]


@pytest.mark.parametrize("owner", OURS, ids=lambda owner: owner.__name__)
def test_help_has_every_field_with_its_meaning_and_nothing_of_pydantic(owner: type[Settings]) -> None:
    top = pydoc.plain(pydoc.render_doc(owner)).partition("Method resolution order")[0]
    for name, field in owner.model_fields.items():
        (line,) = [line for line in top.splitlines() if line.startswith(f" |      {name}: ")]
        assert (field.description or "").partition("null")[0] in line
    for word in ("Annotated", "FieldInfo", "Validator", "<factory>", "Undefined", " null"):
        assert word not in top, word


@pytest.mark.parametrize("owner", OURS, ids=lambda owner: owner.__name__)
def test_signature_has_the_fields_with_plain_types_and_defaults(owner: type[Settings]) -> None:
    parameters = inspect.signature(owner).parameters
    assert list(parameters) == list(owner.model_fields)
    assert all(each.kind is each.KEYWORD_ONLY for each in parameters.values())
    for name, field in owner.model_fields.items():
        is_needed = parameters[name].default is inspect.Parameter.empty
        assert is_needed == field.is_required()
    assert "Annotated" not in str(inspect.signature(owner))


def test_line_has_type_default_meaning_and_bounds() -> None:
    class Small(Settings):
        """A small one."""

        rate: float | None = Field(0.5, gt=0, le=1, description="a rate, null for none")
        kind: Literal["a", "b"] = Field(description="which")
        names: tuple[str, ...] = Field(("x",), min_length=1, description="names")

    assert (Small.__doc__ or "").splitlines() == [
        "A small one.",
        "",
        "Fields:",
        "    rate: float | None = 0.5  # a rate, None for none; above 0; 1 at most",
        "    kind: 'a' | 'b'  # which",
        "    names: tuple[str, ...] = ('x',)  # names; at least one",
    ]
    assert str(inspect.signature(Small)) == (
        "(*, rate: float | None = 0.5, kind: Literal['a', 'b'], names: tuple[str, ...] = ('x',))"
    )

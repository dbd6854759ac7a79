"""Tests that limits which do not hold in Python are found, whatever their form, and those that hold are not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import pytest
from pydantic import Field
from torch import nn

from seqbench import Model, load_catalog
from seqbench.testing.unheld import limits_unheld


@dataclass(frozen=True)
class Open(Model):
    """Checks one of its limits by hand, and the others not."""

    name = "open"
    version = 1
    size: Annotated[int, Field(ge=1)] = 1
    share: Annotated[float, Field(ge=0, lt=1)] = 0.0
    cut: Annotated[float, Field(gt=0)] | None = None
    most: Annotated[int, Field(le=9)] = 9
    free: int = 3

    def __post_init__(self) -> None:
        if self.size < 1:
            raise ValueError("size is below 1")

    def build(self, input_size: int) -> nn.Module:
        raise NotImplementedError


@dataclass(frozen=True)
class Held(Open):
    """Calls what checks the limits."""

    def __post_init__(self) -> None:
        Model.__post_init__(self)


def test_limit_that_nothing_holds_is_told_with_the_value_that_was_taken() -> None:
    assert limits_unheld(Open) == [
        "open(share=-1) raises nothing, and share is float, at least 0 and below 1",
        "open(cut=0) raises nothing, and cut is float (above 0) | None",
        "open(most=10) raises nothing, and most is int, at most 9",
    ]
    assert limits_unheld(Held) == []


@pytest.mark.parametrize("kind", ["tasks", "models"])
def test_limits_of_the_bundled_plugins_hold(kind: str) -> None:
    catalog = load_catalog()
    for found in (catalog.tasks if kind == "tasks" else catalog.models).values():
        assert limits_unheld(found) == []

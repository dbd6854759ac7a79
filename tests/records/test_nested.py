"""Tests that nested parameters are listed under dotted names."""

from __future__ import annotations

from seqbench.records.nested import flat


def test_values_of_all_depths_are_listed_and_an_empty_mapping_is_a_value() -> None:
    nested = {"a": 1, "b": {"c": [2, {"d": 3}], "e": {"f": None}}, "g": {}}
    assert list(flat(nested)) == [("a", 1), ("b.c", [2, {"d": 3}]), ("b.e.f", None), ("g", {})]

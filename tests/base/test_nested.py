"""Tests that nested mappings are listed under dotted names, and made of them again."""

from __future__ import annotations

from seqbench.base.nested import flat, nested


def test_values_of_all_depths_are_listed_and_an_empty_mapping_is_a_value() -> None:
    values = {"a": 1, "b": {"c": [2, {"d": 3}], "e": {"f": None}}, "g": {}}
    assert list(flat(values)) == [("a", 1), ("b.c", [2, {"d": 3}]), ("b.e.f", None), ("g", {})]


def test_value_under_a_dotted_name_is_listed_under_that_name() -> None:
    assert nested("a.b.c", 5) == {"a": {"b": {"c": 5}}}
    assert list(flat(nested("a.b.c", 5))) == [("a.b.c", 5)]

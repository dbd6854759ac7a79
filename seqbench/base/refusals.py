"""Explains in plain words why a schema refused a value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from seqbench.base.given import shown

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

_WANTED: Mapping[str, str] = {
    "int_type": "a whole number",
    "float_type": "a number",
    "finite_number": "a finite number",
    "string_type": "text",
    "bool_type": "true or false",
    "none_required": "null",
    "tuple_type": "a list",
    "dict_type": "a mapping of names to values",
    "model_type": "a mapping of names to values",
    "greater_than_equal": "{ge} or more",
    "greater_than": "more than {gt}",
    "less_than_equal": "{le} or less",
    "less_than": "less than {lt}",
    "literal_error": "{expected}",
    "too_short": "a list with {min_length} or more in it",
    "too_long": "a list with {max_length} or fewer in it",
    "string_too_short": "text with {min_length} or more characters",
    "string_too_long": "text with {max_length} or fewer characters",
    "multiple_of": "a multiple of {multiple_of}",
    "string_pattern_mismatch": "text of the form {pattern}",
}
"""Kind of pydantic error -> the expected value, with fields of its context."""


def refusal(field: str, detail: ErrorDetails) -> str:
    """Return a sentence about a field whose value was refused.

    Args:
        field: the name that the user knows.
        detail: one of ``ValidationError.errors()``.
    """
    if detail["type"] == "value_error":
        # One of our own validators: its message is already in words.
        return f"{field}: {detail['ctx']['error']}"
    if detail["type"] in _WANTED:
        return f"{field} is to be {_wanted(detail)}, and {_given(detail)} was given"
    return f"{field}: {detail['msg'][0].lower()}{detail['msg'][1:]}, and {_given(detail)} was given"


def refusal_of_all(field: str, details: Sequence[ErrorDetails]) -> str:
    """Return a sentence about a field of several allowed types whose value has none of them.

    Args:
        field: the name that the user knows.
        details: ``ValidationError.errors()``.
    """
    if len(details) == 1 or any(detail["type"] not in _WANTED for detail in details):
        return "; ".join(refusal(".".join([field, *map(str, detail["loc"])]), detail) for detail in details)
    wanted = " or ".join(dict.fromkeys(_wanted(detail) for detail in details))
    return f"{field} is to be {wanted}, and {_given(details[0])} was given"


def _given(detail: ErrorDetails) -> str:
    return shown(detail["input"])


def _wanted(detail: ErrorDetails) -> str:
    words = _WANTED[detail["type"]].format(**detail.get("ctx", {}))
    if detail.get("ctx", {}).get("field_type") == "Dictionary":
        words = words.replace("a list", _WANTED["dict_type"])
    # As YAML and the command line write them.
    return words.replace("True", "true").replace("False", "false") if detail["type"] == "literal_error" else words

"""Reads the numbers of weights at which an experiment compares its models, such as ``10k``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

MOST = 10**10
"""Largest number of weights that can be asked for."""

_FACTORS = {"": 1, "k": 10**3, "m": 10**6, "b": 10**9}


def read_weights(value: Any) -> Any:
    """Return a number of weights: a whole number, or a text such as ``10k``, ``1.5M``.

    >>> read_weights("10k"), read_weights("1.5M"), read_weights(300)
    (10000, 1500000, 300)

    Raises:
        ValueError: the text is no such number.
    """
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if not isinstance(value, str):
        return value
    found = re.fullmatch(r"([0-9]{1,12})(?:\.([0-9]{1,9}))?([kmb]?)", value.strip().lower())
    factor = _FACTORS[found[3]] if found else 1
    whole, rest = divmod(int(found[2] or "0") * factor, 10 ** len(found[2] or "")) if found else (0, 1)
    if found is None or rest:
        raise ValueError(f"write a whole number of weights, such as 500, 10k or 1.5M; {value!r} was given")
    return int(found[1]) * factor + whole


def shown_weights(weights: int) -> str:
    """Return a number of weights as a person writes it.

    >>> shown_weights(10_000), shown_weights(1_500_000), shown_weights(1234)
    ('10k', '1.5M', '1234')
    """
    for sign, factor in (("M", 10**6), ("k", 10**3)):
        if weights >= factor and weights % (factor // 10) == 0:
            return f"{weights / factor:g}{sign}"
    return str(weights)


def gives_way(parameter: str) -> bool:
    """Say whether a width that is set is replaced: one inside a mapping, which may not be whole without it.

    >>> gives_way("arguments.units"), gives_way("hidden_size")
    (True, False)
    """
    return "." in parameter


@dataclass(frozen=True)
class Sized:
    """What chose a model's width.

    Attributes:
        weights: how many weights its layer was to have; the number that it has is as near as a width comes.
        parameters: the parameters that were chosen.
    """

    weights: int
    parameters: tuple[str, ...]


Weights = Annotated[int, Field(ge=1, le=MOST), BeforeValidator(read_weights)]
"""The type of an entry of ``weights``."""

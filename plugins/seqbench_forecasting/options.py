"""Holds the settings that say how a table is read, and writes them as a person types them."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from seqbench_forecasting.time import Gaps

Layout = Literal["table", "wide", "rows", "columns"]
Decimal = Literal["point", "comma"]
Markers = Literal["refuse", "keep"]
Names = tuple[str, ...] | str | None

_SHOWN = 8  # names that a message or a fact lists
_PLAIN = re.compile(r"[A-Za-z_%][^,\[\]{}\"':]*")


@dataclass(frozen=True)
class Options:
    """How a table is read: the parameters of `Forecasting` with these names."""

    gaps: Gaps = "keep"
    columns: Names = None
    exclude: Names = None
    target: Names = None
    group: str | None = None
    layout: Layout = "table"
    series: str | None = None
    dates: str | None = None
    decimal: Decimal | None = None
    markers: Markers = "refuse"

    def identity(self) -> str:
        """Return a text that identifies these options, for a cache."""
        return repr(self)


def named(names: Names, known: Sequence[str]) -> tuple[str, ...]:
    """Return names of columns as a tuple; a text is one name if there is such a column, otherwise split at commas.

    >>> named("a, b", ["a", "b"]), named("a, b", ["a, b"])
    (('a', 'b'), ('a, b',))
    """
    if names is None:
        return ()
    if isinstance(names, tuple):
        return names
    return (names,) if names in known else tuple(name.strip() for name in names.split(","))


def option(name: str, value: str) -> str:
    """Write an option as it is typed in a shell.

    >>> option("exclude", "note"), option("exclude", "adjusted CO2")
    ('--set forecasting.exclude=note', "--set 'forecasting.exclude=adjusted CO2'")
    """
    is_plain = bool(
        _PLAIN.fullmatch(value) and value.lower() not in ("true", "false", "null", "yes", "no", "on", "off")
    )
    is_plain = is_plain or (name == "series" and value.isdigit() and str(int(value)) == value)
    written = (
        value if is_plain else f"[{json.dumps(value, ensure_ascii=False)}]" if "," in value else json.dumps(value)
    )
    return f"--set {shlex.quote(f'forecasting.{name}={written}')}"


def listed(names: Iterable[str]) -> str:
    """Join names; of many, only the first few and the number of the others.

    >>> listed(["a", "b"]), listed([])
    ('a, b', 'none')
    """
    every = list(names)
    more = f" and {len(every) - _SHOWN} more" if len(every) > _SHOWN + 2 else ""
    return (", ".join(every[:_SHOWN] if more else every) or "none") + more

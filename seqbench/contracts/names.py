"""Defines the form of the names of tasks, models and labels. Imports nothing of seqbench."""

from __future__ import annotations

import re

_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")

RESERVED = frozenset({"training", "gradients", "executor"})
"""Names that mean something else before the dot of ``--set NAME.FIELD=VALUE``."""


def is_name(text: str) -> bool:
    """Say whether a text has the form of a plugin's name: lower-case words joined by ``-``.

    >>> is_name("lstm-wide"), is_name("LSTM"), is_name("lstm_wide")
    (True, False, False)
    """
    return _NAME.fullmatch(text) is not None

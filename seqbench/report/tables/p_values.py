"""Writes p-values, and holds the threshold that findings depend on."""

from __future__ import annotations

from seqbench.report.numbers import fixed

SIGNIFICANT = 0.05
"""The largest p-value of a finding."""


def p_text(p: float) -> str:
    """Return a p-value with two significant digits.

    >>> [p_text(p) for p in (0.03125, 0.5, 1.0, 0.00001)]
    ['0.031', '0.50', '1.0', '< 0.0001']
    >>> p_text(0.0502), p_text(0.05)
    ('0.05020', '0.050')
    """
    if p < 1e-4:
        return "< 0.0001"
    text = fixed(p, 1 if p >= 0.995 else 2 if p >= 0.095 else 3 if p >= 0.0095 else 4)
    # The finding depends on this threshold, so a different p is never rounded to it.
    return fixed(p, 5) if float(text) == SIGNIFICANT != p else text

"""Tests that text from outside is made printable and cut, and that what is left out is counted."""

from __future__ import annotations

from seqbench.base.printable import MOST, MOST_LINES, on_lines, one_line
from tests.nasty import NASTY


def test_text_that_steers_a_terminal_is_spelled_out_on_one_line_and_cut() -> None:
    line = one_line(NASTY)
    assert line.isprintable()
    assert line.startswith(r"\x1b[2J\x1b]0;owned\x07 [1/1] copy gru")
    assert r"\u202e" in line
    assert line.endswith("... (100,069 characters in all)")
    assert len(line) < MOST + 50


def test_no_line_behind_a_long_one_is_lost_and_those_left_out_are_counted() -> None:
    shown = on_lines("a" * 10_000_000 + "\nsecond").split("\n")
    assert shown[0].endswith("... (10,000,000 characters)")
    assert shown[1:] == ["second"]
    shown = on_lines("b" * 50 + "\n" * 4_000_000).split("\n")
    assert (len(shown), shown[-1]) == (MOST_LINES + 1, "... (4,000,001 lines in all)")

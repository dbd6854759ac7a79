"""Tests that no record steers the terminal that a report is printed to."""

from __future__ import annotations

import io
import re

from rich.console import Console

from seqbench.report import FORMATS, print_report, whole_report
from tests.report.hostile import hostile


def test_terminal_is_not_steered_by_a_record() -> None:
    file = io.StringIO()
    print_report(whole_report(hostile()), Console(file=file, width=200, force_terminal=False))
    for text in (file.getvalue(), FORMATS["terminal"].write(hostile())):
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f\u202e]", text)
        assert "\\x1b[31mred" in text

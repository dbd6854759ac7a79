"""Tests that Markdown shows every field of a record as it is."""

from __future__ import annotations

import html
import re

from markdown_it import MarkdownIt

from seqbench.report import FORMATS, whole_report
from tests.report.hostile import hostile


def fields() -> set[str]:
    """Every text that a table of the hostile records shows, as a terminal may see it."""
    return {
        entry.text
        for section in whole_report(hostile()).sections
        for table in section.tables
        for row in table.rows
        for entry in row
        if entry.text.isprintable()
    }


def test_markdown_shows_every_field_as_it_is() -> None:
    parsed = MarkdownIt("commonmark").enable("table").render(FORMATS["markdown"].write(hostile()))
    assert "<script" not in parsed
    assert "<img" not in parsed
    assert "<a " not in parsed
    shown = {
        html.unescape(cell).strip() for cell in re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", parsed, flags=re.DOTALL)
    }
    for text in fields():
        assert any(cell.startswith(text) for cell in shown), text

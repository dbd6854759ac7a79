"""Writes a report as Markdown with GitHub's tables; everything from a record is escaped."""

from __future__ import annotations

import re
from collections.abc import Iterator

from seqbench.base.printable import printable
from seqbench.report.document import Report, Section
from seqbench.report.tables.table import Entry, Table

_SPECIAL = re.compile(r"([\\`*_{}\[\]|~$#])")
_AT_START = re.compile(r"^([0-9]*)([-+>.)])(?=\s)")


def to_markdown(document: Report) -> str:
    """Return a report as Markdown."""
    lines = [f"# {escaped(document.title)}", ""]
    for section in document.sections:
        lines += _section(section)
    return "\n".join(lines).rstrip("\n") + "\n"


def table_to_markdown(table: Table) -> str:
    """Return one table, without its title and lines."""
    head = [escaped(column) for column in table.columns]
    rule = ["---" if i < table.keys else "--:" for i in range(len(head))]
    rows = [head, rule, *([_entry(entry) for entry in row] for row in table.rows)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def escaped(text: str) -> str:
    """Return a text escaped for Markdown and HTML.

    >>> print(escaped("a|b <script> *x* & _y_"))
    a\\|b &lt;script> \\*x\\* &amp; \\_y\\_
    """
    text = printable(text).replace("&", "&amp;").replace("<", "&lt;")
    return _AT_START.sub(r"\1\\\2", _SPECIAL.sub(r"\\\1", text))


def _section(section: Section) -> Iterator[str]:
    yield from (f"## {escaped(section.title)}", "")
    for table in section.tables:
        yield from (f"### {escaped(table.title)}", "")
        if table.notes:
            yield from (" ".join(escaped(line) for line in table.notes), "")
        yield from (table_to_markdown(table), "")
        yield from (f"- {escaped(line)}" for line in table.below)
        if table.below:
            yield ""
    for line in section.lines:
        yield f"- {escaped(line)}"
    if section.lines:
        yield ""
    if section.commands:
        fence = _fence(section)
        yield from (f"{fence}sh", *section.commands, fence, "")


def _entry(entry: Entry) -> str:
    return " ".join(escaped(part) for part in (entry.text, entry.note) if part)


def _fence(section: Section) -> str:
    """Return a fence that is longer than any run of backticks inside."""
    runs = re.findall("`+", "\n".join(section.commands))
    return "`" * max(3, 1 + max(map(len, runs), default=0))

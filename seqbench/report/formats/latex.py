"""Writes a report as a complete LaTeX document, its tables with the rules of booktabs.

A table that is too large for the page is cut into blocks of columns and of rows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from seqbench.base.printable import printable
from seqbench.report.document import Report, Section
from seqbench.report.tables.table import Entry, Table

_PREAMBLE = r"""\documentclass[a4paper,landscape]{article}
\usepackage[utf8]{inputenc}
\usepackage[T1]{fontenc}
\usepackage{textcomp}
\usepackage[margin=15mm]{geometry}
\usepackage{booktabs}
\setlength{\parindent}{0pt}
\begin{document}
\footnotesize
"""

_LINE = 200
"""Characters of a row at \\footnotesize on a landscape page."""

_WORDS = 120
"""Characters of a line of a command, which is set in a wider font."""

_ROWS = 40
"""Rows on a landscape page."""

_COMMANDS = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%", "_": r"\_",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}", '"': r"\textquotedbl{}", "'": r"\textquotesingle{}", "`": r"\textasciigrave{}",
    "-": r"{-}", "±": r"$\pm$", "·": r"$\cdot$", "≈": r"$\approx$",
    "≥": r"$\geq$", "≤": r"$\leq$", "×": r"$\times$",
    "−": "$-$",
    "µ": r"\textmu{}", "[": r"{[}", "]": r"{]}",
}  # fmt: skip
"""Characters with a meaning in LaTeX. A hyphen is put in braces, so that two do not become a dash; a bracket
after the end of a row would be read as its argument."""

_MINUS = re.compile(r"(?<![^\s\[])-(?=[0-9])")
"""A hyphen before a number, at the start of a word."""

_KNOWN_TO_T1 = set("ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÑÒÓÔÕÖØÙÚÛÜÝßàáâãäåæçèéêëìíîïñòóôõöøùúûüýÿ")


def to_latex(document: Report) -> str:
    """Return a report as a LaTeX document."""
    lines = [_PREAMBLE + rf"\section*{{{escaped(document.title)}}}"]
    for section in document.sections:
        lines += _section(section)
    return "\n".join([*lines, r"\end{document}"]) + "\n"


def escaped(text: str) -> str:
    r"""Return a text escaped for LaTeX; a letter that its fonts lack is spelled out.

    >>> print(escaped("50% of a_b & c ± d, 模"))
    50\% of a\_b \& c $\pm$ d, U+6A21
    """
    return "".join(_COMMANDS.get(char) or _plain(char) for char in printable(text))


def table_to_latex(table: Table) -> str:
    """Return one table as one or more tabulars with booktabs' rules, without title and lines."""
    parts = [table.rows[i : i + _ROWS] for i in range(0, len(table.rows), _ROWS)] or [()]
    blocks = [_tabular(table, columns, rows) for columns in _blocks(table) for rows in parts]
    return "\n\n\\medskip\n".join("\n".join(lines) for lines in blocks)


def tables_to_latex(tables: Sequence[Table]) -> str:
    """Return tables for a document that uses booktabs; title and the meaning of bold stand in comments."""
    blocks = []
    for table in tables:
        told = [escaped(table.title), *_standing_note(table)]
        blocks.append("\n".join([*(f"% {line}" for line in told), table_to_latex(table)]))
    return "\n\n".join(blocks) + "\n"


def _section(section: Section) -> Iterator[str]:
    yield rf"\subsection*{{{escaped(section.title)}}}"
    for table in section.tables:
        yield rf"\subsubsection*{{{escaped(table.title)}}}"
        if notes := [*map(escaped, table.notes), *_standing_note(table)]:
            yield rf"{' '.join(notes)}\par\nopagebreak\smallskip"
        yield table_to_latex(table) + "\n"
        yield from _items(table.below)
    yield from _items(section.lines)
    for command in section.commands:
        # Broken between words only; each line but the last ends with a backslash for the shell.
        lines = " \\\n  ".join(_wrapped(command)).split("\n")
        yield rf"{{\ttfamily\raggedright {_NEW_LINE.join(_typed(line) for line in lines)}\par}}\smallskip"


def _standing_note(table: Table) -> list[str]:
    """Return what bold and daggers mean, as far as the table has them."""
    found = {entry.standing for row in table.rows for entry in row}
    return [_NOTES[standing] for standing in _NOTES if standing in found]


def _items(lines: Sequence[str]) -> Iterator[str]:
    if lines:
        items = [rf"\item {{}}{escaped(line)}" for line in lines]
        yield "\n".join([r"\begin{itemize}", *items, r"\end{itemize}"])


_NEW_LINE = "\\newline\n"


def _typed(line: str) -> str:
    body = line.lstrip(" ")
    return r"\mbox{}" + "~" * (len(line) - len(body)) + escaped(body)


def _tabular(table: Table, columns: Sequence[int], rows: Sequence[Sequence[Entry]]) -> Iterator[str]:
    yield rf"\begin{{tabular}}{{{''.join('l' if i < table.keys else 'r' for i in columns)}}}"
    yield r"\toprule"
    yield _row([escaped(table.columns[i]) for i in columns])
    yield r"\midrule"
    for row in rows:
        yield _row([_entry(row[i]) for i in columns])
    yield r"\bottomrule"
    yield r"\end{tabular}"


def _row(fields: Sequence[str]) -> str:
    return rf"{' & '.join(fields)} \\"


def _entry(entry: Entry) -> str:
    text, note = (escaped(_MINUS.sub("−", part).replace(">= ", "≥ ")) for part in (entry.text, entry.note))
    return " ".join(filter(None, (_STANDING[entry.standing].format(text), note)))


_STANDING = {"": "{0}", "best": r"\textbf{{{0}}}", "tied": r"{0}$^{{\dagger}}$"}
_NOTES = {
    "best": "Bold: the best mean of a length among models that have a value with every seed.",
    "tied": r"$^{\dagger}$: tied with it, as it differs by no more than one test example of each seed is worth.",
}


def _blocks(table: Table) -> Iterator[list[int]]:
    """Yield the columns of each block, the names of the rows first; a block has at least one other column."""
    widths = [
        2 + max(len(name), *(len(str(row[i])) for row in table.rows)) if table.rows else len(name)
        for i, name in enumerate(table.columns)
    ]
    names = list(range(table.keys))
    block: list[int] = []
    for column in range(table.keys, len(widths)):
        if block and sum(widths[i] for i in (*names, *block, column)) > _LINE:
            yield [*names, *block]
            block = []
        block.append(column)
    yield [*names, *block]


def _wrapped(command: str) -> list[str]:
    """Break a command before its options, so that lines fit the page if possible."""
    lines = [""]
    for i, part in enumerate(command.split(" --")):
        word = part if i == 0 else f"--{part}"
        if lines[-1] and len(lines[-1]) + len(word) + 1 > _WORDS:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}".strip()
    return lines


def _plain(char: str) -> str:
    return char if char.isascii() or char in _KNOWN_TO_T1 else f"U+{ord(char):04X}"

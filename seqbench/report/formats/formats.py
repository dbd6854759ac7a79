"""Lists the formats of a report: a file ending and a function from records to text for each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from seqbench.records.curves import CurvesOf, curves_of
from seqbench.records.schema import Record
from seqbench.report.tuning import Tried


class Write(Protocol):
    """Turns records into the whole text of a report."""

    def __call__(
        self, records: Sequence[Record], curves: CurvesOf = curves_of, tried: Sequence[Tried] = ()
    ) -> str:
        """Return the text.

        Args:
            records: the records; they may be without their curves.
            curves: returns the curves of one of them.
            tried: the searches that chose their settings.
        """


@dataclass(frozen=True)
class Format:
    """A way to write a report.

    Attributes:
        ending: the ending of its files.
        write: turns records into the whole text.
    """

    ending: str
    write: Write


def _terminal(records: Sequence[Record], curves: CurvesOf = curves_of, tried: Sequence[Tried] = ()) -> str:
    from seqbench.report.document import whole_report
    from seqbench.report.formats.terminal import to_text

    return to_text(whole_report(records, tried))


def _markdown(records: Sequence[Record], curves: CurvesOf = curves_of, tried: Sequence[Tried] = ()) -> str:
    from seqbench.report.document import whole_report
    from seqbench.report.formats.markdown import to_markdown

    return to_markdown(whole_report(records, tried))


def _latex(records: Sequence[Record], curves: CurvesOf = curves_of, tried: Sequence[Tried] = ()) -> str:
    from seqbench.report.document import whole_report
    from seqbench.report.formats.latex import to_latex

    return to_latex(whole_report(records, tried))


def _csv(records: Sequence[Record], curves: CurvesOf = curves_of, tried: Sequence[Tried] = ()) -> str:
    from seqbench.report.formats.data import to_csv

    return to_csv(records)


def _json(records: Sequence[Record], curves: CurvesOf = curves_of, tried: Sequence[Tried] = ()) -> str:
    from seqbench.report.formats.data import to_json

    return to_json(records, tried)


def _html(records: Sequence[Record], curves: CurvesOf = curves_of, tried: Sequence[Tried] = ()) -> str:
    from seqbench.report.page.page import html_page

    return html_page(records, curves=curves, tried=tried)


FORMATS: Mapping[str, Format] = {
    "terminal": Format(".txt", _terminal),
    "markdown": Format(".md", _markdown),
    "csv": Format(".csv", _csv),
    "latex": Format(".tex", _latex),
    "json": Format(".json", _json),
    "html": Format(".html", _html),
}
"""Name -> format; the command line offers these."""

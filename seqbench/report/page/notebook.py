"""Writes results as a notebook shows them: HTML without scripts, styled by itself, as one output among others."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from seqbench.records.variants import natural
from seqbench.report.charts.canvas import SMALL, Canvas
from seqbench.report.charts.lines import Chart, looks
from seqbench.report.document import Report
from seqbench.report.findings import Findings
from seqbench.report.page.answer import answer
from seqbench.report.page.groups import groups
from seqbench.report.page.overview import overview, summary_line
from seqbench.report.page.page import render

_STYLES = ("notebook.css", "chart.css")


def results_in_notebook(known: Findings) -> str:
    """Return the sentence, the usable lengths, and skill against length in a panel for each task."""
    found = groups(known.records, known.names)
    look_of = looks(sorted(set(known.names.models.values()), key=natural))
    standings = overview(known.seen, look_of)
    told = answer(known.seen, found, look_of, [line.model for line in standings.lines])
    # Two outputs of a notebook are on one page, where an id may stand once.
    own = hashlib.sha256("".join(record.key for record in known.records).encode()).hexdigest()[:8]
    canvas = replace(SMALL, clip=f"seqbench-{own}-plot")
    return render(
        "notebook.html.j2",
        styles=_STYLES,
        scripts=(),
        told=summary_line(known.records, found),
        words=told.words,
        overview=standings,
        small=canvas,
        panels=[_named(panel, own, canvas) for panel in told.panels],
    )


def document_in_notebook(document: Report) -> str:
    """Return the sections of a report, with their tables."""
    return render("notebook_tables.html.j2", styles=_STYLES, scripts=(), document=document)


def _named(panel: Chart, own: str, canvas: Canvas) -> Chart:
    return replace(panel, name=f"seqbench-{own}-{panel.name}", canvas=canvas)

"""Writes reports: tables, pages and files. Reads records only; imports no torch and no plugin."""

from __future__ import annotations

from seqbench.records.merge import read_light, read_records
from seqbench.report.document import Report, Section, whole_report
from seqbench.report.formats.formats import FORMATS
from seqbench.report.formats.terminal import print_report, print_table, render
from seqbench.report.tables.scores import result_tables
from seqbench.report.tables.table import Table

__all__ = [
    "FORMATS",
    "Report",
    "Section",
    "Table",
    "charts",
    "commands",
    "compare",
    "formats",
    "numbers",
    "observations",
    "page",
    "plots",
    "print_report",
    "print_table",
    "read_light",
    "read_records",
    "reading",
    "render",
    "result_tables",
    "results",
    "tables",
    "tuning",
    "units",
    "whole_report",
    "write",
]

"""Writes reports: tables, pages and files. Reads records only; imports no torch and no plugin."""

from __future__ import annotations

from seqbench.records.merge import read_records
from seqbench.report.document import Document, Section, document
from seqbench.report.formats.formats import FORMATS
from seqbench.report.formats.terminal import print_document, print_table, render
from seqbench.report.tables.entries import Table
from seqbench.report.tables.scores import tables

__all__ = [
    "FORMATS",
    "Document",
    "Section",
    "Table",
    "charts",
    "commands",
    "document",
    "formats",
    "numbers",
    "observations",
    "page",
    "plots",
    "print_document",
    "print_table",
    "read_records",
    "render",
    "tables",
]

"""Reports: tables, pages and files, made from records only; imports no torch and no plugin."""

from __future__ import annotations

from seqbench.report.document import Document, Section, document
from seqbench.report.entries import Table
from seqbench.report.formats import FORMATS
from seqbench.report.merge import read_records
from seqbench.report.tables import tables
from seqbench.report.terminal import print_document, print_table, render

__all__ = [
    "FORMATS",
    "Document",
    "Section",
    "Table",
    "document",
    "print_document",
    "print_table",
    "read_records",
    "render",
    "tables",
]

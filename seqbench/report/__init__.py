"""What do the records say? Tables, made from records only; imports no torch and no plugin."""

from __future__ import annotations

from seqbench.report.entries import Table
from seqbench.report.merge import read_records
from seqbench.report.tables import tables
from seqbench.report.terminal import print_table, render

__all__ = ["Table", "print_table", "read_records", "render", "tables"]

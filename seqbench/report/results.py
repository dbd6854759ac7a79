"""Opens folders of results for a person: as tables, in a sentence, and as a notebook or a terminal shows them."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from seqbench.base.collector import collector_paused
from seqbench.base.printable import printable
from seqbench.records.load import frame, gradient_frame
from seqbench.records.merge import read_light, read_records
from seqbench.records.row_order import in_order
from seqbench.report.findings import findings
from seqbench.report.page.groups import groups
from seqbench.report.page.notebook import results_in_notebook
from seqbench.report.page.overview import summary_line
from seqbench.report.reading import Folders, several
from seqbench.report.tables.words import in_words

if TYPE_CHECKING:
    import pandas as pd


class Results:
    """The results in one folder or several, which are merged.

    A notebook shows the sentence, usable lengths, and skill against length; a terminal shows the sentence. The
    folders are read when it is made: cells that end later are in a new one.

    Args:
        folders: folders that `seqbench.run`, or the command of that name, wrote to; a list of them counts as each.

    Raises:
        StoreError: a folder is missing or empty, or folders contradict each other.
    """

    def __init__(self, *folders: Folders) -> None:
        self._folders = tuple(several([path for each in folders for path in several(each)]))
        with collector_paused():
            records, _ = read_light(self._folders)
            self._found = findings(sorted(records, key=lambda record: record.key))

    @property
    def folders(self) -> tuple[Path, ...]:
        """The folders, as they were given."""
        return self._folders

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row for each cell, as of `seqbench.load_results`, in the order of tables; no cell is in it twice."""
        return in_order(frame(self._found.records))

    @cached_property
    def gradients(self) -> pd.DataFrame:
        """One row for each lag of a curve of gradient norms, as of `seqbench.load_gradients`, in the same order.

        Raises:
            StoreError: a folder was removed, or contradicts another, since this was made.
        """
        with collector_paused():
            return in_order(gradient_frame(read_records(self._folders)))

    @cached_property
    def sentence(self) -> str:
        """How far each model is usable, in words; lengths are steps. Empty as long as nothing is known."""
        return in_words(self._found.seen)

    def __repr__(self) -> str:
        told = summary_line(self._found.records, groups(self._found.records, self._found.names))
        lines = (told, self.sentence, "(.table and .gradients are DataFrames)")
        return "\n".join(printable(line) for line in lines if line)

    def _repr_html_(self) -> str:
        return results_in_notebook(self._found)

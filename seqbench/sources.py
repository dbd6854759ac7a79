"""What does the name of a data set stand for, and what are its rows?

A file, a folder of train/validation/test files or a Hugging Face data set. Stands on errors only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


def fingerprint(data: str) -> str:
    """Return what a data source's content is known by: a hash of the file's bytes, never of its path.

    Raises:
        DataError: there is no such file, folder or data set.
    """
    raise NotImplementedError


def read_tables(data: str) -> dict[str, pd.DataFrame]:
    """Return the rows of a data source by split.

    One file gives ``{"all": rows}``; a folder with ``train.*``, ``valid.*`` (or ``validation.*``, ``dev.*``)
    and ``test.*`` gives ``train``, ``validation`` and ``test``, as far as they are there; so does a Hugging
    Face data set. A ``.txt`` file has one column, ``text``, a row for each line.

    Raises:
        DataError: missing, empty or unreadable; or a data set that is not cached while the hub is out of reach.
    """
    raise NotImplementedError

"""``seqbench report``: the closing tables again, from records only."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from seqbench.cli.console import print_json, stdout
from seqbench.report import read_records, render

if TYPE_CHECKING:
    from seqbench.records import Record


@click.command()
@click.argument("folders", metavar="DIR...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="JSON on stdout: one row for each cell.")
def command(folders: tuple[Path, ...], as_json: bool) -> None:
    """Print the tables of folders of results again, from their records only.

    Several folders are merged; a cell that two of them tell different things of is an error.
    """
    records = read_records(folders)
    if as_json:
        print_json({"rows": rows(records)})
    else:
        render(records, stdout(), folders)


def rows(records: list[Record]) -> list[dict[str, Any]]:
    """Return the rows of `seqbench.load_results`; what is not known is None."""
    from seqbench.results import frame

    table = frame(records)
    return [
        {str(name): None if value is None or value != value else value for name, value in row.items()}
        for row in table.astype(object).to_dict(orient="records")
    ]

"""Gives commands the options that choose a trained cell of a folder of results, and loads its network."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from seqbench.plugins.catalog import Catalog
from seqbench.records.wanted import Wanted, wanted_cell

if TYPE_CHECKING:
    from seqbench.training.load_network import Trained

Command = TypeVar("Command", bound=Callable[..., Any])

folder_argument = click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
"""The folder of results, of every command that uses a trained cell."""


def cell_options(*seed_names: str) -> Callable[[Command], Command]:
    """Return the options of a command; the seed of the cell has the name ``--cell-seed`` and those given."""
    options = (
        click.option("--task", help="Of the cell: a name or a label."),
        click.option("--model", help="Of the cell: a name or a label."),
        click.option("--length", type=click.IntRange(min=1), help="Of the cell."),
        click.option("cell_seed", "--cell-seed", *seed_names, type=click.IntRange(min=0), help="Of the cell."),
        click.option("--key", help="Of the cell; a beginning that only one has is enough."),
    )

    def added(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return added


def load_cell(folder: Path, wanted: Wanted, catalog: Catalog) -> Trained:
    """Return the trained network of the one cell that is wanted.

    Raises:
        StoreError: there is none, or several, or its network cannot be built again.
    """
    from seqbench.records.store import Store
    from seqbench.training.load_network import load_trained

    return load_trained(folder, wanted_cell(Store(folder), wanted).key, catalog=catalog)

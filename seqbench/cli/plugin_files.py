"""Gives commands the option ``--plugin``, loads plugins, and reports their problems on stderr."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from seqbench.base.printable import one_line
from seqbench.plugins.catalog import Catalog

plugin_files = click.option(
    "--plugin",
    "files",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Load a plugin from a Python file too, with nothing installed; may be repeated.",
)
"""The option of every command that loads plugins."""


def load_plugins(files: Sequence[Path] = ()) -> Catalog:
    """Return the catalog; warn on stderr about each plugin that is broken, is slow, or prints."""
    from seqbench.cli.console import results_apart
    from seqbench.plugins.load import load_catalog

    # Stdout is for results, not for output of plugins and of programs that they start during import.
    with results_apart():
        catalog = load_catalog(files=files)
    for problem in (*catalog.problems, *catalog.remarks):
        click.echo(f"seqbench: warning: {one_line(str(problem), 2000)}", err=True)
    return catalog

"""Creates a new plugin: ``seqbench plugin``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, get_args

import click

from seqbench.cli.plugin_files import load_plugins
from seqbench.scaffold.create import KINDS, Licence, create
from seqbench.scaffold.names import check_name

if TYPE_CHECKING:
    from collections.abc import Sequence


@click.group(name="plugin")
def command() -> None:
    """Start a plugin of your own from a distribution that already works."""


@command.command()
@click.argument("name", metavar="NAME")
@click.option("--model", "kind", flag_value="model", help="A model: it begins as minGRU.")
@click.option("--task", "kind", flag_value="task", help="A task: it begins as the parity of bits.")
@click.option(
    "--licence",
    type=click.Choice(get_args(Licence)),
    default="Apache-2.0",
    show_default=True,
    help="Its text becomes the file LICENSE.",
)
@click.option("--output", type=click.Path(path_type=Path), metavar="DIR", help="Folder to make; NAME by default.")
def new(name: str, kind: str | None, licence: Licence, output: Path | None) -> None:
    """Write a distribution with a working model or task, which you then change into yours.

    NAME is lower-case words joined by '-'. An existing folder is never touched.
    """
    if kind is None:
        raise click.UsageError("say what it is to be: --model or --task")
    check_name(name, load_plugins())
    folder = output or Path(name)
    _tell(name, kind, folder, create(name, KINDS[kind], licence, folder))


def _tell(name: str, kind: str, folder: Path, written: Sequence[Path]) -> None:
    here = folder if folder.is_absolute() else Path(".") / folder
    place = str(here) if here.is_absolute() else f"./{here}"
    click.echo(f"{place}: {', '.join(sorted(str(path.relative_to(folder)) for path in written))}\n")
    click.echo("All of it works as it stands. Change it into yours, with its tests and its README:\n")
    for line in (
        f"pip install -e '{place}[test]'",
        "seqbench list",
        f"seqbench check {name}",
        f"pytest {place}",
        f"seqbench run smoke --{kind}s {name}",
    ):
        click.echo(f"  {line}")

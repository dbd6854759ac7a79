"""Creates a new plugin: ``seqbench plugin``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, get_args

import click

from seqbench.base.nested import nested
from seqbench.base.printable import one_line
from seqbench.cli.plugin_files import load_plugins
from seqbench.errors import PluginError
from seqbench.experiment.overrides import assigned
from seqbench.experiment.schema import merge
from seqbench.scaffold.create import KINDS, Licence, create
from seqbench.scaffold.names import check_name

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any


@click.group(name="plugin")
def command() -> None:
    """Start a plugin of your own from a distribution that already works."""


@command.command()
@click.argument("name", metavar="NAME")
@click.option("--model", "kind", flag_value="model", help="A model: it begins as minGRU.")
@click.option("--task", "kind", flag_value="task", help="A task: it begins as the parity of bits.")
@click.option(
    "--from",
    "path",
    metavar="PATH",
    help="A model that wraps a layer of another package, named as PACKAGE.MODULE:CLASS, such as ncps.torch:CfC.",
)
@click.option(
    "--set", "assignments", multiple=True, metavar="ARGUMENT=VALUE", help="An argument of that class; repeatable."
)
@click.option(
    "--licence",
    type=click.Choice(get_args(Licence)),
    default="Apache-2.0",
    show_default=True,
    help="Its text becomes the file LICENSE.",
)
@click.option("--output", type=click.Path(path_type=Path), metavar="DIR", help="Folder to make; NAME by default.")
def new(
    name: str,
    kind: str | None,
    path: str | None,
    assignments: tuple[str, ...],
    licence: Licence,
    output: Path | None,
) -> None:
    """Write a distribution with a working model or task, which you then change into yours.

    NAME is lower-case words joined by '-'. An existing folder is never touched. With --from, the layer is tried,
    what was found out is told, and the checks of the kit that it fails are written into its test.
    """
    if (kind is None) == (path is None):
        raise click.UsageError("say what it is to be: --model, --task or --from PATH")
    if assignments and path is None:
        raise click.UsageError("--set is for the arguments of a class that --from names")
    check_name(name, load_plugins())
    folder = output or Path(name)
    if path is not None:
        _wrap(name, path, assignments, licence, folder)
    else:
        _tell(name, str(kind), folder, create(name, KINDS[str(kind)], licence, folder))


def _wrap(name: str, path: str, assignments: Sequence[str], licence: Licence, folder: Path) -> None:
    """Write a plugin around a layer of another package, and tell what was found out."""
    from seqbench.scaffold.wrap import wrap

    arguments: dict[str, Any] = {}
    for assignment in assignments:
        target, equals, _ = assignment.partition("=")
        if not equals:
            raise click.UsageError(f"--set {assignment}: write it as ARGUMENT=VALUE, such as units=64")
        arguments = merge(arguments, nested(target.strip().removeprefix("arguments."), assigned(assignment)))
    try:
        made = wrap(name, path, arguments, licence, folder)
    except ValueError as error:
        raise PluginError(f"--from {path}: {error}") from error
    click.echo(f"{path}, {made.source}:")
    for line in made.told:
        click.echo(f"  {one_line(line)}")
    for check, found in made.faults.items():
        click.echo(f"  it fails {check}: {one_line(found)}")
    _tell(name, "model", folder, made.written, is_sound=not made.faults)


def _tell(name: str, kind: str, folder: Path, written: Sequence[Path], *, is_sound: bool = True) -> None:
    here = folder if folder.is_absolute() else Path(".") / folder
    place = str(here) if here.is_absolute() else f"./{here}"
    click.echo(f"{place}: {', '.join(sorted(str(path.relative_to(folder)) for path in written))}\n")
    works = "All of it works as it stands." if is_sound else "Its test leaves out the checks that fail."
    click.echo(f"{works} Change it into yours, with its tests and its README:\n")
    for line in (
        f"pip install -e '{place}[test]'",
        "seqbench list",
        f"seqbench check {name}",
        f"pytest {place}",
        f"seqbench run smoke --{kind}s {name}",
    ):
        click.echo(f"  {line}")

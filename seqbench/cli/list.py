"""Lists what is installed, one line each, with its distribution: ``seqbench list``."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import click

from seqbench.cli.console import print_json, print_rows, say
from seqbench.cli.plugin_files import load_plugins, plugin_files
from seqbench.contracts.task import Task
from seqbench.errors import ExperimentError, SeqbenchError
from seqbench.experiment.schema import load
from seqbench.plugins.catalog import Catalog
from seqbench.plugins.parameters import make

KINDS = ("tasks", "models", "suites")


@dataclass(frozen=True)
class Item:
    """One installed thing.

    Attributes:
        name: its name on the command line.
        description: the first line of its docstring, or the suite's description.
        plugin, distribution, version: its origin.
    """

    name: str
    description: str
    plugin: str
    distribution: str
    version: str


@click.command()
@click.argument("kind", type=click.Choice(KINDS), required=False)
@plugin_files
@click.option("--json", "as_json", is_flag=True, help="JSON on stdout.")
def command(kind: str | None, files: tuple[Path, ...], as_json: bool) -> None:
    """List tasks, models and suites, and the plugins that offer them."""
    catalog = load_plugins(files)
    found = {each: items(catalog, each) for each in KINDS if kind in (None, each)}
    if as_json:
        print_json({each: [asdict(item) for item in some] for each, some in found.items()})
        return
    for each, some in found.items():
        rows = [(item.name, f"{item.distribution} {item.version}", item.description) for item in some]
        print_rows(each, (each.removesuffix("s"), "from", "what it is"), rows)


def items(catalog: Catalog, kind: str) -> list[Item]:
    """Return a catalog's items of one kind, ordered by name."""
    offers: dict[str, Any] = dict(
        {"tasks": catalog.tasks, "models": catalog.models, "suites": catalog.suites}[kind]
    )
    return [_item(catalog, kind.removesuffix("s"), name, offer) for name, offer in sorted(offers.items())]


def first_line(documented: type) -> str:
    """Return the first line of a class's docstring; empty if it has none of its own.

    >>> first_line(Item)
    'One installed thing.'
    """
    text = (documented.__doc__ or "").strip()
    # A dataclass without a docstring gets its signature as one.
    return "" if text.startswith(f"{documented.__name__}(") else text.partition("\n")[0].replace("``", "")


def _item(catalog: Catalog, kind: str, name: str, offer: Any) -> Item:
    origin = catalog.origins[kind, name]
    description = _description(name, offer) if kind == "suite" else first_line(offer) + _manner(offer)
    return Item(name, description, origin.plugin, origin.distribution, origin.version)


def _manner(offer: Any) -> str:
    """Return which property at the defaults limits the pairs of task and model; empty if none does."""
    try:
        made = make(offer, {})
    except SeqbenchError:
        # Faults of its defaults are reported when it is used.
        return ""
    if isinstance(made, Task):
        return " (for models that do not look ahead)" if made.needs_causal else ""
    return "" if made.is_causal else " (looks ahead)"


def _description(name: str, suite: Path) -> str:
    try:
        return load(suite).description
    except ExperimentError as error:
        say(f"warning: the suite {name} cannot be read: {error}")
        return ""

"""Prints BibTeX of the sources of tasks, models and folders of results: ``seqbench cite``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from seqbench import __version__
from seqbench.cli.console import print_json, say
from seqbench.cli.plugin_files import load_plugins, plugin_files
from seqbench.contracts.references import Reference
from seqbench.errors import ExperimentError, StoreError, unknown
from seqbench.plugins.catalog import Catalog
from seqbench.plugins.citations import Cited, cited, distinct
from seqbench.records.layout import no_results
from seqbench.records.schema import Record
from seqbench.records.store import Store


@click.command()
@click.argument("names", metavar="NAME... or DIR...", nargs=-1, required=True)
@plugin_files
@click.option("--json", "as_json", is_flag=True, help="JSON on stdout.")
def command(names: tuple[str, ...], files: tuple[Path, ...], as_json: bool) -> None:
    """Print BibTeX of what tasks, models or folders of results are to cite.

    NAME is a task or a model. DIR is a folder of results: all its tasks and models are cited, and seqbench itself.
    Each entry is printed once. Names without a source, or not installed, are reported on stderr.
    """
    catalog = load_plugins(files)
    found: list[Cited] = []
    for name in names:
        found += _of(name, catalog)
    found = list(dict.fromkeys(found))
    entries, clashes = distinct(found)
    for sentence in [*(each.problem for each in found if each.problem), *clashes]:
        say(sentence)
    if as_json:
        rows = [
            {"kind": each.kind, "name": each.name, "keys": [e.key for e in each.entries], "problem": each.problem}
            for each in found
        ]
        print_json({"cited": rows, "entries": [{"key": e.key, "text": e.text} for e in entries]})
    elif entries:
        click.echo("\n\n".join(entry.text for entry in entries))


def _of(name: str, catalog: Catalog) -> list[Cited]:
    """Return the tasks and models of a name or of a folder.

    Raises:
        ExperimentError: it is neither.
    """
    kinds = [kind for kind, offers in (("task", catalog.tasks), ("model", catalog.models)) if name in offers]
    if kinds:
        return [cited(kind, name, catalog) for kind in kinds]
    if Path(name).is_dir():
        return _of_folder(Path(name), catalog)
    if "/" in name:
        raise StoreError(f"there are no results in {name}: the folder does not exist")
    raise ExperimentError(unknown("task, model or folder", name, [*catalog.tasks, *catalog.models]))


def _of_folder(folder: Path, catalog: Catalog) -> list[Cited]:
    records = list(Store(folder).light())
    if not records:
        raise StoreError(no_results(folder))
    used = [("task", record.cell.task.name) for record in records]
    used += [("model", record.cell.model.name) for record in records]
    return [_ourselves(records), *(cited(kind, name, catalog) for kind, name in sorted(set(used)))]


def _ourselves(records: Sequence[Record]) -> Cited:
    """Return seqbench as a source, in the versions that made these records."""
    packages = [record.environment.get("packages") for record in records]
    told = {str(each["seqbench"]) for each in packages if isinstance(each, dict) and "seqbench" in each}
    versions = ", ".join(sorted(told or {__version__}))
    text = (
        "@software{seqbench,\n"
        "  author = {{The seqbench developers}},\n"
        "  title = {seqbench: a benchmark harness for sequence models},\n"
        f"  version = {{{versions}}}\n"
        "}"
    )
    return Cited("software", "seqbench", (Reference("software", "seqbench", text),))

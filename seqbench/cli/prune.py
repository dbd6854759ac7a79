"""Removes from a folder of results what is not wanted any more: ``seqbench prune``."""

from __future__ import annotations

from pathlib import Path

import click

from seqbench.base.counts import counted
from seqbench.cli.console import print_json, say
from seqbench.cli.plugin_files import load_plugins, plugin_files
from seqbench.errors import ExperimentError
from seqbench.experiment.schema import load
from seqbench.plugins.catalog import Catalog
from seqbench.plugins.grid import expand
from seqbench.report.units import memory
from seqbench.running.prune import Prunable, Stays, prunable, remove
from seqbench.running.run import experiment_file
from seqbench.tuning.kept import keys_kept


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option(
    "--keep",
    "experiments",
    multiple=True,
    metavar="SUITE or FILE.yaml",
    help="Keep the cells of this experiment, and drop all others; repeatable.",
)
@click.option("--weights", is_flag=True, help="Drop the weights of the cells that stay, too.")
@click.option("--logs", is_flag=True, help="Drop the logs of the cells that stay, and the files of loggers, too.")
@plugin_files
@click.option("--yes", is_flag=True, help="Remove the files; without it they are only listed.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
def command(
    folder: Path,
    experiments: tuple[str, ...],
    weights: bool,
    logs: bool,
    files: tuple[Path, ...],
    yes: bool,
    as_json: bool,
) -> None:
    """Remove from a folder of results what is not wanted any more.

    With --keep, the records of all cells that are in none of these experiments, with their weights, logs and
    checkpoints; trials and tuned cells are in the experiment that was tuned. Always what belongs to no record.
    Nothing is removed without --yes.
    """
    keys = keys_of(experiments, load_plugins(files), folder) if experiments else None
    found = prunable(folder, Stays(keys, weights=not weights, logs=not logs))
    if yes:
        remove(found)
    if as_json:
        rows = [{"kind": each.kind, "files": [str(path) for path in each.files]} for each in found]
        print_json({"folder": str(folder), "removed": yes, "found": rows})
        return
    for each in found:
        click.echo(_line(each, is_listed=not yes))
    if not found:
        say(f"{folder} holds nothing else")
    elif not yes:
        say("nothing was removed; --yes removes it")


def _line(found: Prunable, *, is_listed: bool) -> str:
    size = f", {memory(found.bytes)}" if is_listed else ""
    names = "".join(f"\n  {path.name}" for path in found.files) if is_listed and found.kind == "records" else ""
    return f"{found.kind}: {counted(len(found.files), 'file')}{size}{'' if is_listed else ' removed'}{names}"


def keys_of(experiments: tuple[str, ...], catalog: Catalog, folder: Path) -> set[str]:
    """Return the keys of all cells of these experiments, with the trials and tuned cells that are in the folder.

    Raises:
        ExperimentError: one cannot be read, or its cells cannot be made: nothing is dropped by mistake then.
    """
    keys: set[str] = set()
    for name in experiments:
        experiment = load(experiment_file(name, catalog))
        keys |= {cell.key for cell in expand(experiment, catalog)}
        if experiment.tune is not None:
            keys |= keys_kept(experiment, experiment.tune, catalog, folder)
    if not keys:
        raise ExperimentError("--keep names experiments without a cell; nothing would be left")
    return keys

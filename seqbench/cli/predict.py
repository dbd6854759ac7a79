"""Answers new rows with a trained network: ``seqbench predict``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from seqbench.base.counts import counted
from seqbench.cli.cell_options import cell_options, folder_argument, load_cell
from seqbench.cli.console import print_json, results_apart, say, warnings_said
from seqbench.cli.plugin_files import load_plugins, plugin_files
from seqbench.contracts.task import Task
from seqbench.errors import ContractError, DataError, ExperimentError
from seqbench.plugins.catalog import Catalog
from seqbench.plugins.faults import faults_told, owner
from seqbench.records.wanted import Wanted
from seqbench.report.formats.output import check_output, write_whole


def _in_a_file(context: click.Context, option: click.Parameter, source: Path) -> Path:
    """Refuse stdin."""
    if str(source) in ("-", "/dev/stdin"):
        raise click.BadParameter(
            "stdin is not read, as /dev/stdin neither: the ending of a file says how its rows are written. Write"
            " them into a file, such as rows.csv, and name it"
        )
    return source


@click.command()
@folder_argument
@click.option(
    "--input",
    "source",
    required=True,
    type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path),
    callback=_in_a_file,
    help="New rows: csv, tsv, json, jsonl, parquet, or text with a row in each line.",
)
@click.option(
    "--output", type=click.Path(path_type=Path), help="A .csv, .jsonl or .parquet file; default: stdout, csv."
)
@click.option("--force", is_flag=True, help="Replace an existing --output.")
@cell_options("--seed")
@plugin_files
@click.option("--json", "as_json", is_flag=True, help="JSON on stdout, answers as the task gives them.")
def command(
    folder: Path,
    source: Path,
    output: Path | None,
    force: bool,
    task: str | None,
    model: str | None,
    length: int | None,
    cell_seed: int | None,
    key: str | None,
    files: tuple[Path, ...],
    as_json: bool,
) -> None:
    """Answer new rows with a trained network, such as next week's.

    DIR is a folder of results of `seqbench run --keep-weights`. Where several cells have weights, say which one
    with --task, --model, --length, --seed or --key.
    """
    from seqbench.data.row_files import answer_rows, json_answers, lines_told, read_rows, written_rows

    _check(output, is_replaced=force, as_json=as_json)
    catalog = load_plugins(files)
    rows = read_rows(source)
    trained = load_cell(folder, Wanted(task=task, model=model, length=length, seed=cell_seed, key=key), catalog)
    if not trained.task.can_predict:
        raise _cannot(trained.task, catalog)
    # Stdout is for answers, whatever a plugin prints.
    told = f"{owner('task', trained.task.name, catalog.origins)} cannot answer the rows of {source}"
    with results_apart(), faults_told(told), warnings_said():
        try:
            answers: list[Any] = trained.predict(rows)
        except DataError as error:
            raise DataError(f"{error}{lines_told(str(error), source)}") from error
    if as_json:
        print_json({"key": trained.record.key, "cell": trained.record.title, "answers": json_answers(answers)})
    elif output is None:
        sys.stdout.write(written_rows(answer_rows(answers), ".csv").decode())
    else:
        write_whole(output, written_rows(answer_rows(answers), output.suffix.lower()))
    place = f" into {output}" if output else ""
    say(f"{counted(len(answers), 'answer')}{place} by {trained.record.title}, {trained.record.key}")


def _check(output: Path | None, *, is_replaced: bool, as_json: bool) -> None:
    """Check before any work is done that the answers can be written.

    Raises:
        ExperimentError: the file exists, has another ending, or cannot be there.
    """
    from seqbench.data.row_files import WRITTEN

    if output is None:
        return
    if as_json:
        raise click.UsageError("--json writes to stdout; leave it out, or give --output FILE.jsonl alone")
    if output.suffix.lower() not in WRITTEN:
        raise click.UsageError(
            f"--output {output}: its ending names no kind of table; give one of {', '.join(WRITTEN)}"
        )
    check_output(output)
    if output.exists() and not is_replaced:
        raise ExperimentError(f"--output {output} is there already; --force replaces it, or name another file")


def _cannot(task: Task, catalog: Catalog) -> ContractError:
    others = sorted(name for name, each in catalog.tasks.items() if each.predicts())
    try:
        task.encode([], 1, {})
    except ContractError as error:
        return ContractError(f"{error}; tasks that can: {', '.join(others) or 'none of those installed'}")
    return ContractError(f"the task {task.name} cannot predict: it defines Task.encode and no Task.decode")

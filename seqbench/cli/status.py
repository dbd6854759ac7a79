"""Shows the progress of a sweep, from another terminal or another machine: ``seqbench status``."""

from __future__ import annotations

import dataclasses
import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from seqbench.base.counts import counted
from seqbench.base.printable import one_line, printable
from seqbench.cli.console import SCHEMA_VERSION, print_rows
from seqbench.records.schema import STATUSES
from seqbench.running.eta import in_words
from seqbench.running.status import Status, look

if TYPE_CHECKING:
    from seqbench.running.status import Running

_ORDER = (*STATUSES, "broken", "running", "waiting", "missing")


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="One JSON object on a line; with --watch, one each time.")
@click.option("--watch", "seconds", type=click.FloatRange(min=0.1), metavar="SECONDS", help="Again so often.")
def command(folder: Path, as_json: bool, seconds: float | None) -> None:
    """Show the progress of the sweeps into a folder of results, from any terminal.

    Cells of each status, what runs where and since when, the time left, failures and their logs. Only the folder
    is read, so it may be shared with the machine that runs the sweep. With --watch it runs until all sweeps have
    ended.
    """
    while True:
        seen = look(folder)
        if as_json:
            click.echo(json.dumps(_as_json(seen), allow_nan=False))
        else:
            if seconds:
                click.clear()
            _show(folder, seen)
        if seconds is None or not any(sweep.state == "running" for sweep in seen.sweeps):
            return
        time.sleep(seconds)


def _as_json(seen: Status) -> dict[str, Any]:
    content = dataclasses.asdict(seen)
    for each in (*content["running"], *content["failures"]):
        each["log"] = str(each["log"]) if each["log"] else None
    return {"schema_version": SCHEMA_VERSION, **content}


def _show(folder: Path, seen: Status) -> None:
    left = f", about {in_words(seen.seconds_left)} left" if seen.seconds_left is not None else ""
    counts = ", ".join(f"{seen.states[state]} {state}" for state in _ORDER if seen.states.get(state))
    click.echo(f"{printable(str(folder))}: {counted(seen.cells, 'cell')}{': ' if counts else ''}{counts}{left}")
    click.echo()
    for sweep in seen.sweeps:
        where = f"process {sweep.pid} on {sweep.host}, began {sweep.started[:19]} UTC"
        click.echo(f"{one_line(sweep.state)}: {one_line(' '.join(_command(sweep.command)), 10_000)}")
        click.echo(f"  {printable(where)}, {counted(sweep.cells, 'cell')}")
    if seen.sweeps:
        click.echo()
    living = [each for each in seen.running if not each.stale]
    if living:
        print_rows("running", ("cell", "on", "for", "step", "loss", "steps/s", "attempt"), map(_row, living))
    stale = [
        (each.cell, f"{each.host} {each.pid or ''}".strip(), each.stale) for each in seen.running if each.stale
    ]
    if stale:
        print_rows("left behind; the same command takes them over", ("cell", "by", "stale because"), stale)
    for failure in seen.failures:
        click.echo(f"{printable(failure.cell)}: {failure.status}: {one_line(failure.reason)}")
        click.echo(printable(f"  log: {failure.log}") if failure.log else "  no log")


def _command(words: tuple[str, ...]) -> tuple[str, ...]:
    # `python -m seqbench` says "__main__.py".
    return ("seqbench" if Path(words[0]).name == "__main__.py" else Path(words[0]).name, *words[1:])


def _speed(running: Running) -> str:
    if running.step is not None and running.step == running.steps:
        return "being scored"
    return "" if running.steps_per_second is None else f"{running.steps_per_second:.3g}"


def _row(running: Running) -> tuple[str, ...]:
    return (
        running.cell,
        f"{running.host} {running.pid or ''}".strip(),
        "" if running.seconds is None else in_words(running.seconds),
        "loading" if running.step is None else f"{running.step}/{running.steps}",
        "" if running.loss is None else f"{running.loss:.3g}",
        _speed(running),
        str(running.attempt),
    )

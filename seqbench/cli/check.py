"""Checks that tasks and models keep their contract: ``seqbench check``."""

from __future__ import annotations

import textwrap
import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from seqbench.base.nested import nested
from seqbench.base.printable import on_lines
from seqbench.cli.console import print_json
from seqbench.cli.exit_status import CHECK_FAILED
from seqbench.cli.plugin_files import load_plugins, plugin_files
from seqbench.cli.short_forms import in_long_form
from seqbench.errors import ExperimentError
from seqbench.experiment.overrides import assigned
from seqbench.experiment.schema import merge
from seqbench.plugins.catalog import Catalog
from seqbench.plugins.parameters import make, meaningless, refuse_meaningless

if TYPE_CHECKING:
    from seqbench.testing import Outcome

TELL_AFTER_SECONDS = 5.0
"""Seconds between messages that a check is still running."""


@click.command()
@click.argument("names", metavar="NAME...", nargs=-1)
@click.option("--all", "is_all", is_flag=True, help="Every task and model that is installed.")
@click.option(
    "--set", "assignments", multiple=True, metavar="NAME.PARAMETER=VALUE", help="A parameter; may be repeated."
)
@click.option("--skip", "skipped", multiple=True, metavar="CHECK", help="Leave a check out; may be repeated.")
@click.option(
    "--time-limit",
    type=click.FloatRange(min=0, min_open=True),
    default=60.0,
    show_default=True,
    metavar="SECONDS",
    help="A check that takes longer is ended and counts as skipped.",
)
@plugin_files
@click.option("--json", "as_json", is_flag=True, help="JSON on stdout.")
@click.pass_context
def command(
    ctx: click.Context,
    names: tuple[str, ...],
    is_all: bool,
    assignments: tuple[str, ...],
    skipped: tuple[str, ...],
    time_limit: float,
    files: tuple[Path, ...],
    as_json: bool,
) -> None:
    """Check that tasks and models keep their contract, one line for each check.

    All checks are run; the exit status is 4 if any of them fails. A slow check is reported on stderr while it
    runs.
    """
    catalog = load_plugins(files)
    chosen = _everything(catalog) if is_all else list(dict.fromkeys(names))
    if not chosen:
        raise click.UsageError("name the tasks or models to check, or give --all")
    outcomes: list[Outcome] = []
    settings = settings_of(chosen, in_long_form(assignments, catalog, chosen))
    for one in check(catalog, chosen, settings, skipped, time_limit):
        if not as_json:
            click.echo(on_lines(line(one, outcomes)))
        outcomes.append(one)
    counts = Counter(one.status for one in outcomes)
    if as_json:
        print_json({"checks": [asdict(one) for one in outcomes], "failed": counts["failed"]})
    else:
        seconds = sum(one.seconds for one in outcomes)
        told = ", ".join(f"{counts[status]} {status}" for status in ("passed", "failed", "skipped"))
        click.echo(f"\n{told}, in {seconds:.1f} s")
    ctx.exit(CHECK_FAILED if counts["failed"] else 0)


def _everything(catalog: Catalog) -> list[str]:
    claimed = {problem.claimed for problem in catalog.problems if problem.claimed}
    return [*sorted(claimed), *catalog.models, *catalog.tasks]


def check(
    catalog: Catalog,
    names: Sequence[str],
    settings: Mapping[str, dict[str, Any]],
    skipped: Sequence[str],
    time_limit: float | None = None,
) -> Iterator[Outcome]:
    """Yield the outcome of each check of each plugin as soon as it ends.

    Raises:
        ExperimentError: a name, a parameter or a check is unknown; raised before the first check runs.
    """
    for name in names:
        if catalog.clash(name) is None:
            catalog.task_or_model(name)  # an unknown name is reported before torch is imported
    from seqbench.testing import checks
    from seqbench.testing.outcome import outcome

    skip = dict.fromkeys(skipped, "left out with --skip")
    found = [(name, list(checks(_subject(catalog, name, settings), catalog=catalog, skip=skip))) for name in names]
    for name, pairs in found:
        for id, one in pairs:
            with _told_meanwhile(f"{name}: {id}", time_limit):
                made = outcome(name, id, one, time_limit)
            yield made


@contextmanager
def _told_meanwhile(what: str, time_limit: float | None) -> Iterator[None]:
    """Report on stderr every few seconds which check is running."""
    is_over, limit = threading.Event(), "" if time_limit is None else f", of {time_limit:g} at most"

    def tell() -> None:
        seconds = TELL_AFTER_SECONDS
        while not is_over.wait(TELL_AFTER_SECONDS):
            click.echo(f"seqbench: {what} has run for {seconds:.0f} s{limit}", err=True)
            seconds += TELL_AFTER_SECONDS

    teller = threading.Thread(target=tell, daemon=True)
    teller.start()
    try:
        yield
    finally:
        is_over.set()
        teller.join()


def _subject(catalog: Catalog, name: str, settings: Mapping[str, dict[str, Any]]) -> Any:
    if name not in settings:
        return name
    if name in catalog.tasks:
        task = make(catalog.task(name), settings[name])
        refuse_meaningless(task, meaningless(task))
        return task
    return make(catalog.model(name), settings[name])


def settings_of(names: Iterable[str], assignments: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Return ``lstm.layers=2`` as name -> parameter -> value.

    Raises:
        ExperimentError: an assignment has another form, or names something that is not checked.
    """
    known = set(names)
    found: dict[str, dict[str, Any]] = {}
    for assignment in assignments:
        path, equals, _ = assignment.partition("=")
        name, dot, parameter = path.strip().partition(".")
        if not (equals and dot):
            raise ExperimentError(f"--set {assignment}: write it as NAME.PARAMETER=VALUE, such as lstm.layers=2")
        if name not in known:
            raise ExperimentError(f"--set {assignment}: {name!r} is not checked; name it too")
        found[name] = merge(found.get(name, {}), nested(parameter, assigned(assignment)))
    return found


def line(one: Outcome, before: Sequence[Outcome]) -> str:
    """Return the text for one check: a line, followed by a failure's message unless it was shown before."""
    status = one.status.upper() if one.status == "failed" else one.status
    head = f"{status:<8} {one.plugin:<14} {one.id:<32} {one.seconds:6.2f} s".rstrip()
    if one.status != "failed":
        return f"{head}  {one.message}".rstrip()
    told = next((other.id for other in before if one.message and _cause(other) == _cause(one)), None)
    if told is not None:
        return f"{head}  as {told}, above"
    return head + ("\n" + textwrap.indent(one.message, " " * 9) if one.message else "")


def _cause(one: Outcome) -> tuple[str, str]:
    """Return what a failure found and what to change; one fault fails many checks with the same cause."""
    return one.plugin, one.message.partition("\n")[2]

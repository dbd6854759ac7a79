"""Prints the findings of checking a bundle, or of running some of its cells again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from seqbench.base.printable import printable
from seqbench.cli.console import print_json
from seqbench.jobs.events import Event, Finished
from seqbench.running.queue import Waiting

if TYPE_CHECKING:
    from seqbench.board.check.check import Checked
    from seqbench.board.verify.receipt import Receipt


def print_findings(path: Path, checked: Checked) -> None:
    """Print a line for each rule that a bundle was checked by."""
    click.echo(printable(str(path)))
    for each in checked.findings:
        status = each.status.upper() if each.status == "failed" else each.status
        first, *more = each.message.split("\n")
        click.echo(f"  {status:<12} {printable(each.rule)}: {printable(first)}")
        for line in more:
            click.echo(f"{'':15}{printable(line)}")
    refused = f"refused; rules that are broken: {len(checked.reasons)}"
    click.echo("  accepted" if checked.submission else f"  {refused}")


def known_receipt(bundle: Path, submission: str, cells: int) -> Receipt | None:
    """Return the receipt beside a bundle; None if there is none that can be read for exactly this bundle.

    Prints if it confirms more cells than are run again now, since it will be kept then.
    """
    from seqbench.board.verify.receipt import path_beside, read_receipt
    from seqbench.errors import BoardError

    try:
        known = read_receipt(bundle, submission)
    except BoardError as error:
        click.echo(f"an earlier receipt will be replaced: {printable(str(error))}", err=True)
        return None
    if known is not None and len(known.confirmed) > cells:
        there, confirmed = printable(str(path_beside(bundle))), len(known.confirmed)
        click.echo(
            f"{there} confirms {confirmed} cells, {cells} are run now: it is kept, unless one differs",
            err=True,
        )
    return known


def print_receipt(receipt: Receipt, path: Path, seeds: int, *, why_kept: str | None, as_json: bool) -> None:
    """Print the result of each cell that was run again, and whether it was written or an earlier one kept."""
    if why_kept:
        click.echo(
            f"{printable(str(path))} is kept as it was: {why_kept}; to have another written, move it away first,"
            " or run more with --cells",
            err=True,
        )
    if as_json:
        told = {"ok": not receipt.is_contradicted, "is_confirmed": receipt.is_confirmed, "written": not why_kept}
        print_json({**told, "receipt": receipt.model_dump(mode="json")})
        return
    for cell in receipt.cells:
        outcome = cell.outcome.upper() if cell.outcome == "differs" else cell.outcome
        click.echo(f"{outcome:<15} {cell.cell}: {printable(cell.told)}")
    compared = dict.fromkeys(part.what for cell in receipt.cells for part in cell.compared)
    click.echo(f"\ncompared: {', '.join(compared) or 'nothing'}; never times, memory and the machine")
    click.echo(f"{len(receipt.cells)} cells: {receipt.counted()}; {'kept' if why_kept else 'wrote'} {path}")
    if not seeds and any(cell.outcome == "not comparable" for cell in receipt.cells):
        click.echo("--seeds 8 holds scores that cannot be compared here against 8 further seeds of each cell")


def tell(event: Event | Waiting) -> None:
    """Print that a cell has ended."""
    if isinstance(event, Finished):
        click.echo(f"  {event.cell}: {event.record.status}", err=True)
